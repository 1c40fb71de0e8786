import type { Address } from '../../util/address.ts'
import { checksum, neverZero, pseudo } from '../checksum.ts'
import type { Frame } from '../frame.ts'
import { PROTOCOL } from '../numbers.ts'
import { put16, u16 } from './bytes.ts'

export { destinationPort, sourcePort } from './transport.ts'

export const UDP = 8

export const length = (b: Uint8Array, t: number): number => u16(b, t + 4)

/** As `__udp4_lib_rcv` sees it: the length field must hold the header and fit the packet. Null when it does. */
export function fault(b: Uint8Array, t: number, end: number): 'truncated' | null {
  if (end - t < UDP) return 'truncated'
  const claimed = u16(b, t + 4)
  return claimed < UDP || claimed > end - t ? 'truncated' : null
}

/** Pushes a header before what the frame holds, checksum and all. Returns its offset. */
export function writeUdp(frame: Frame, from: Address, to: Address, fromPort: number, toPort: number): number {
  const t = frame.push(UDP)
  const b = frame.bytes
  const size = frame.end - t
  put16(b, t, fromPort)
  put16(b, t + 2, toPort)
  put16(b, t + 4, size)
  put16(b, t + 6, 0)
  put16(b, t + 6, neverZero(checksum(b, t, frame.end, pseudo(from, to, PROTOCOL.udp, size))))
  return t
}
