import { hash } from 'node:crypto'
import { equalBytes, toHex } from '../../util/bytes.ts'
import { readSignatureAlgorithm, type SignatureIdentifier } from '../algorithm.ts'
import { Cache } from '../cache.ts'
import { type Cursor, context, contextOf, type Element, readDer, TAG } from '../der/read.ts'
import { asBitOctets, asCount, asInteger, asTime } from '../der/values.ts'
import { type PublicKey, readPublicKey } from '../public-key.ts'
import { type Decoded, decodeExtension, type Extension, NOTHING_DECODED, readExtensions } from './extensions.ts'
import { type Name, readName } from './name.ts'

/** An X.509 certificate (RFC 5280 4.1). Times are milliseconds since 1970; both ends belong to the validity. */
export interface Certificate extends Readonly<Decoded> {
  readonly der: Uint8Array
  /** What the signature covers. */
  readonly tbs: Uint8Array
  readonly version: 1 | 2 | 3
  readonly serial: bigint
  readonly signature: SignatureIdentifier
  readonly signatureValue: Uint8Array
  readonly issuer: Name
  readonly subject: Name
  readonly notBefore: number
  readonly notAfter: number
  readonly publicKey: PublicKey
  readonly extensions: readonly Extension[]
  /** Critical extensions that are not decoded here (RFC 5280 4.2: refuse). */
  readonly unknownCritical: readonly string[]
  /** SHA-256 over the DER, lower-case hex: also a certificate's identity. */
  readonly fingerprint: string
}

/** Throws `Malformed`: which element, where, expected and got. At most 64 KiB. */
export function parseCertificate(input: Uint8Array): Certificate {
  return PARSED.of(hash('sha256', input, 'hex'), (fingerprint) => readCertificate(input, fingerprint))
}

const PARSED = new Cache<Certificate>(512)

function readCertificate(input: Uint8Array, fingerprint: string): Certificate {
  // A copy: the views in it outlive the caller's buffer.
  const der = Uint8Array.from(input)
  const outer = readDer(der, 'certificate', 'certificate', TAG.sequence).items()
  const tbs = outer.next('tbsCertificate', TAG.sequence)
  const signature = outer.next('signatureAlgorithm', TAG.sequence)
  const value = outer.next('signatureValue', TAG.bitString)
  outer.done()
  const body = readTbs(tbs)
  // RFC 5280 4.1.1.2: the two fields must be the same; only the inner one is signed.
  if (!equalBytes(body.signatureField.bytes, signature.bytes)) {
    signature.fail('the algorithm that tbsCertificate.signature names', 'another')
  }
  return {
    ...body.fields,
    der,
    tbs: tbs.bytes,
    signature: readSignatureAlgorithm(signature),
    signatureValue: asBitOctets(value),
    fingerprint,
  }
}

export const sameCertificate = (a: Certificate, b: Certificate): boolean => a.fingerprint === b.fingerprint

/** Subject and issuer are the same name (RFC 5280 6.1); whether it signed itself is another matter. */
export const isSelfIssued = (c: Certificate): boolean =>
  c.subject.keys.length === c.issuer.keys.length && c.subject.keys.every((key, i) => key === c.issuer.keys[i])

/** `0a:1b:…`, as OpenSSL prints serial numbers. */
export function formatSerial(serial: bigint): string {
  const digits = (serial < 0n ? -serial : serial).toString(16)
  const padded = digits.padStart(digits.length + (digits.length & 1), '0')
  return (serial < 0n ? '-' : '') + (padded.match(/../g) ?? []).join(':')
}

export const keyIdText = (id: Uint8Array): string => toHex(id).replace(/..(?!$)/g, '$&:')

function readTbs(tbs: Element) {
  const items = tbs.items()
  const version = readVersion(items.optional('version', contextOf(0)))
  const serial = asInteger(items.next('serialNumber', TAG.integer), 64)
  const signatureField = items.next('signature', TAG.sequence)
  const issuer = readName(items.next('issuer', TAG.sequence))
  const validity = items.next('validity', TAG.sequence).items()
  const notBefore = asTime(validity.any('notBefore'))
  const notAfter = asTime(validity.any('notAfter'))
  validity.done()
  const subject = readName(items.next('subject', TAG.sequence))
  const publicKey = readPublicKey(items.next('subjectPublicKeyInfo', TAG.sequence))
  items.optional('issuerUniqueID', context(1))
  items.optional('subjectUniqueID', context(2))
  const extended = readTbsExtensions(items, version)
  items.done()
  const fields = { version, serial, issuer, subject, notBefore, notAfter, publicKey, ...extended }
  return { fields, signatureField }
}

function readVersion(e: Element | null): 1 | 2 | 3 {
  if (e === null) return 1
  const version = e.only('version', TAG.integer)
  const value = asCount(version)
  return value === 1 ? 2 : value === 2 ? 3 : version.fail('v2 (1) or v3 (2)', value)
}

function readTbsExtensions(items: Cursor, version: 1 | 2 | 3) {
  const decoded: Decoded = { ...NOTHING_DECODED }
  const known = new Set<string>()
  const wrapper = items.optional('extensions', contextOf(3))
  if (wrapper === null) return { ...decoded, extensions: [], unknownCritical: [] }
  if (version !== 3) wrapper.fail('extensions in version 3 only', `version ${version}`)
  const extensions = readExtensions(wrapper.only('extensions', TAG.sequence), (oid, value) => {
    if (decodeExtension(decoded, oid, value)) known.add(oid)
  })
  const unknownCritical = extensions.filter((x) => x.critical && !known.has(x.oid)).map((x) => x.oid)
  return { ...decoded, extensions, unknownCritical }
}
