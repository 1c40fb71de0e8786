import { createHmac, hash as oneShot } from 'node:crypto'
import type { Hash } from './algorithm.ts'

/** What one compression takes in. */
const BLOCK: Readonly<Record<Hash, number>> = { sha1: 64, sha256: 64, sha384: 128, sha512: 128 }
const ROOM = 1024
/** Where the two inputs of an HMAC are put together; nothing stays in it from one call to the next. */
const scratch = new Uint8Array(ROOM)

/** A hash of bytes that are all there. By way of text, for that needs no native object and no Buffer, which cost more than the hash. */
export const digest = (hash: Hash, data: Uint8Array): Uint8Array => bytesOf(oneShot(hash, data, 'binary'))

/** HMAC (RFC 2104). What is short, as nearly all is, by two hashes. */
export function hmac(hash: Hash, key: Uint8Array, data: Uint8Array): Uint8Array {
  const block = BLOCK[hash]
  if (key.length > block || block + data.length > ROOM) return createHmac(hash, key).update(data).digest()
  pad(key, 0x36, block)
  scratch.set(data, block)
  const inner = oneShot(hash, scratch.subarray(0, block + data.length), 'binary')
  pad(key, 0x5c, block)
  for (let i = 0; i < inner.length; i++) scratch[block + i] = inner.charCodeAt(i)
  return bytesOf(oneShot(hash, scratch.subarray(0, block + inner.length), 'binary'))
}

function pad(key: Uint8Array, mask: number, block: number): void {
  for (let i = 0; i < key.length; i++) scratch[i] = key[i] ^ mask
  scratch.fill(mask, key.length, block)
}

/** One character a byte. */
function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}
