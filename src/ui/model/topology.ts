import type { FrameSummary } from '../../explain/frame-summary.ts'
import type { Hop } from '../../explain/hops.ts'
import { en } from '../../explain/messages/en.ts'
import { packetTitle } from '../../explain/text/trace.ts'
import { width } from '../terminal/cells.ts'
import type { Glyphs } from '../theme/glyphs.ts'
import type { Experience, NodeView, ServiceView } from './experience.ts'
import { type Line, line, type Span, span } from './line.ts'
import { actionMark, kindMark, placeOf, progressMark, progressOf } from './marks.ts'
import { allHops, forwardCount, type State } from './state.ts'

/** The hops on show: the packet's, or its answer's when the cursor is there; `cursor` counts within them. */
export function legOf(state: State): {
  readonly hops: readonly Hop[]
  readonly cursor: number
  readonly reply: boolean
} {
  const split = forwardCount(state.story)
  const reply = state.cursor >= split && split < allHops(state.story).length
  const { trace } = state.story
  return reply
    ? { hops: trace.reply?.hops ?? [], cursor: state.cursor - split, reply }
    : { hops: trace.forward.hops, cursor: state.cursor, reply }
}

/** The rows of a node's box: its pods, its bridge, what it did to the packet, its devices down to the wire. */
export function nodeRows(node: NodeView, state: State, glyphs: Glyphs, podRows: number): Line[] {
  const { hops, cursor } = legOf(state)
  const pods = [...node.pods].sort((a, b) => Number(touches(hops, b)) - Number(touches(hops, a)))
  const shown = pods.slice(0, pods.length > podRows ? podRows - 1 : podRows)
  const rows: Line[] = shown.map((pod) => {
    const at = lastAt(hops, cursor, (hop) => hop.netns === `${pod.namespace}/${pod.name}`)
    const here = at === cursor
    return line(
      here ? span(` ${glyphs.selected} `, 'strong') : '   ',
      mark(at, cursor, glyphs),
      span(` ${pod.name}`, here ? 'strong' : 'plain'),
      span(`  ${pod.address}`, 'dim'),
    )
  })
  if (pods.length > shown.length) rows.push(line(span(`     + ${pods.length - shown.length}`, 'dim')))
  while (rows.length < podRows) rows.push([])
  for (const device of node.devices) rows.push(deviceRow(node, device, hops, cursor, glyphs))
  return rows
}

function deviceRow(
  node: NodeView,
  device: NodeView['devices'][number],
  hops: readonly Hop[],
  cursor: number,
  glyphs: Glyphs,
): Line {
  const mine = (hop: Hop): boolean =>
    hop.netns === 'host' && hop.node === node.name && belongs(hop.device, device.name, node)
  const at = lastAt(hops, cursor, mine)
  const done = hops
    .filter((hop, i) => i <= cursor && mine(hop))
    .map((hop) => actionMark(hop, glyphs))
    .filter(special)
  const here = at === cursor
  return line(
    here ? span(` ${glyphs.selected} `, 'strong') : '   ',
    mark(at, cursor, glyphs),
    span(` ${device.name}`, here ? 'strong' : 'plain'),
    ...done.slice(-1).flatMap((m) => [span(' '), m]),
    span(` ${device.address}`, 'dim'),
  )
}

/** Veth ports and hops without a device are drawn with the bridge: a box has no room for each veth. */
function belongs(device: string, name: string, node: NodeView): boolean {
  if (device === name) return true
  const drawn = node.devices.some((d) => d.name === device)
  return !drawn && name === node.devices[0]?.name
}

const special = (mark: Span): boolean => mark.tone === 'nat' || mark.tone === 'tunnel' || mark.tone === 'bad'
const touches = (hops: readonly Hop[], pod: { namespace: string; name: string }): boolean =>
  hops.some((hop) => hop.netns === `${pod.namespace}/${pod.name}`)

/** The hop at the cursor if it matches, else the last one done, else the first to come; null when none matches. */
function lastAt(hops: readonly Hop[], cursor: number, matches: (hop: Hop) => boolean): number | null {
  for (let i = Math.min(cursor, hops.length - 1); i >= 0; i--) if (matches(hops[i])) return i
  const next = hops.findIndex((hop, i) => i > cursor && matches(hop))
  return next < 0 ? null : next
}

const mark = (at: number | null, cursor: number, glyphs: Glyphs): Span =>
  at === null ? span(' ') : progressMark(progressOf(at, cursor), glyphs)

export function serviceRow(services: readonly ServiceView[], glyphs: Glyphs): Line {
  const shown = services
    .slice(0, 2)
    .flatMap(({ name, address, endpoints }, i) => [
      span(i === 0 ? ' ' : '   '),
      span(`svc/${name.replace(/^default\//, '')}`, 'strong'),
      span(` ${address} ${glyphs.right} ${endpoints.slice(0, 3).join('  ')}  (${en.ui.services} ${endpoints.length})`),
    ])
  return line(...shown)
}

/** The LAN under the nodes, with the way of the packet drawn on it once it crosses. */
export function underlayRow(experience: Experience, state: State, glyphs: Glyphs): Line {
  const { hops, cursor } = legOf(state)
  const nodes = new Set(state.cluster.nodes.map((node) => node.name))
  const outs = hops.findIndex(
    (hop, i) =>
      hop.action === 'transmit' && hop.netns === 'host' && hops[i + 1] !== undefined && hops[i + 1].node !== hop.node,
  )
  const label = span(` ${en.ui.underlay} ${experience.underlay} `, 'dim')
  if (outs < 0) return line(label)
  const crossed = outs <= cursor
  const from = hops[outs].node
  const to = hops[outs + 1].node
  const tunnel = hops[outs].frame?.outer !== undefined
  const arrow = `${glyphs.bar.repeat(3)}${tunnel ? glyphs.encap : ''}${glyphs.bar.repeat(3)}${glyphs.right}`
  const name = (n: string): string => (nodes.has(n) ? n : n || '?')
  return line(
    label,
    span(`  ${name(from)} `),
    span(arrow, crossed ? (tunnel ? 'tunnel' : 'strong') : 'dim'),
    span(` ${name(to)}`),
  )
}

/** The whole way as a chain of signs and devices, broken into rows of `cells`. */
export function pathRows(state: State, glyphs: Glyphs, cells: number): Line[] {
  const { hops, cursor } = legOf(state)
  const rows: Span[][] = [[span(' ')]]
  let used = 1
  let last = ''
  hops.forEach((hop, i) => {
    const place = placeOf(hop)
    const name = `${place === last ? '' : `${place} `}${hop.device || hop.action}`
    last = place
    const progress = progressOf(i, cursor)
    const piece = [
      kindMark(hop, progress, glyphs),
      span(` ${name}`, progress === 'now' ? 'strong' : progress === 'next' ? 'dim' : 'plain'),
    ]
    const joint = i === 0 ? '' : ` ${glyphs.line.horizontal} `
    const size = width(joint) + piece.reduce((sum, part) => sum + width(part.text), 0)
    if (used + size > cells) {
      rows.push([span(' ')])
      used = 1
    }
    rows[rows.length - 1].push(span(joint, 'dim'), ...piece)
    used += size
  })
  return rows
}

/** What the packet is right now, in a line. */
export function packetRow(state: State): Line {
  const { hops, cursor } = legOf(state)
  const frame = frameNear(hops, cursor)
  if (!frame) return line(span(` ${en.ui.noHops}`, 'bad'))
  const ip = frame.ip === undefined ? '' : `  ttl ${frame.ip.ttl}  len ${frame.ip.length}`
  const outer =
    frame.outer === undefined
      ? ''
      : `  in ${frame.outer.ip.source} > ${frame.outer.ip.destination} VNI ${frame.outer.vni}`
  return line(span(` #${hops[0].packet} `, 'strong'), `${packetTitle(frame)}${ip}${outer}`)
}

/** The packet's headers at the cursor, or where they were last seen, or (waiting for ARP before it ever left) will be. */
export function frameNear(hops: readonly Hop[], cursor: number): FrameSummary | null {
  const seen = hops.slice(0, cursor + 1).findLast((hop) => hop.frame !== null)
  return (seen ?? hops.find((hop) => hop.frame !== null))?.frame ?? null
}
