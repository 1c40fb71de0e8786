import type { Mac } from '../../util/address.ts'
import type { Frame } from '../frame.ts'
import { i32, put16, put32, u16 } from './bytes.ts'

export const ETHERNET = 14

export const destination = (b: Uint8Array, o: number): Mac => macAt(b, o)
export const source = (b: Uint8Array, o: number): Mac => macAt(b, o + 6)
export const etherType = (b: Uint8Array, o: number): number => u16(b, o + 12)

/** A MAC address in two halves, which stay integers: the upper 16 bits, and the lower 32 signed. */
export const destinationHigh = (b: Uint8Array, o: number): number => u16(b, o)
export const destinationLow = (b: Uint8Array, o: number): number => i32(b, o + 2)
export const sourceHigh = (b: Uint8Array, o: number): number => u16(b, o + 6)
export const sourceLow = (b: Uint8Array, o: number): number => i32(b, o + 8)
export const highOf = (mac: Mac): number => (mac / 0x100000000) | 0
export const lowOf = (mac: Mac): number => (mac % 0x100000000) | 0
export const fromHalves = (high: number, low: number): Mac => (high * 0x100000000 + (low >>> 0)) as Mac

/** Multicast and broadcast: the lowest bit of the first byte (IEEE 802). */
export const isGroup = (b: Uint8Array, o: number): boolean => (b[o] & 1) === 1
export const isBroadcast = (b: Uint8Array, o: number): boolean => u16(b, o) === 0xffff && i32(b, o + 2) === -1

/** Whether the frame is addressed to the device that has `mac`, given as its halves. */
export const isFor = (b: Uint8Array, o: number, high: number, low: number): boolean =>
  u16(b, o) === high && i32(b, o + 2) === low

export function setDestination(frame: Frame, o: number, to: Mac): void {
  frame.version++
  putMac(frame.bytes, o, to)
}

export function setSource(frame: Frame, o: number, to: Mac): void {
  frame.version++
  putMac(frame.bytes, o + 6, to)
}

/** Pushes a header before what the frame holds. Returns its offset. */
export function writeEthernet(frame: Frame, to: Mac, from: Mac, type: number): number {
  const o = frame.push(ETHERNET)
  putMac(frame.bytes, o, to)
  putMac(frame.bytes, o + 6, from)
  put16(frame.bytes, o + 12, type)
  return o
}

export function macAt(b: Uint8Array, o: number): Mac {
  return fromHalves(u16(b, o), i32(b, o + 2))
}

function putMac(b: Uint8Array, o: number, mac: Mac): void {
  put16(b, o, highOf(mac))
  put32(b, o + 2, lowOf(mac))
}
