import { parseAllDocuments } from 'yaml'
import { loadCertificates } from '../pki/load/load.ts'
import { isPem } from '../pki/load/pem.ts'
import { loadPkcs12 } from '../pki/load/pkcs12.ts'
import type { Certificate } from '../pki/x509/certificate.ts'
import { text } from '../util/bytes.ts'
import { Malformed } from '../util/malformed.ts'

/** A chain, the leaf first: PEM, a certificate in DER, PKCS#12, or a Secret `kubernetes.io/tls` in YAML or JSON. Throws `Malformed`. */
export function loadChain(bytes: Uint8Array, password = ''): readonly Certificate[] {
  if (isPkcs12(bytes)) return loadPkcs12(bytes, password).certificates
  const secret = bytes[0] === 0x30 ? null : secretIn(bytes)
  if (secret !== null) return loadCertificates(secret)
  return loadCertificates(bytes)
}

/** PFX begins with version 3, a certificate with another SEQUENCE. */
export function isPkcs12(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x30 || bytes.length < 2) return false
  const at = bytes[1] > 0x80 ? 2 + (bytes[1] & 0x7f) : 2
  return bytes[at] === 2 && bytes[at + 1] === 1 && bytes[at + 2] === 3
}

/** The `tls.crt` of the first Secret of type `kubernetes.io/tls`, null when there is none. */
export function secretIn(bytes: Uint8Array): Uint8Array | null {
  const source = text(bytes)
  if (!source.includes('kubernetes.io/tls') || (isPem(bytes) && source.trimStart().startsWith('-----'))) return null
  for (const document of parseAllDocuments(source)) {
    if (!('toJS' in document) || document.errors.length > 0) continue
    const { kind, type, data, stringData } = document.toJS() ?? {}
    if (kind !== 'Secret' || type !== 'kubernetes.io/tls') continue
    const plain: unknown = stringData?.['tls.crt']
    if (typeof plain === 'string') return Buffer.from(plain)
    const coded: unknown = data?.['tls.crt']
    if (typeof coded === 'string') return Buffer.from(coded, 'base64')
    throw new Malformed('secret', 'data', 'a key tls.crt', Object.keys(data ?? {}).join(', ') || 'none', 0)
  }
  return null
}
