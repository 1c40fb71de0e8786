import { constants, createPublicKey, type KeyObject, verify as nodeVerify } from 'node:crypto'
import type { SignatureAlgorithm } from './algorithm.ts'
import { Cache, keyOfBytes } from './cache.ts'
import type { PublicKey } from './public-key.ts'
import { SCHEMES, type SignatureScheme, schemeFits } from './scheme.ts'

/** Does `signature` by `scheme` over `data` check out? A scheme that the key cannot be used with is false too. */
export function verify(
  scheme: SignatureScheme,
  key: PublicKey,
  data: Uint8Array,
  signature: Uint8Array,
  { curveBound = true }: { readonly curveBound?: boolean } = {},
): boolean {
  return schemeFits(scheme, key, curveBound) && verifyWith(SCHEMES[scheme].algorithm, key, data, signature)
}

/** As certificates, CRLs and OCSP responses name it: curve and hash are independent there. */
export function verifyWith(
  algorithm: SignatureAlgorithm,
  publicKey: PublicKey,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!usable(algorithm, publicKey)) return false
  const key = keyObject(publicKey)
  if (key === null) return false
  try {
    switch (algorithm.kind) {
      case 'ed25519':
        return nodeVerify(null, data, key, signature)
      case 'ecdsa':
        return nodeVerify(algorithm.hash, data, { key, dsaEncoding: 'der' }, signature)
      case 'rsa-pkcs1':
        return nodeVerify(algorithm.hash, data, { key, padding: constants.RSA_PKCS1_PADDING }, signature)
      case 'rsa-pss': {
        const padding = constants.RSA_PKCS1_PSS_PADDING
        return nodeVerify(algorithm.hash, data, { key, padding, saltLength: algorithm.saltLength }, signature)
      }
    }
  } catch {
    // OpenSSL raises for parameters that an RSASSA-PSS key forbids and for moduli it will not use: no valid signature.
    return false
  }
}

function usable(algorithm: SignatureAlgorithm, key: PublicKey): boolean {
  switch (algorithm.kind) {
    case 'rsa-pkcs1':
      return key.kind === 'rsa'
    case 'rsa-pss':
      return key.kind === 'rsa' || key.kind === 'rsa-pss'
    case 'ecdsa':
      return key.kind === 'ec'
    case 'ed25519':
      return key.kind === 'ed25519'
  }
}

/** Importing an SPKI costs 40 to 80 microseconds, more than many a verification. */
const IMPORTED = new Cache<KeyObject | null>(1024)

/** node:crypto's form of a key; null when OpenSSL refuses it (a point off the curve). */
export function keyObject({ spki }: PublicKey): KeyObject | null {
  return IMPORTED.of(keyOfBytes(spki), () => {
    try {
      return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    } catch {
      return null
    }
  })
}
