import { createHash } from 'node:crypto'
import { type PublicKey, subjectPublicKeyBits } from './public-key.ts'

/** SHA-1 of the key's bits: RFC 5280 4.2.1.2 method 1, and RFC 6960's KeyHash. */
export const keyIdOf = (key: PublicKey): Uint8Array =>
  new Uint8Array(createHash('sha1').update(subjectPublicKeyBits(key)).digest())
