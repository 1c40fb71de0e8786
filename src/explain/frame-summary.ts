import { formatAddress, formatMac, formatV4, type V4 } from '../util/address.ts'
import * as ethernet from '../wire/fast/ethernet.ts'
import * as icmp from '../wire/fast/icmp.ts'
import { destination, hasTransport, hops, isFragment, Layout, locate, source } from '../wire/fast/layout.ts'
import * as tcp from '../wire/fast/tcp.ts'
import { ETHERTYPE, PORT, PROTOCOL } from '../wire/numbers.ts'
import { flagNames } from '../wire/tcp.ts'

/** A frame in short, as hop lists show it. Under an overlay the layers are the inner packet's, and `outer` has the carrier's. */
export interface FrameSummary {
  /** Bytes on the wire, Ethernet header included. */
  readonly length: number
  readonly eth: { readonly source: string; readonly destination: string; readonly type: number }
  readonly ip?: IpSummary
  readonly tcp?: {
    readonly sourcePort: number
    readonly destinationPort: number
    readonly flags: string
    readonly sequence: number
    readonly acknowledgment: number
  }
  readonly udp?: { readonly sourcePort: number; readonly destinationPort: number; readonly length: number }
  readonly icmp?: {
    readonly type: number
    readonly code: number
    readonly id?: number
    readonly sequence?: number
    readonly mtu?: number
    readonly quoted?: QuotedSummary
  }
  readonly arp?: {
    readonly operation: 'request' | 'reply'
    readonly senderMac: string
    readonly senderIp: string
    readonly targetMac: string
    readonly targetIp: string
  }
  readonly outer?: {
    readonly length: number
    readonly eth: FrameSummary['eth']
    readonly ip: IpSummary
    readonly udp: { readonly sourcePort: number; readonly destinationPort: number }
    readonly vni: number
  }
}

export interface IpSummary {
  readonly version: 4 | 6
  readonly source: string
  readonly destination: string
  readonly protocol: number
  readonly ttl: number
  readonly tos: number
  /** The packet's own length, IP header included. */
  readonly length: number
  readonly id?: number
  readonly dontFragment?: boolean
  readonly fragment?: { readonly offset: number; readonly more: boolean }
}

/** What an ICMP error says of the packet it is about. */
export interface QuotedSummary {
  readonly source: string
  readonly destination: string
  readonly protocol: number
  readonly ttl: number
  readonly length: number
}

const { ETHERNET } = ethernet

export function summarise(frame: Uint8Array): FrameSummary {
  const eth = {
    source: formatMac(ethernet.source(frame, 0)),
    destination: formatMac(ethernet.destination(frame, 0)),
    type: ethernet.etherType(frame, 0),
  }
  const base = { length: frame.length, eth }
  if (eth.type === ETHERTYPE.arp && frame.length >= ETHERNET + 28) return { ...base, arp: arpSummary(frame) }
  const l = new Layout()
  if (!locate(frame, ETHERNET, frame.length, l)) return base
  const inner = tunnelled(frame, l)
  if (inner === null) return { ...base, ip: ipSummary(frame, l), ...transportSummary(frame, l) }
  const outer = { ...base, ip: ipSummary(frame, l), udp: ports(frame, l), vni: vni(frame, l) }
  return { ...summarise(inner), outer }
}

function transportSummary(b: Uint8Array, l: Layout): Partial<FrameSummary> {
  const t = l.transport
  if (!hasTransport(l) || t + 8 > l.end) return {}
  switch (l.protocol) {
    case PROTOCOL.tcp:
      if (t + 20 > l.end) return {}
      return {
        tcp: {
          ...ports(b, l),
          flags: flagNames(tcp.flags(b, t)),
          sequence: tcp.sequence(b, t) >>> 0,
          acknowledgment: tcp.acknowledgment(b, t) >>> 0,
        },
      }
    case PROTOCOL.udp:
      return { udp: { ...ports(b, l), length: (b[t + 4] << 8) | b[t + 5] } }
    case PROTOCOL.icmp:
    case PROTOCOL.icmpv6:
      return { icmp: icmpSummary(b, l) }
    default:
      return {}
  }
}

function icmpSummary(b: Uint8Array, l: Layout): NonNullable<FrameSummary['icmp']> {
  const t = l.transport
  const four = l.protocol === PROTOCOL.icmp
  const head = { type: icmp.type(b, t), code: icmp.code(b, t) }
  if (four ? icmp.isQueryV4(head.type) : icmp.isQueryV6(head.type)) {
    return { ...head, id: icmp.id(b, t), sequence: icmp.sequence(b, t) }
  }
  if (!(four ? icmp.isErrorV4(head.type) : icmp.isErrorV6(head.type))) return head
  const quoted = quotedSummary(b, t + icmp.ICMP, l.end)
  if (four && head.type === 3 && head.code === 4) return { ...head, mtu: icmp.mtuV4(b, t), quoted }
  if (!four && head.type === 2) return { ...head, mtu: icmp.word(b, t) >>> 0, quoted }
  return { ...head, quoted }
}

function quotedSummary(b: Uint8Array, at: number, end: number): QuotedSummary | undefined {
  const l = new Layout()
  if (!locate(b, at, end, l)) return undefined
  const { source, destination, protocol, ttl, length } = ipSummary(b, l)
  return { source, destination, protocol, ttl, length }
}

function ipSummary(b: Uint8Array, l: Layout): IpSummary {
  const o = l.network
  const both = {
    source: formatAddress(source(b, l)),
    destination: formatAddress(destination(b, l)),
    protocol: l.protocol,
    ttl: hops(b, l),
  }
  const fragment = isFragment(l) ? { fragment: { offset: l.fragmentOffset, more: l.moreFragments } } : {}
  if (l.family === 6) {
    const tos = ((b[o] & 15) << 4) | (b[o + 1] >> 4)
    return { version: 6, ...both, tos, length: 40 + ((b[o + 4] << 8) | b[o + 5]), ...fragment }
  }
  const length = (b[o + 2] << 8) | b[o + 3]
  const id = (b[o + 4] << 8) | b[o + 5]
  return { version: 4, ...both, tos: b[o + 1], length, id, dontFragment: (b[o + 6] & 0x40) !== 0, ...fragment }
}

/** RFC 826, for Ethernet and IPv4. */
function arpSummary(b: Uint8Array): NonNullable<FrameSummary['arp']> {
  const o = ETHERNET
  const address = (at: number): string =>
    formatV4(((b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]) as V4)
  return {
    operation: b[o + 7] === 1 ? 'request' : 'reply',
    senderMac: formatMac(ethernet.destination(b, o + 8)),
    senderIp: address(o + 14),
    targetMac: formatMac(ethernet.destination(b, o + 18)),
    targetIp: address(o + 24),
  }
}

function ports(b: Uint8Array, l: Layout): { sourcePort: number; destinationPort: number } {
  return { sourcePort: tcp.sourcePort(b, l.transport), destinationPort: tcp.destinationPort(b, l.transport) }
}

/** The frame inside VXLAN, or null. */
export function tunnelled(b: Uint8Array, l: Layout): Uint8Array | null {
  if (l.protocol !== PROTOCOL.udp || !hasTransport(l) || isFragment(l) || l.end < l.transport + 16 + ETHERNET)
    return null
  const { destinationPort } = ports(b, l)
  if (destinationPort !== PORT.vxlanLinux && destinationPort !== PORT.vxlan) return null
  return b.subarray(l.transport + 16, l.end)
}

function vni(b: Uint8Array, l: Layout): number {
  const at = l.transport + 12
  return (b[at] << 16) | (b[at + 1] << 8) | b[at + 2]
}
