import { concat } from '../util/bytes.ts'
import { HASH_BYTES, type Hash } from './algorithm.ts'
import { digest } from './digest.ts'

/** EMSA-PSS-ENCODE (RFC 8017 9.1.1) with a salt that is given, for a modulus of `modulusBits`; as long as the modulus. */
export function pssEncode(hash: Hash, message: Uint8Array, salt: Uint8Array, modulusBits: number): Uint8Array {
  const hLen = HASH_BYTES[hash]
  const emBits = modulusBits - 1
  const emLen = Math.ceil(emBits / 8)
  if (emLen < hLen + salt.length + 2) {
    throw new RangeError(`modulusBits: expected at least ${8 * (hLen + salt.length + 2) - 6}, got ${modulusBits}`)
  }
  const h = digest(hash, concat([new Uint8Array(8), digest(hash, message), salt]))
  const db = new Uint8Array(emLen - hLen - 1)
  db[db.length - salt.length - 1] = 0x01
  db.set(salt, db.length - salt.length)
  const mask = mgf1(hash, h, db.length)
  for (let i = 0; i < db.length; i++) db[i] ^= mask[i]
  db[0] &= 0xff >>> (8 * emLen - emBits)
  const leading = new Uint8Array(Math.ceil(modulusBits / 8) - emLen)
  return concat([leading, db, h, Uint8Array.of(0xbc)])
}

/** RFC 8017 B.2.1. */
function mgf1(hash: Hash, seed: Uint8Array, length: number): Uint8Array {
  const blocks: Uint8Array[] = []
  for (let i = 0; i * HASH_BYTES[hash] < length; i++) {
    blocks.push(digest(hash, concat([seed, Uint8Array.of(i >>> 24, i >>> 16, i >>> 8, i)])))
  }
  return concat(blocks).subarray(0, length)
}
