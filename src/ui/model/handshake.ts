import type { Handshake, Rung } from '../../explain/handshakes.ts'
import { carriedRecord, lengthOf, protectionOf, readable } from '../../explain/handshakes.ts'
import { type Hop, hopSentence } from '../../explain/hops.ts'
import { tls } from '../../explain/messages/en-tls.ts'
import { ui } from '../../explain/messages/en-ui.ts'
import type { Opening } from '../../explain/request/opening.ts'
import type { AlertExplained } from '../../explain/text/alert.ts'
import { certificateText } from '../../explain/text/certificate.ts'
import type { TlsEvent, TlsField } from '../../trace/steps/tls.ts'
import type { Glyphs } from '../theme/glyphs.ts'
import type { Tone } from '../theme/theme.ts'
import { type Line, line, type Span, span } from './line.ts'
import { actionMark, placeOf } from './marks.ts'

export const DETAILS = ['record', 'decisions', 'keys', 'certificates', 'packets'] as const
/** What is told of the chosen rung. */
export type Detail = (typeof DETAILS)[number]

/** Cells of a name and its arrow, where there is room and where there is not. */
const SENT = { wide: 27, narrow: 23 } as const

/** The ladder: client on the left, server on the right, and under whose keys each message went; below it what TCP did. */
export function ladderRows(handshake: Handshake, chosen: number, glyphs: Glyphs, room: keyof typeof SENT): Line[] {
  return rowsOf(handshake, chosen, glyphs, room).map(({ row }) => row)
}

/** The row of the ladder that a rung stands in. */
export const rowOfRung = (handshake: Handshake, rung: number, glyphs: Glyphs): number =>
  Math.max(
    0,
    rowsOf(handshake, rung, glyphs, 'narrow').findIndex((one) => one.rung === rung),
  )

interface LadderRow {
  readonly row: Line
  /** Null for a row about the rungs around it. */
  readonly rung: number | null
}

function rowsOf(handshake: Handshake, chosen: number, glyphs: Glyphs, room: keyof typeof SENT): LadderRow[] {
  const { rungs, client, server, pod, ends, carried, roundTrips } = handshake
  const trip = (after: number | 'tcp'): LadderRow[] => {
    const n = roundTrips.findIndex(({ rung }) => rung === after)
    return n < 0 ? [] : [aside(`     ${ui.tls.roundTrip(n + 1, millis(roundTrips[n].took))}`)]
  }
  const aside = (text: string, tone: Tone = 'dim'): LadderRow => ({ row: line(span(text, tone)), rung: null })
  const pair = (left: string, right: string): LadderRow =>
    aside(`     ${left.slice(0, 18).padEnd(20)}${right.slice(0, 20)}`)
  let keys: Tone = 'dim'
  return [
    pair(client, pod || server || ui.tls.server),
    ...(ends === null ? [] : [pair(ends.client, ends.server)]),
    ...carried.opening.flatMap((packet): LadderRow[] => [
      { row: openingRow(packet, carried.opening[0].at, glyphs, SENT[room]), rung: null },
      ...(packet.flags === 'SYN, ACK' ? trip('tcp') : []),
    ]),
    ...rungs.flatMap((rung, i): LadderRow[] => {
      const { text, tone } = keysOf(rung)
      const note = tone === keys ? null : NOTES[tone]
      if (tone !== 'dim') keys = tone
      return [
        ...(note === null || note === undefined ? [] : [aside(`     ${note}`, 'tunnel')]),
        { row: rungRow(rung, i, i === chosen, { text, tone }, glyphs, SENT[room]), rung: i },
        ...helloOf(rung).map((told) => aside(`        ${told}`)),
        ...trip(i),
      ]
    }),
    aside(''),
    ...(roundTrips.length === 0 ? [] : [aside(` ${ui.tls.roundTrips(roundTrips.map(({ took }) => millis(took)))}`)]),
    aside(` ${ui.tls.tcp(carried.packets.sent, carried.packets.again)}`),
    ...(carried.lost === null
      ? []
      : [aside(` ${glyphs.drop} ${ui.tls.lost(carried.lost.record, carried.lost.by)}`, 'bad')]),
  ]
}

/** What begins with keys of a tone. */
const NOTES: Partial<Record<Tone, string>> = { key: ui.tls.sealed, nat: ui.tls.applicationKeys }

/** The name and the protocols in a ClientHello: all that it tells a tap about what is wanted. */
function helloOf({ event }: Rung): string[] {
  if (event.kind !== 'tls-message' || event.message !== 'ClientHello') return []
  const all = (name: string): string[] =>
    event.fields.filter(({ field }) => field === name).map(({ name: told, value }) => told ?? readable(String(value)))
  const parts = [
    ...all('host_name').map((name) => `sni ${name}`),
    ...all('protocol_name').map((name) => `alpn ${name}`),
  ]
  return parts.length === 0 ? [] : [parts.join('  ')]
}

/** A packet of TCP's handshake, and when it was, from the first SYN on. */
function openingRow({ flags, by, at, lost }: Opening, begun: number, glyphs: Glyphs, cells: number): Line {
  const tone = lost === null ? 'dim' : 'bad'
  return line(
    '      ',
    span(wayOf(flags, by === 'client', glyphs, cells), tone),
    span(` ${millis(at - begun).padStart(5)} ms ${lost === null ? ui.tls.tcpKeys : glyphs.drop}`, tone),
  )
}

/** An arrow of that many cells, from the left or the right, with its name at the end that it comes from. */
function wayOf(name: string, fromLeft: boolean, glyphs: Glyphs, cells: number): string {
  const shaft = glyphs.line.horizontal.repeat(Math.max(1, cells - name.length - 3))
  return (fromLeft ? `${name} ${shaft}${glyphs.right}` : `${glyphs.left}${shaft} ${name}`).padEnd(cells)
}

/** In five cells, as long as it is less than 100 s. */
function millis(nanos: number): string {
  const ms = nanos / 1e6
  return ms.toFixed(ms < 10 ? 3 : ms < 100 ? 2 : ms < 1000 ? 1 : 0)
}

function rungRow(
  rung: Rung,
  i: number,
  here: boolean,
  keys: ReturnType<typeof keysOf>,
  glyphs: Glyphs,
  cells: number,
): Line {
  const { event, direction } = rung
  const fatal = event.kind === 'tls-alert' && event.level === 'fatal'
  const told = nameOf(rung)
  const name = event.kind === 'tls-alert' && told.length > cells - 4 ? `ALERT ${event.code}` : told
  const way = wayOf(name, direction === 'sent', glyphs, cells)
  return line(
    span(here ? ` ${glyphs.selected} ` : '   ', 'strong'),
    span(`${String(i + 1).padStart(2)} `, 'dim'),
    span(way, fatal ? 'bad' : here ? 'strong' : 'plain'),
    span(` ${String(lengthOf(rung)).padStart(5)}`, 'dim'),
    span(` ${keys.text}`, keys.tone),
  )
}

export function nameOf({ event }: Rung): string {
  if (event.kind === 'tls-message') return event.message
  if (event.kind === 'tls-alert') return `ALERT ${event.description}`
  return ui.tls.data
}

function keysOf({ event, record }: Rung): { readonly text: string; readonly tone: Tone } {
  const epoch = event.kind === 'tls-alert' ? (record?.epoch ?? 'plaintext') : event.epoch
  if (epoch === 'plaintext') return { text: ui.tls.plain, tone: 'dim' }
  if (epoch === 'handshake') return { text: `{${ui.tls.handshake}}`, tone: 'key' }
  return { text: `[${epoch === 'TLS 1.2' ? epoch : ui.tls.application}]`, tone: 'nat' }
}

export function detailRows(handshake: Handshake, chosen: number, detail: Detail, glyphs: Glyphs): Line[] {
  const rung = handshake.rungs[chosen]
  if (rung === undefined) return []
  switch (detail) {
    case 'record':
      return [...alertRows(rung, handshake.alert), ...recordRows(rung), ...fieldRows(rung)]
    case 'decisions':
      return decisionRows(rung, glyphs)
    case 'keys':
      return keyRows(rung)
    case 'certificates':
      return certificateText(handshake.certificates).map((text) =>
        line(span(` ${text}`, text.includes('FAIL') ? 'bad' : 'plain')),
      )
    case 'packets':
      return packetRows(handshake, chosen, glyphs)
  }
}

/** Which packets carried the record of this message, and what happened to each on its way: of what was sent again, one. */
function packetRows(handshake: Handshake, chosen: number, glyphs: Glyphs): Line[] {
  const record = carriedRecord(handshake, chosen)
  if (record === null) return [line(span(` ${ui.tls.noPackets}`, 'dim'))]
  const head = line(span(` ${ui.tls.stream(record.record, record.by, record.from, record.to)}`, 'strong'))
  return [
    head,
    ...record.segments.map(({ from, to, packets }) => {
      const { packet, length, lost } = packets.find((one) => one.lost === null) ?? packets[0]
      return line(
        span(` #${packet}`.padEnd(6), lost === null ? 'plain' : 'bad'),
        ` ${ui.tls.bytes(from, to)} `,
        span(` len ${length}${ui.tls.times(packets.length)} `, 'dim'),
        ...handshake.way(packet).flatMap((hop) => wayMark(hop, glyphs)),
      )
    }),
  ]
}

/** Only what changed the packet, and its end. */
function wayMark(hop: Hop, glyphs: Glyphs): Span[] {
  const { text, tone } = actionMark(hop, glyphs)
  const ends = hop.action === 'deliver'
  if (!ends && tone !== 'nat' && tone !== 'tunnel' && tone !== 'bad') return []
  const device = hop.device === '' || ends ? '' : ` ${hop.device}`
  const place = `${placeOf(hop)}${device}`
  return [
    span('  '),
    span(ends ? `${glyphs.right} ${place}` : `${text[0]} ${place}`, tone),
    ...(tone === 'bad' ? [span(`: ${hopSentence(hop)}`, tone)] : []),
  ]
}

/** What is worth seeing beside `detail`: what there is of it, the certificates with the message that brought them. */
export function besideOf({ rungs }: Handshake, chosen: number, detail: Detail): Detail {
  const { event, after } = rungs[chosen] ?? { event: null, after: [] }
  const brought = event?.kind === 'tls-message' && event.message === 'Certificate'
  const decided = after.some(({ kind }) => kind === 'tls-negotiation' || kind === 'tls-verification')
  const wanted: Detail[] = [
    ...(brought ? ['certificates' as const] : []),
    ...(decided ? ['decisions' as const] : []),
    'keys',
  ]
  return wanted.find((one) => one !== detail) ?? 'record'
}

/** How the record was sealed, so that each byte on the wire is accounted for. */
function recordRows(rung: Rung): Line[] {
  const protection = protectionOf(rung)
  if (protection === null) return rung.record === null ? [] : [line(span(` ${ui.tls.open(rung.record.length)}`, 'dim'))]
  const { algorithm, sequence, nonce, additionalData, innerType, content, padding, overhead } = protection
  return [
    line(span(` ${ui.tls.sealedBy(algorithm, sequence)}`, 'key')),
    line(`   nonce ${nonce}`),
    line(`   AAD   ${additionalData}`),
    line(`   ${ui.tls.inside(innerType, content, padding, overhead)}`),
  ]
}

function alertRows({ event }: Rung, explained: AlertExplained | null): Line[] {
  if (event.kind !== 'tls-alert') return []
  if (explained !== null && event.level === 'fatal') {
    const { alert, code, rule, rfc, knew, object, fix } = explained
    return [
      line(span(` ${event.level} ${code} ${alert}`, 'bad')),
      line(` ${rule}  ${rfc}`),
      ...knew.map(({ side, fact }) => line(`   ${side}: ${fact}`)),
      ...(object === null ? [] : [line(span(` ${tls.heading.object}  `, 'strong'), object)]),
      ...(fix === null ? [] : [line(span(` ${tls.heading.fix}  `, 'strong'), fix)]),
    ]
  }
  return [
    line(span(` ${event.level} ${event.code} ${event.description}`, event.level === 'fatal' ? 'bad' : 'plain')),
    line(` ${event.rule}  ${event.rfc}`),
    ...event.knew.map(({ side, fact }) => line(`   ${side}: ${fact}`)),
  ]
}

function fieldRows({ event }: Rung): Line[] {
  if (event.kind !== 'tls-message') return []
  let of = ''
  return event.fields.flatMap((field) => {
    const rows = [fieldRow(field)]
    if (field.of === of) return rows
    of = field.of
    return [line(span(` ${of}`, 'strong')), ...rows]
  })
}

function fieldRow({ field, offset, value, name }: TlsField): Line {
  const told = name ?? (typeof value === 'number' ? String(value) : short(readable(value)))
  return line(
    span(`  ${String(offset).padStart(4)} `, 'dim'),
    span(`${field}  `),
    span(told, name === undefined ? 'plain' : 'key'),
  )
}

const short = (hex: string): string => (hex.length > 40 ? `${hex.slice(0, 36)}.. ${hex.length / 2} B` : hex)

function decisionRows({ after }: Rung, glyphs: Glyphs): Line[] {
  const rows = after.flatMap((event) => {
    if (event.kind === 'tls-negotiation')
      return [
        line(
          span(` ${event.subject}: `, 'strong'),
          span(event.chosen ?? ui.tls.none, event.chosen === null ? 'bad' : 'good'),
        ),
        line(`   ${event.why}`),
        ...(event.offered.length === 0 ? [] : [line(span(`   ${ui.tls.offered(event.offered.join(', '))}`, 'dim'))]),
        ...event.rejected.map(({ candidate, reason }) =>
          line(span(`   ${glyphs.drop} ${candidate}: ${reason}`, 'dim')),
        ),
      ]
    if (event.kind === 'tls-verification')
      return [line(span(` ${event.what} ${event.ok ? 'ok' : 'FAIL'}`, event.ok ? 'good' : 'bad'), `  ${event.detail}`)]
    return event.kind === 'tls-note' ? [line(span(` ${event.text}`, 'dim'))] : []
  })
  return rows.length > 0 ? rows : [line(span(` ${ui.tls.noDecision}`, 'dim'))]
}

/** The key schedule that followed this message: inputs, operation, secret. */
function keyRows({ after }: Rung): Line[] {
  const rows = after.flatMap((event) => derivationRows(event))
  return rows.length > 0 ? rows : [line(span(` ${ui.tls.noKeys}`, 'dim'))]
}

function derivationRows(event: TlsEvent): Line[] {
  if (event.kind === 'tls-transcript')
    return [line(span(` ${ui.tls.transcript(event.after)}`, 'strong'), `  ${short(event.hash)}`)]
  if (event.kind !== 'tls-derivation') return []
  const from = event.inputs.map(({ name }) => name).join(', ')
  const label = event.label === '' ? '' : `, "${event.label}"`
  return [
    line(span(` ${event.output}`, 'key'), ` = ${event.operation}(${from}${label})`),
    line(span(`   ${event.value === null ? ui.tls.hidden : short(event.value)}`, 'dim')),
  ]
}

/** What was agreed on, in a line. */
export function agreedLine(
  { rungs, client, server, carried, roundTrips }: Handshake,
  number: number,
  of: number,
): string {
  const latest = new Map<string, string>()
  for (const { after } of rungs)
    for (const event of after)
      if (event.kind === 'tls-negotiation' && event.chosen !== null) latest.set(event.subject, event.chosen)
  const failed = rungs.find(({ event }) => event.kind === 'tls-alert' && event.level === 'fatal')
  const parts = ['version', 'cipher suite', 'group', 'application protocol'].flatMap(
    (subject) => latest.get(subject) ?? [],
  )
  const opened = roundTrips.find(({ rung }) => rung === 'tcp')
  if (opened !== undefined) parts.push(ui.tls.rtt(millis(opened.took)))
  const which = of > 1 ? `${ui.tls.connection(number + 1, of)}  ` : ''
  return `${which}${client} ${server}  ${failed !== undefined ? nameOf(failed) : carried.lost !== null ? ui.tls.lost(carried.lost.record, carried.lost.by) : parts.join(' · ')}`
}
