import type { CertificateError } from '../trace/steps/cert.ts'
import { equalBytes } from '../util/bytes.ts'
import type { PrivateKey } from './private-key.ts'
import { publicKeyName } from './public-key.ts'
import type { Certificate } from './x509/certificate.ts'

/**
 * Null when `key` is the certificate's. Servers check this when they load their files (`tls: private key does not match public
 * key` in Go, `key values mismatch` in OpenSSL); a peer would only see a CertificateVerify that does not verify.
 */
export function keyMismatch(certificate: Certificate, key: PrivateKey): CertificateError | null {
  if (equalBytes(certificate.publicKey.spki, key.public.spki)) return null
  const [theirs, ours] = [publicKeyName(certificate.publicKey), publicKeyName(key.public)]
  const kinds =
    theirs === ours ? `two different keys of ${ours}` : `the certificate has ${theirs}, the private key is ${ours}`
  const detail = `the private key is not that of ${certificate.subject.text}: ${kinds}`
  return { code: 'key-mismatch', depth: 0, rfc: 'RFC 8446 4.4.3', detail }
}
