import { createHash, createHmac } from 'node:crypto'
import { type ECDSA, ecdsa } from '@noble/curves/abstract/weierstrass.js'
import { p256, p384 } from '@noble/curves/nist.js'
import { HASH_BYTES, type Hash } from './algorithm.ts'
import type { Curve } from './public-key.ts'

const made = new Map<string, ECDSA>()

/** Deterministic ECDSA (RFC 6979): the same key and message give the same signature, as ECDSA-Sig-Value DER. */
export function signEcdsa(curve: Curve, hash: Hash, scalar: Uint8Array, message: Uint8Array): Uint8Array {
  const id = `${curve}/${hash}`
  let signer = made.get(id)
  if (signer === undefined) made.set(id, (signer = build(curve, hash)))
  return signer.sign(message, scalar, { format: 'der', lowS: false })
}

/** Noble's curves with OpenSSL's hashes: faster, and SHA-1 is there for the faults that want it. */
function build(curve: Curve, hash: Hash): ECDSA {
  const digest = (message: Uint8Array): Uint8Array => new Uint8Array(createHash(hash).update(message).digest())
  const hmac = (key: Uint8Array, message: Uint8Array): Uint8Array =>
    new Uint8Array(createHmac(hash, key).update(message).digest())
  const outputLen = HASH_BYTES[hash]
  const blockLen = outputLen > 32 ? 128 : 64
  const create = (): never => {
    throw new Error('streaming is not used here')
  }
  const type = Object.assign(digest, { outputLen, blockLen, canXOF: false, create })
  return ecdsa((curve === 'P-256' ? p256 : p384).Point, type, { hmac, lowS: false })
}
