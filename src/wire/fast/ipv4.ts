import type { V4 } from '../../util/address.ts'
import { checksum, sum, update16 } from '../checksum.ts'
import type { Frame } from '../frame.ts'
import { i32, put16, put32, u16 } from './bytes.ts'

/** A header without options. */
export const IPV4 = 20

/** Bits of the word that flags and fragment offset share (RFC 791 3.1). */
export const DF = 0x4000
export const MF = 0x2000
const OFFSET_MASK = 0x1fff

export const headerLength = (b: Uint8Array, o: number): number => (b[o] & 15) << 2
export const tos = (b: Uint8Array, o: number): number => b[o + 1]
export const totalLength = (b: Uint8Array, o: number): number => u16(b, o + 2)
export const id = (b: Uint8Array, o: number): number => u16(b, o + 4)
/** The flags and the offset in units of 8 bytes, as `writeIpv4` takes them. */
export const fragmentWord = (b: Uint8Array, o: number): number => u16(b, o + 6)
export const dontFragment = (b: Uint8Array, o: number): boolean => (b[o + 6] & 0x40) !== 0
export const moreFragments = (b: Uint8Array, o: number): boolean => (b[o + 6] & 0x20) !== 0
/** In bytes. */
export const fragmentOffset = (b: Uint8Array, o: number): number => (u16(b, o + 6) & OFFSET_MASK) << 3
/** `ip_is_fragment`: the first of several counts too. */
export const isFragment = (b: Uint8Array, o: number): boolean => (u16(b, o + 6) & (MF | OFFSET_MASK)) !== 0
export const ttl = (b: Uint8Array, o: number): number => b[o + 8]
export const protocol = (b: Uint8Array, o: number): number => b[o + 9]
export const headerChecksum = (b: Uint8Array, o: number): number => u16(b, o + 10)
export const source = (b: Uint8Array, o: number): V4 => i32(b, o + 12) as V4
export const destination = (b: Uint8Array, o: number): V4 => i32(b, o + 16) as V4
export const transport = (b: Uint8Array, o: number): number => o + ((b[o] & 15) << 2)

/** What `ip_rcv_core` drops a packet for: IP_INHDR, IP_CSUM, PKT_TOO_SMALL. Null when the header is right. */
export type HeaderFault = 'header' | 'checksum' | 'truncated'

export function fault(b: Uint8Array, o: number, end: number): HeaderFault | null {
  if (end - o < IPV4 || b[o] >> 4 !== 4) return 'header'
  const length = headerLength(b, o)
  if (length < IPV4 || end - o < length) return 'header'
  if (sum(b, o, o + length) !== 0xffff) return 'checksum'
  const total = u16(b, o + 2)
  if (total > end - o) return 'truncated'
  return total < length ? 'header' : null
}

/** The caller has seen that the TTL is above 1. */
export function decrementTtl(frame: Frame, o: number): void {
  const b = frame.bytes
  frame.version++
  const before = u16(b, o + 8)
  b[o + 8]--
  put16(b, o + 10, update16(u16(b, o + 10), before, before - 0x100))
}

export function setTos(frame: Frame, o: number, value: number): void {
  const b = frame.bytes
  frame.version++
  const before = u16(b, o)
  b[o + 1] = value
  put16(b, o + 10, update16(u16(b, o + 10), before, u16(b, o)))
}

/**
 * Pushes a header of 20 bytes before what the frame holds. `flags` is DF, MF and the fragment offset in units of 8 bytes.
 * Returns its offset.
 */
export function writeIpv4(
  frame: Frame,
  from: V4,
  to: V4,
  proto: number,
  hops: number,
  service = 0,
  ident = 0,
  flags = 0,
): number {
  const o = frame.push(IPV4)
  const b = frame.bytes
  b[o] = 0x45
  b[o + 1] = service
  put16(b, o + 2, frame.end - o)
  put16(b, o + 4, ident)
  put16(b, o + 6, flags)
  b[o + 8] = hops
  b[o + 9] = proto
  put16(b, o + 10, 0)
  put32(b, o + 12, from)
  put32(b, o + 16, to)
  put16(b, o + 10, checksum(b, o, o + IPV4))
  return o
}

/** Writes the length of the window as the total length, and the checksum anew: after options or a payload changed. */
export function seal(frame: Frame, o: number): void {
  const b = frame.bytes
  frame.version++
  put16(b, o + 2, frame.end - o)
  put16(b, o + 10, 0)
  put16(b, o + 10, checksum(b, o, o + headerLength(b, o)))
}
