import { V6 } from '../../util/address.ts'
import type { Frame } from '../frame.ts'
import { i32, put16, put32, u16 } from './bytes.ts'

export const IPV6 = 40

export const trafficClass = (b: Uint8Array, o: number): number => (u16(b, o) >> 4) & 0xff
export const flowLabel = (b: Uint8Array, o: number): number => i32(b, o) & 0xfffff
export const payloadLength = (b: Uint8Array, o: number): number => u16(b, o + 4)
export const nextHeader = (b: Uint8Array, o: number): number => b[o + 6]
export const hopLimit = (b: Uint8Array, o: number): number => b[o + 7]
/** The value is shared with earlier readers of the same address. */
export const source = (b: Uint8Array, o: number): V6 => v6At(b, o + 8)
export const destination = (b: Uint8Array, o: number): V6 => v6At(b, o + 24)
export const isMulticast = (b: Uint8Array, o: number): boolean => b[o + 24] === 0xff

/** What `ip6_rcv_core` drops a packet for: IP_INHDR, PKT_TOO_SMALL. Null when the header is right. */
export type HeaderFault = 'header' | 'truncated'

export function fault(b: Uint8Array, o: number, end: number): HeaderFault | null {
  if (end - o < IPV6 || b[o] >> 4 !== 6) return 'header'
  return IPV6 + u16(b, o + 4) > end - o ? 'truncated' : null
}

/** The caller has seen that the hop limit is above 1. */
export function decrementHopLimit(frame: Frame, o: number): void {
  frame.version++
  frame.bytes[o + 7]--
}

/** Pushes a header before what the frame holds. Returns its offset. */
export function writeIpv6(frame: Frame, from: V6, to: V6, next: number, hops: number, traffic = 0, flow = 0): number {
  const length = frame.length
  const o = frame.push(IPV6)
  const b = frame.bytes
  put32(b, o, (6 << 28) | (traffic << 20) | flow)
  put16(b, o + 4, length)
  b[o + 6] = next
  b[o + 7] = hops
  putV6(b, o + 8, from)
  putV6(b, o + 24, to)
  return o
}

/** Whether the address at `o` is this one. */
export function isV6(b: Uint8Array, o: number, address: V6): boolean {
  return (
    i32(b, o) === address.a &&
    i32(b, o + 4) === address.b &&
    i32(b, o + 8) === address.c &&
    i32(b, o + 12) === address.d
  )
}

export function putV6(b: Uint8Array, o: number, address: V6): void {
  put32(b, o, address.a)
  put32(b, o + 4, address.b)
  put32(b, o + 8, address.c)
  put32(b, o + 12, address.d)
}

/**
 * Building a V6 makes its key, which costs more than forwarding a packet, so the last ones read are kept in a direct-mapped
 * table. It only saves time: what is returned depends on the bytes alone.
 */
const SLOTS = 4096
const seen: (V6 | undefined)[] = new Array(SLOTS).fill(undefined)

export function v6At(b: Uint8Array, o: number): V6 {
  const p = i32(b, o)
  const q = i32(b, o + 4)
  const r = i32(b, o + 8)
  const s = i32(b, o + 12)
  const hash = Math.imul(p ^ Math.imul(q ^ Math.imul(r ^ Math.imul(s, 0x9e3779b1), 0x85ebca6b), 0xc2b2ae35), 0x27d4eb2f)
  const slot = hash >>> 20
  const known = seen[slot]
  if (known !== undefined && known.a === p && known.b === q && known.c === r && known.d === s) return known
  const made = new V6(p, q, r, s)
  seen[slot] = made
  return made
}
