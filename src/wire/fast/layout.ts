import type { Address } from '../../util/address.ts'
import { PROTOCOL } from '../numbers.ts'
import { u16 } from './bytes.ts'
import * as ipv4 from './ipv4.ts'
import * as ipv6 from './ipv6.ts'

/** Where a packet's headers lie, as sk_buff keeps them. The owner reuses one: `locate` fills it in. */
export class Layout {
  family: 4 | 6 = 4
  /** Offset of the IP header. */
  network = 0
  /** Offset after the IP header, its options and its extension headers. */
  transport = 0
  /** The transport's protocol number. For a later fragment the bytes at `transport` are not its header. */
  protocol = 0
  /** Where the packet ends by its own length field, or the buffer if that is shorter (an ICMP quote). */
  end = 0
  /** In bytes: 0 when whole or first. */
  fragmentOffset = 0
  moreFragments = false
  /** Offset of the IPv6 fragment header, or -1. */
  fragmentHeader = -1
}

export const isFragment = (l: Layout): boolean => l.moreFragments || l.fragmentOffset > 0
/** Whether the transport header's first bytes are in this packet at all. */
export const hasTransport = (l: Layout): boolean => l.fragmentOffset === 0

export const source = (b: Uint8Array, l: Layout): Address =>
  l.family === 4 ? ipv4.source(b, l.network) : ipv6.source(b, l.network)
export const destination = (b: Uint8Array, l: Layout): Address =>
  l.family === 4 ? ipv4.destination(b, l.network) : ipv6.destination(b, l.network)
/** TTL or hop limit. */
export const hops = (b: Uint8Array, l: Layout): number => b[l.network + (l.family === 4 ? 8 : 7)]

/**
 * Finds the headers of the packet at `o` in a buffer that ends at `end`. False when a header does not fit, or the version is
 * neither 4 nor 6. Checksums are not looked at. A packet cut short, as an ICMP error quotes it, is no fault.
 */
export function locate(b: Uint8Array, o: number, end: number, l: Layout): boolean {
  l.network = o
  l.fragmentOffset = 0
  l.moreFragments = false
  l.fragmentHeader = -1
  if (o >= end) return false
  const version = b[o] >> 4
  if (version === 4) return locateV4(b, o, end, l)
  return version === 6 && locateV6(b, o, end, l)
}

function locateV4(b: Uint8Array, o: number, end: number, l: Layout): boolean {
  const length = (b[o] & 15) << 2
  if (length < ipv4.IPV4 || o + length > end) return false
  const total = u16(b, o + 2)
  if (total < length) return false
  l.family = 4
  l.transport = o + length
  l.protocol = b[o + 9]
  l.end = Math.min(end, o + total)
  const word = u16(b, o + 6)
  l.fragmentOffset = (word & 0x1fff) << 3
  l.moreFragments = (word & ipv4.MF) !== 0
  return true
}

/** RFC 8200 4. After a later fragment's header comes only data. */
function locateV6(b: Uint8Array, o: number, end: number, l: Layout): boolean {
  if (o + ipv6.IPV6 > end) return false
  l.family = 6
  l.end = Math.min(end, o + ipv6.IPV6 + u16(b, o + 4))
  let at = o + ipv6.IPV6
  let next = b[o + 6]
  while (l.fragmentOffset === 0 && isExtension(next)) {
    if (at + 8 > l.end) return false
    const length = next === PROTOCOL.fragment ? 8 : (b[at + 1] + 1) << 3
    if (at + length > l.end) return false
    if (next === PROTOCOL.fragment) {
      const word = u16(b, at + 2)
      l.fragmentHeader = at
      l.fragmentOffset = word & 0xfff8
      l.moreFragments = (word & 1) === 1
    }
    next = b[at]
    at += length
  }
  l.transport = at
  l.protocol = next
  return true
}

function isExtension(next: number): boolean {
  return (
    next === PROTOCOL.hopByHop ||
    next === PROTOCOL.routing ||
    next === PROTOCOL.fragment ||
    next === PROTOCOL.destinationOptions
  )
}
