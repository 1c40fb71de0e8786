import { createECDH } from 'node:crypto'
import { p256, p384 } from '@noble/curves/nist.js'
import type { Curve } from './public-key.ts'

/** The integers modulo the order of the curve's base point. */
export const SCALARS = { 'P-256': p256.Point.Fn, 'P-384': p384.Point.Fn } as const

const NODE_NAMES = { 'P-256': 'prime256v1', 'P-384': 'secp384r1' } as const

/** `scalar` times the base point, uncompressed. By OpenSSL: on P-256 forty times faster than in JavaScript. */
export function multiplyBase(curve: Curve, scalar: Uint8Array): Uint8Array {
  const ecdh = createECDH(NODE_NAMES[curve])
  ecdh.setPrivateKey(scalar)
  return new Uint8Array(ecdh.getPublicKey())
}
