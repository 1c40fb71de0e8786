import type { Frame } from '../frame.ts'
import { put32 } from './bytes.ts'

export const VXLAN = 8

/** The I flag: the VNI is valid (RFC 7348 5). */
const VALID = 0x08

export const hasVni = (b: Uint8Array, o: number): boolean => (b[o] & VALID) !== 0
export const vni = (b: Uint8Array, o: number): number => (b[o + 4] << 16) | (b[o + 5] << 8) | b[o + 6]

/** Pushes a header before the inner Ethernet frame. Returns its offset. */
export function writeVxlan(frame: Frame, network: number): number {
  const o = frame.push(VXLAN)
  put32(frame.bytes, o, VALID << 24)
  put32(frame.bytes, o + 4, network << 8)
  return o
}
