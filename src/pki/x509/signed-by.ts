import { Cache, keyOfBytes } from '../cache.ts'
import { verifyWith } from '../verify.ts'
import type { Certificate } from './certificate.ts'

const KNOWN = new Cache<boolean>(1024)

/** Does the key of `issuer` verify the signature of `certificate`? Names and rights are other matters. */
export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  const { algorithm } = certificate.signature
  if (algorithm === null) return false
  return KNOWN.of(`${certificate.fingerprint}/${keyOfBytes(issuer.publicKey.spki)}`, () =>
    verifyWith(algorithm, issuer.publicKey, certificate.tbs, certificate.signatureValue),
  )
}
