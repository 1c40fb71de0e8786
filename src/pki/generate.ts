import { p256, p384 } from '@noble/curves/nist.js'
import type { Rng } from '../util/rng.ts'
import { unsigned } from './der/values.ts'
import { encode, int, seq } from './der/write.ts'
import { ecPrivateKey, ed25519PrivateKey, type PrivateKey, parsePkcs1 } from './private-key.ts'
import { RSA_PRIMES } from './rsa-primes.ts'

export type KeyType = 'rsa-1024' | 'rsa-2048' | 'rsa-3072' | 'p-256' | 'p-384' | 'ed25519'

/**
 * A key from the seed, for emulation. EC: FIPS 186-5 A.2.1 over the generator's bytes. RSA: one of the shipped pool's, so two
 * draws can give the same key; `index` (taken modulo the pool's size) picks one.
 */
export function generateKey(type: KeyType, rng: Rng, index?: number): PrivateKey {
  switch (type) {
    case 'p-256':
      return ecPrivateKey('P-256', p256.utils.randomSecretKey(rng.bytes(48)))
    case 'p-384':
      return ecPrivateKey('P-384', p384.utils.randomSecretKey(rng.bytes(72)))
    case 'ed25519':
      return ed25519PrivateKey(rng.bytes(32))
    case 'rsa-1024':
      return pooled(1024, rng, index)
    case 'rsa-2048':
      return pooled(2048, rng, index)
    case 'rsa-3072':
      return pooled(3072, rng, index)
  }
}

/** How many different keys of a size there are. */
export const rsaPoolSize = (bits: 1024 | 2048 | 3072): number => RSA_PRIMES[bits].length

function pooled(bits: 1024 | 2048 | 3072, rng: Rng, index?: number): PrivateKey {
  const keys = RSA_PRIMES[bits]
  const [p, q] = keys[(index ?? rng.below(keys.length)) % keys.length].map((text) =>
    unsigned(Buffer.from(text, 'base64url')),
  )
  const e = 65537n
  const d = inverse(e, (p - 1n) * (q - 1n))
  return parsePkcs1(encode(seq(int(0), ...[p * q, e, d, p, q, d % (p - 1n), d % (q - 1n), inverse(q, p)].map(int))))
}

/** Extended Euclid. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n]
  while (a > 1n) [a, b, x, y] = [b % a, a, y - (b / a) * x, x]
  return ((x % modulus) + modulus) % modulus
}
