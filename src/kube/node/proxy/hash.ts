import { createHash } from 'node:crypto'

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** portProtoHash: the first `length` characters of base32(sha256(text)) (RFC 4648 6). */
export function shortHash(text: string, length: number): string {
  const digest = createHash('sha256').update(text).digest()
  let out = ''
  let bits = 0
  let held = 0
  for (const byte of digest) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) out += BASE32[(held >>> (bits - 5)) & 31]
    held &= 0xff
    if (out.length >= length) break
  }
  return out.slice(0, length)
}
