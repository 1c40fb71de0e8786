import { type Codec, decode, Writer } from '../../util/bytes.ts'
import { HANDSHAKE, type HandshakeName } from '../numbers.ts'

/** A whole handshake message: its type, its body, and both with the header as they go into the transcript. */
export interface Handshake {
  readonly type: number
  readonly body: Uint8Array
  readonly bytes: Uint8Array
}

/** msg_type, 24-bit length, body (RFC 8446 4). */
export function handshake<T>(name: HandshakeName, codec: Codec<T>, value: T): Handshake {
  const type = HANDSHAKE[name]
  const w = new Writer(512)
  w.u8(type).u24(0)
  codec.write(w, value)
  w.patch24(1, w.length - 4)
  return handshakeOf(w.finish())
}

export const handshakeOf = (bytes: Uint8Array): Handshake => ({ type: bytes[0], body: bytes.subarray(4), bytes })

/** Throws `Malformed`: bytes left over are an error too. */
export const open = <T>(codec: Codec<T>, message: Handshake): T => decode(codec, message.body)
