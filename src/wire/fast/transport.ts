import { checksum, neverZero, pseudoV4, sum } from '../checksum.ts'
import type { Frame } from '../frame.ts'
import { PROTOCOL } from '../numbers.ts'
import { i32, put16, u16 } from './bytes.ts'
import type { Layout } from './layout.ts'

/** TCP and UDP alike. */
export const sourcePort = (b: Uint8Array, t: number): number => u16(b, t)
export const destinationPort = (b: Uint8Array, t: number): number => u16(b, t + 2)

/** Where the checksum lies in a transport header, or -1 for a protocol without one that we know. */
export function checksumOffset(protocol: number): number {
  switch (protocol) {
    case PROTOCOL.tcp:
      return 16
    case PROTOCOL.udp:
      return 6
    case PROTOCOL.icmp:
    case PROTOCOL.icmpv6:
      return 2
    default:
      return -1
  }
}

/**
 * Whether the transport checksum of a whole packet is right. Absent, a zero in UDP, is right over IPv4 only (RFC 8200 8.1).
 */
export function checksumOk(b: Uint8Array, l: Layout): boolean {
  const at = checksumOffset(l.protocol)
  if (at < 0) return true
  if (l.transport + at + 2 > l.end) return false
  if (l.protocol === PROTOCOL.udp && u16(b, l.transport + 6) === 0) return l.family === 4
  const end = covered(b, l)
  return sum(b, l.transport, end, seed(b, l, end)) === 0xffff
}

/** Computes the transport checksum of a whole packet anew. */
export function writeChecksum(frame: Frame, l: Layout): void {
  const b = frame.bytes
  const at = checksumOffset(l.protocol)
  if (at < 0 || l.transport + at + 2 > l.end) return
  frame.version++
  put16(b, l.transport + at, 0)
  const end = covered(b, l)
  const value = checksum(b, l.transport, end, seed(b, l, end))
  put16(b, l.transport + at, l.protocol === PROTOCOL.udp ? neverZero(value) : value)
}

/** UDP counts by its own length field, the others to the end of the packet. */
function covered(b: Uint8Array, l: Layout): number {
  return l.protocol === PROTOCOL.udp ? Math.min(l.end, l.transport + u16(b, l.transport + 4)) : l.end
}

/** The sum of the pseudo-header, read from the packet's own IP header. ICMPv4 alone has none. */
function seed(b: Uint8Array, l: Layout, end: number): number {
  if (l.protocol === PROTOCOL.icmp) return 0
  const length = end - l.transport
  const n = l.network
  if (l.family === 4) return pseudoV4(i32(b, n + 12), i32(b, n + 16), l.protocol, length)
  return sum(b, n + 8, n + 40, l.protocol + length)
}
