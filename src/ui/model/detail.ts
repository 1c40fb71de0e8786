import { hopSentence } from '../../explain/hops.ts'
import { en } from '../../explain/messages/en.ts'
import { cut, width } from '../terminal/cells.ts'
import { type Line, line, span } from './line.ts'
import type { State } from './state.ts'
import { frameNear, legOf } from './topology.ts'

/** The packet's headers at the cursor, a field a row. */
export function packetRows(state: State): Line[] {
  const { hops, cursor } = legOf(state)
  const frame = frameNear(hops, cursor)
  if (frame === null) return []
  const rows: Line[] = []
  const add = (name: string, value: string, layer = ''): void => {
    rows.push(line(span(` ${layer.padEnd(6)}`, layer === 'outer' ? 'tunnel' : 'dim'), `${name.padEnd(5)} ${value}`))
  }
  const { outer, ip, tcp, udp, icmp, arp } = frame
  if (outer !== undefined) {
    add('eth', `${outer.eth.source} >`, 'outer')
    add('', outer.eth.destination, 'outer')
    add('ip', `${outer.ip.source} > ${outer.ip.destination}`, 'outer')
    add('ttl', `${outer.ip.ttl}  len ${outer.ip.length}`, 'outer')
    add('udp', `${outer.udp.sourcePort} > ${outer.udp.destinationPort}`, 'outer')
    add('vxlan', `VNI ${outer.vni}`, 'outer')
  }
  const inner = outer === undefined ? '' : 'inner'
  add('eth', `${frame.eth.source} >`, inner)
  add('', frame.eth.destination, inner)
  if (arp !== undefined)
    add('arp', arp.operation === 'request' ? `who has ${arp.targetIp}?` : `${arp.senderIp} is at ${arp.senderMac}`)
  if (ip !== undefined) {
    add('ip', ip.source, inner)
    add('', `> ${ip.destination}`, inner)
    add('ttl', `${ip.ttl}  len ${ip.length}${ip.dontFragment ? '  DF' : ''}`, inner)
  }
  if (tcp !== undefined) {
    add('tcp', `${tcp.sourcePort} > ${tcp.destinationPort}  ${tcp.flags}`, inner)
    add('seq', String(tcp.sequence), inner)
  }
  if (udp !== undefined) add('udp', `${udp.sourcePort} > ${udp.destinationPort}  len ${udp.length}`, inner)
  if (icmp !== undefined) add('icmp', `type ${icmp.type} code ${icmp.code}`, inner)
  return rows
}

export function conntrackRows(state: State): Line[] {
  return state.story.trace.conntrack.flatMap((entry) => [
    line(span(` ${entry.node} `, 'strong'), entry.state),
    line(`  ${entry.original.source} > ${entry.original.destination}`),
    line(span(`  ${entry.reply.source} > ${entry.reply.destination}`, 'dim')),
  ])
}

/** Why the hop at the cursor happened: its reason, its rule and its context, wrapped. */
export function whyRows(state: State, cells: number): Line[] {
  const { hops, cursor } = legOf(state)
  const hop = hops[cursor]
  if (hop === undefined)
    return state.story.trace.reason === undefined
      ? []
      : wrap(state.story.trace.reason, cells).map((t) => line(span(` ${t}`, 'bad')))
  const rule = hop.rule === null ? [] : wrap(`rule ${hop.rule}`, cells)
  return [
    ...wrap(hopSentence(hop), cells).map((text, i) => line(span(i === 0 ? ` ${en.ui.why}: ` : '      ', 'dim'), text)),
    ...rule.map((text) => line(span(` ${text}`, 'nat'))),
    ...hop.context.flatMap((note) => wrap(note, cells)).map((text) => line(span(` ${text}`, 'dim'))),
  ]
}

/** Breaks at blanks; a word wider than the room is cut. */
export function wrap(text: string, cells: number): string[] {
  const room = Math.max(8, cells - 6)
  const rows: string[] = []
  let row = ''
  for (const word of text.split(' ')) {
    if (row !== '' && width(row) + 1 + width(word) > room) {
      rows.push(row)
      row = ''
    }
    row = row === '' ? cut(word, room) : `${row} ${word}`
  }
  if (row !== '') rows.push(row)
  return rows
}
