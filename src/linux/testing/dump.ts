import type { Recorder } from '../../trace/recorder.ts'
import type { Step } from '../../trace/step.ts'
import { formatAddress, formatMac, type V4 } from '../../util/address.ts'
import { i32, u16 } from '../../wire/fast/bytes.ts'
import * as ethernet from '../../wire/fast/ethernet.ts'
import { destination, hops, Layout, locate, source } from '../../wire/fast/layout.ts'
import { ETHERTYPE, PROTOCOL } from '../../wire/numbers.ts'

/** One line a step, terse: `node-1 flannel.1 transmit 10.244.1.2 > 10.244.2.2 icmp 8/0 ttl 63 len 84`. */
export function dump(recorder: Recorder, steps: readonly Step[] = recorder.steps): string[] {
  return steps.map((step) => {
    const { node, netns, device } = recorder.places[step.place]
    const where = `${netns === 'host' ? node : netns.replace('default/', '')}${device === '' ? '' : ` ${device}`}`
    return `${where} ${describe(recorder, step)}`
  })
}

/** Only what taps see. */
export function taps(recorder: Recorder, steps: readonly Step[] = recorder.steps): string[] {
  return dump(
    recorder,
    steps.filter(({ event }) => event.kind === 'transmit' || event.kind === 'receive'),
  )
}

function describe(recorder: Recorder, { event, frame }: Step): string {
  switch (event.kind) {
    case 'transmit':
    case 'receive':
      return `${event.kind === 'transmit' ? 'out' : 'in'} ${frame === null ? '' : frameText(recorder.frame(frame))}`
    case 'bridge':
      return `bridge ${event.decision} ${event.from} > ${event.to.join(' ')}${event.learned ? ' learned' : ''}`
    case 'route':
      return `route ${event.decision} ${event.ttl === null ? '' : `${event.ttl.before}>${event.ttl.after} `}dev ${event.route.device}`
    case 'neighbour':
      return `neighbour ${event.change} ${formatAddress(event.address)}`
    case 'icmp-error':
      return `icmp-error ${event.type}/${event.code} to ${formatAddress(event.to)}: ${event.why}`
    case 'drop':
      return `drop ${event.reason}${event.detail === undefined ? '' : ` (${event.detail})`}`
    case 'deliver':
      return `deliver ${event.to} ${event.protocol}`
    default:
      return event.kind
  }
}

const layout = new Layout()

/** What tcpdump would say of a frame, less the times. */
export function frameText(b: Uint8Array, o = 0): string {
  switch (ethernet.etherType(b, o)) {
    case ETHERTYPE.arp:
      return arpText(b, o + ethernet.ETHERNET)
    case ETHERTYPE.ipv4:
    case ETHERTYPE.ipv6:
      return packetText(b, o + ethernet.ETHERNET)
    default:
      return `${formatMac(ethernet.source(b, o))} type ${ethernet.etherType(b, o)}`
  }
}

function arpText(b: Uint8Array, o: number): string {
  const from = formatAddress(i32(b, o + 14) as V4)
  const to = formatAddress(i32(b, o + 24) as V4)
  return u16(b, o + 6) === 1 ? `arp who-has ${to} tell ${from}` : `arp ${from} is-at`
}

function packetText(b: Uint8Array, o: number): string {
  if (!locate(b, o, b.length, layout)) return 'malformed'
  const { family, protocol, transport: t, fragmentOffset, moreFragments } = layout
  const ends = `${formatAddress(source(b, layout))} > ${formatAddress(destination(b, layout))}`
  const size = `ttl ${hops(b, layout)} len ${layout.end - o}`
  const whole = family === 4 && (b[o + 6] & 0x40) !== 0 ? ' DF' : ''
  const part = moreFragments || fragmentOffset > 0 ? ` frag ${fragmentOffset}${moreFragments ? '+' : ''}` : ''
  if (fragmentOffset > 0) return `${ends} ${size}${whole}${part}`
  switch (protocol) {
    case PROTOCOL.icmp:
    case PROTOCOL.icmpv6:
      return `${ends} icmp ${b[t]}/${b[t + 1]} ${size}${whole}${part}`
    case PROTOCOL.udp:
      if (u16(b, t + 2) === 8472) return `${ends} vxlan ${size}${whole}${part} { ${frameText(b, t + 16)} }`
      return `${ends} udp ${u16(b, t)} > ${u16(b, t + 2)} ${size}${whole}${part}`
    default:
      return `${ends} proto ${protocol} ${size}${whole}${part}`
  }
}
