import type { Address, V6 } from '../util/address.ts'
import { Reader } from '../util/bytes.ts'
import { neverZero, pseudo, sum } from './checksum.ts'
import { u16 } from './fast/bytes.ts'
import { checksumOffset } from './fast/transport.ts'
import type { Ipv4 } from './ipv4.ts'
import type { Ipv6 } from './ipv6.ts'
import type { Checksum } from './layer.ts'
import { PROTOCOL } from './numbers.ts'

/** What a transport checksum takes from the IP header above it. */
export interface Carrier {
  readonly source: Address
  readonly destination: Address
  /** All of the packet is there: it is no fragment, and nothing was cut off. */
  readonly whole: boolean
}

export function carrierOf(bytes: Uint8Array, window: { start: number; end: number }, ip: Ipv4 | Ipv6): Carrier {
  const { start, end } = window
  const { source } = ip
  if (!('extensions' in ip)) {
    const fragment = ip.moreFragments || ip.fragmentOffset > 0
    return { source, destination: ip.destination, whole: !fragment && start + u16(bytes, start + 2) <= end }
  }
  const fragment = ip.extensions.some((e) => e.kind === 'fragment' && (e.more || e.offset > 0))
  return { source, destination: finalDestination(ip), whole: !fragment && start + 40 + u16(bytes, start + 4) <= end }
}

/** The IPv4 header checksum. */
export function headerVerdict(bytes: Uint8Array, start: number, end: number): Checksum {
  return verdict(bytes, start, start + 10, end, 0)
}

/** Null when the checksum field itself was cut off. */
export function transportVerdict(
  bytes: Uint8Array,
  window: { start: number; end: number },
  protocol: number,
  { source, destination, whole }: Carrier,
): Checksum | null {
  const { start } = window
  const at = start + checksumOffset(protocol)
  if (at + 2 > window.end) return null
  const value = u16(bytes, at)
  const udp = protocol === PROTOCOL.udp
  if (udp && value === 0 && typeof source === 'number') return { verdict: 'absent', value, expected: null }
  if (!whole) return { verdict: 'partial', value, expected: null }
  const end = udp ? Math.min(window.end, start + u16(bytes, start + 4)) : window.end
  const seed = protocol === PROTOCOL.icmp ? 0 : pseudo(source, destination, protocol, end - start)
  const found = verdict(bytes, start, at, end, seed)
  if (!udp) return found
  // RFC 8200 8.1: over IPv6 a UDP checksum is never absent.
  const expected = found.expected === null ? null : neverZero(found.expected)
  return { ...found, verdict: value === 0 ? 'bad' : found.verdict, expected }
}

function verdict(bytes: Uint8Array, start: number, at: number, end: number, seed: number): Checksum {
  const expected = ~sum(bytes, at + 2, end, sum(bytes, start, at, seed)) & 0xffff
  const value = u16(bytes, at)
  return { verdict: sum(bytes, start, end, seed) === 0xffff ? 'good' : 'bad', value, expected }
}

/**
 * RFC 8200 8.1: while a routing header has segments left, the pseudo-header holds the last of its addresses. Segment routing
 * lists them backwards (RFC 8754 2), the others forwards.
 */
function finalDestination({ destination, extensions }: Ipv6): V6 {
  const routing = extensions.find((e) => e.kind === 'routing')
  if (routing === undefined || routing.segmentsLeft === 0) return destination
  const { data, type } = routing
  if (data.length < 20) return destination
  const at = type === 4 ? 4 : data.length - 16
  return new Reader(data, 'ipv6', at).v6('segment')
}
