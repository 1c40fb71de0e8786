import type { V6 } from '../../util/address.ts'
import { checksum, pseudoV6 } from '../checksum.ts'
import type { Frame } from '../frame.ts'
import { PROTOCOL } from '../numbers.ts'
import { i32, put16, put32, u16 } from './bytes.ts'

/** ICMP and ICMPv6 alike; in an error the quoted packet starts here. */
export const ICMP = 8

export const type = (b: Uint8Array, t: number): number => b[t]
export const code = (b: Uint8Array, t: number): number => b[t + 1]
/** Echo and the other queries. */
export const id = (b: Uint8Array, t: number): number => u16(b, t + 4)
export const sequence = (b: Uint8Array, t: number): number => u16(b, t + 6)
/** The second word: mtu, gateway or pointer, by type. Signed. */
export const word = (b: Uint8Array, t: number): number => i32(b, t + 4)
/** ICMPv4 "fragmentation needed" (RFC 1191 4): the lower half of the word. */
export const mtuV4 = (b: Uint8Array, t: number): number => u16(b, t + 6)

/** Unreachable, source quench, redirect, time exceeded, parameter problem: they quote a packet (`icmp_is_err`). */
export const isErrorV4 = (kind: number): boolean => kind === 3 || kind === 4 || kind === 5 || kind === 11 || kind === 12
/** RFC 4443 2.1: the high bit is clear. */
export const isErrorV6 = (kind: number): boolean => kind < 128

/** Queries, whose id NAT may change: echo, timestamp, information, address mask (`icmp_manip_pkt`). */
export const isQueryV4 = (kind: number): boolean => kind === 0 || kind === 8 || (kind >= 13 && kind <= 18)
export const isQueryV6 = (kind: number): boolean => kind === 128 || kind === 129

/** Pushes a header before what the frame holds, checksum and all. `second` is the second word. Returns its offset. */
export function writeIcmp(frame: Frame, kind: number, sub: number, second: number): number {
  const t = header(frame, kind, sub, second)
  put16(frame.bytes, t + 2, checksum(frame.bytes, t, frame.end))
  return t
}

export function writeIcmpv6(frame: Frame, from: V6, to: V6, kind: number, sub: number, second: number): number {
  const t = header(frame, kind, sub, second)
  const seed = pseudoV6(from, to, PROTOCOL.icmpv6, frame.end - t)
  put16(frame.bytes, t + 2, checksum(frame.bytes, t, frame.end, seed))
  return t
}

/** The second word of echo and its reply. */
export const echoWord = (ident: number, seq: number): number => (ident << 16) | seq

function header(frame: Frame, kind: number, sub: number, second: number): number {
  const t = frame.push(ICMP)
  const b = frame.bytes
  b[t] = kind
  b[t + 1] = sub
  put16(b, t + 2, 0)
  put32(b, t + 4, second)
  return t
}
