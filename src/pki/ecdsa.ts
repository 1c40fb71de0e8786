import { concat } from '../util/bytes.ts'
import { HASH_BYTES, type Hash } from './algorithm.ts'
import { multiplyBase, SCALARS } from './curve.ts'
import { bytesOf, unsigned } from './der/values.ts'
import { encode, int, seq } from './der/write.ts'
import { digest, hmac } from './digest.ts'
import type { Curve } from './public-key.ts'

/**
 * Deterministic ECDSA (RFC 6979): the same key and message give the same signature, as ECDSA-Sig-Value DER. Not hardened
 * against a timing attacker: emulated keys follow from a seed that everyone knows.
 */
export function signEcdsa(curve: Curve, hash: Hash, scalar: Uint8Array, message: Uint8Array): Uint8Array {
  const field = SCALARS[curve]
  const [secret, z] = [unsigned(scalar), leftmost(digest(hash, message), field.BITS)]
  for (const k of nonces(hash, scalar, z % field.ORDER, field.ORDER, field.BYTES)) {
    const x = multiplyBase(curve, bytesOf(k, field.BYTES)).subarray(1, 1 + field.BYTES)
    const r = unsigned(x) % field.ORDER
    const s = field.mul(field.inv(k), field.create(z + r * secret))
    if (r !== 0n && s !== 0n) return encode(seq(int(r), int(s)))
  }
  throw new Error('unreachable: nonces never end')
}

/** RFC 6979 3.2, with HMAC of the message's own hash; later values are for the one case in 2^256 that the first is unusable. */
function* nonces(hash: Hash, scalar: Uint8Array, z: bigint, order: bigint, length: number): Generator<bigint> {
  const mac = (key: Uint8Array, ...parts: Uint8Array[]): Uint8Array => hmac(hash, key, concat(parts))
  const seed = concat([scalar, bytesOf(z, length)])
  let v: Uint8Array = new Uint8Array(HASH_BYTES[hash]).fill(0x01)
  let key: Uint8Array = new Uint8Array(HASH_BYTES[hash])
  for (const round of [0x00, 0x01]) {
    key = mac(key, v, Uint8Array.of(round), seed)
    v = mac(key, v)
  }
  for (;;) {
    let t = new Uint8Array(0)
    while (t.length < length) t = concat([t, (v = mac(key, v))]) as Uint8Array<ArrayBuffer>
    const k = leftmost(t, 8 * length)
    if (k > 0n && k < order) yield k
    key = mac(key, v, Uint8Array.of(0x00))
    v = mac(key, v)
  }
}

/** bits2int (RFC 6979 2.3.2); both curves' orders are whole bytes long. */
const leftmost = (bytes: Uint8Array, bits: number): bigint => unsigned(bytes.subarray(0, bits / 8))
