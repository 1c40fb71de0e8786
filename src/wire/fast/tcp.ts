import type { Address } from '../../util/address.ts'
import { checksum, pseudo } from '../checksum.ts'
import type { Frame } from '../frame.ts'
import { PROTOCOL } from '../numbers.ts'
import { i32, put16, put32, u16 } from './bytes.ts'

export { destinationPort, sourcePort } from './transport.ts'

/** A header without options. */
export const TCP = 20

export const FIN = 0x01
export const SYN = 0x02
export const RST = 0x04
export const PSH = 0x08
export const ACK = 0x10
export const URG = 0x20
export const ECE = 0x40
export const CWR = 0x80

/** Signed, as all sequence numbers on the packet path: compare with `(a - b) | 0`, print with `>>> 0`. */
export const sequence = (b: Uint8Array, t: number): number => i32(b, t + 4)
export const acknowledgment = (b: Uint8Array, t: number): number => i32(b, t + 8)
export const headerLength = (b: Uint8Array, t: number): number => (b[t + 12] >> 4) << 2
/** FIN to CWR. */
export const flags = (b: Uint8Array, t: number): number => b[t + 13]
/** Unscaled. */
export const window = (b: Uint8Array, t: number): number => u16(b, t + 14)

/** As `tcp_v4_rcv` sees it: the data offset must hold the header and fit the packet. Null when it does. */
export function fault(b: Uint8Array, t: number, end: number): 'truncated' | 'header' | null {
  if (end - t < TCP) return 'truncated'
  const size = headerLength(b, t)
  return size < TCP ? 'header' : size > end - t ? 'truncated' : null
}

/** Offset of the first option of this kind (of its kind byte, its length checked), or -1. */
export function option(b: Uint8Array, t: number, kind: number): number {
  const end = t + headerLength(b, t)
  let at = t + TCP
  while (at < end) {
    const found = b[at]
    if (found === 0) return -1
    if (found === 1) {
      at++
      continue
    }
    const size = at + 1 < end ? b[at + 1] : 0
    if (size < 2 || at + size > end) return -1
    if (found === kind) return at
    at += size
  }
  return -1
}

/**
 * Pushes a header before what the frame holds, checksum and all. `options` is what the `tcpOptions` codec writes: the first
 * `optionsLength` bytes are used, a multiple of 4. Returns its offset.
 */
export function writeTcp(
  frame: Frame,
  from: Address,
  to: Address,
  fromPort: number,
  toPort: number,
  seq: number,
  ack: number,
  bits: number,
  windowSize: number,
  options: Uint8Array = NO_OPTIONS,
  optionsLength = options.length,
): number {
  const t = frame.push(TCP + optionsLength)
  const b = frame.bytes
  put16(b, t, fromPort)
  put16(b, t + 2, toPort)
  put32(b, t + 4, seq)
  put32(b, t + 8, ack)
  b[t + 12] = ((TCP + optionsLength) >> 2) << 4
  b[t + 13] = bits
  put16(b, t + 14, windowSize)
  put32(b, t + 16, 0)
  for (let i = 0; i < optionsLength; i++) b[t + TCP + i] = options[i]
  put16(b, t + 16, checksum(b, t, frame.end, pseudo(from, to, PROTOCOL.tcp, frame.end - t)))
  return t
}

const NO_OPTIONS = new Uint8Array(0)
