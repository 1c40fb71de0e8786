import type { Handshake, Rung } from '../../explain/handshakes.ts'
import { lengthOf, protectionOf, readable } from '../../explain/handshakes.ts'
import { ui } from '../../explain/messages/en-ui.ts'
import { certificateText } from '../../explain/text/certificate.ts'
import type { TlsEvent, TlsField } from '../../trace/steps/tls.ts'
import type { Glyphs } from '../theme/glyphs.ts'
import type { Tone } from '../theme/theme.ts'
import { type Line, line, span } from './line.ts'

export const DETAILS = ['record', 'decisions', 'keys', 'certificates'] as const
/** What is told of the chosen rung. */
export type Detail = (typeof DETAILS)[number]

/** Cells of a name and its arrow, where there is room and where there is not. */
const SENT = { wide: 27, narrow: 23 } as const

/** The ladder: client on the left, server on the right, and under whose keys each message went. */
export function ladderRows(
  { rungs, client, server }: Handshake,
  chosen: number,
  glyphs: Glyphs,
  room: keyof typeof SENT,
): Line[] {
  const head = line(span(`     ${client.slice(0, 18).padEnd(20)}${(server || ui.tls.server).slice(0, 18)}`, 'dim'))
  let sealed = false
  return [
    head,
    ...rungs.flatMap((rung, i) => {
      const keys = keysOf(rung)
      const rows = [rungRow(rung, i, i === chosen, keys, glyphs, SENT[room])]
      if (sealed || keys.tone === 'dim') return rows
      sealed = true
      return [line(span(`     ${ui.tls.sealed}`, 'tunnel')), ...rows]
    }),
  ]
}

/** The row of the ladder that a rung stands in, its heading and the note about sealing counted. */
export function rowOfRung({ rungs }: Handshake, rung: number): number {
  const sealed = rungs.findIndex((one) => keysOf(one).tone !== 'dim')
  return 1 + rung + (sealed >= 0 && rung >= sealed ? 1 : 0)
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
  const name = nameOf(rung)
  const dash = glyphs.line.horizontal
  const rest = Math.max(1, cells - name.length - 3)
  const way =
    direction === 'sent' ? `${name} ${dash.repeat(rest)}${glyphs.right}` : `${glyphs.left}${dash.repeat(rest)} ${name}`
  return line(
    span(here ? ` ${glyphs.selected} ` : '   ', 'strong'),
    span(`${String(i + 1).padStart(2)} `, 'dim'),
    span(way.padEnd(cells), fatal ? 'bad' : here ? 'strong' : 'plain'),
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
      return [...alertRows(rung), ...recordRows(rung), ...fieldRows(rung)]
    case 'decisions':
      return decisionRows(rung, glyphs)
    case 'keys':
      return keyRows(rung)
    case 'certificates':
      return certificateText(handshake.certificates).map((text) =>
        line(span(` ${text}`, text.includes('FAIL') ? 'bad' : 'plain')),
      )
  }
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

function alertRows({ event }: Rung): Line[] {
  if (event.kind !== 'tls-alert') return []
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
export function agreedLine({ rungs, client, server }: Handshake, number: number, of: number): string {
  const latest = new Map<string, string>()
  for (const { after } of rungs)
    for (const event of after)
      if (event.kind === 'tls-negotiation' && event.chosen !== null) latest.set(event.subject, event.chosen)
  const failed = rungs.find(({ event }) => event.kind === 'tls-alert' && event.level === 'fatal')
  const parts = ['version', 'cipher suite', 'group', 'application protocol'].flatMap(
    (subject) => latest.get(subject) ?? [],
  )
  const which = of > 1 ? `${ui.tls.connection(number + 1, of)}  ` : ''
  return `${which}${client} ${server}  ${failed === undefined ? parts.join(' · ') : nameOf(failed)}`
}
