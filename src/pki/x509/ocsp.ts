import { createHash } from 'node:crypto'
import { equalBytes } from '../../util/bytes.ts'
import { type Hash, readHashAlgorithm, readSignatureAlgorithm, type SignatureIdentifier } from '../algorithm.ts'
import { context, contextOf, type Element, readDer, TAG } from '../der/read.ts'
import { asBitOctets, asInteger, asOid, asTime } from '../der/values.ts'
import { OID } from '../oid.ts'
import { subjectPublicKeyBits } from '../public-key.ts'
import { type Certificate, parseCertificate } from './certificate.ts'
import { type RevocationReason, reasonOf } from './crl.ts'
import { readExtensions } from './extensions.ts'
import { type Name, readName } from './name.ts'

/** Which certificate an OCSP answer is about (RFC 6960 4.1.1). `hash` is null when it is not one of ours. */
export interface CertId {
  readonly hash: Hash | null
  readonly issuerNameHash: Uint8Array
  readonly issuerKeyHash: Uint8Array
  readonly serial: bigint
}

export type CertStatus =
  | { readonly kind: 'good' }
  | { readonly kind: 'revoked'; readonly at: number; readonly reason: RevocationReason | null }
  | { readonly kind: 'unknown' }

export interface SingleResponse {
  readonly id: CertId
  readonly status: CertStatus
  readonly thisUpdate: number
  readonly nextUpdate: number | null
}

/** A successful OCSPResponse that carries a BasicOCSPResponse (RFC 6960 4.2.1). */
export interface OcspResponse {
  readonly der: Uint8Array
  readonly tbs: Uint8Array
  readonly responder:
    | { readonly kind: 'name'; readonly name: Name }
    | { readonly kind: 'key'; readonly hash: Uint8Array }
  readonly producedAt: number
  readonly responses: readonly SingleResponse[]
  readonly signature: SignatureIdentifier
  readonly signatureValue: Uint8Array
  readonly certificates: readonly Certificate[]
  readonly unknownCritical: readonly string[]
}

const STATUS = ['successful', 'malformedRequest', 'internalError', 'tryLater', '', 'sigRequired', 'unauthorized']

/** Throws `Malformed`, also for a response that is an error (`tryLater`…) or of another type than basic. At most 64 KiB. */
export function parseOcspResponse(input: Uint8Array): OcspResponse {
  const der = Uint8Array.from(input)
  const outer = readDer(der, 'ocsp', 'ocspResponse', TAG.sequence).items()
  const status = outer.next('responseStatus', TAG.enumerated)
  const code = Number(asInteger(status, 4))
  if (code !== 0) status.fail('successful', STATUS[code] || code)
  const bytes = outer.next('responseBytes', contextOf(0)).only('responseBytes', TAG.sequence).items()
  outer.done()
  const type = bytes.next('responseType', TAG.oid)
  if (asOid(type) !== OID.ocspBasic) type.fail('id-pkix-ocsp-basic', asOid(type))
  const basic = bytes.next('response', TAG.octetString).wrapped('basicOCSPResponse', TAG.sequence).items()
  bytes.done()
  const tbs = basic.next('tbsResponseData', TAG.sequence)
  const signature = readSignatureAlgorithm(basic.next('signatureAlgorithm', TAG.sequence))
  const signatureValue = asBitOctets(basic.next('signature', TAG.bitString))
  const extra = basic.optional('certs', contextOf(0))?.only('certs', TAG.sequence)
  basic.done()
  const certificates = extra?.items().each('cert', TAG.sequence, 16, (e) => parseCertificate(e.bytes)) ?? []
  return { der, tbs: tbs.bytes, ...readResponseData(tbs), signature, signatureValue, certificates }
}

/** Is the answer about `certificate`, issued by `issuer`? */
export function answersFor(id: CertId, certificate: Certificate, issuer: Certificate): boolean {
  const { hash } = id
  if (hash === null || id.serial !== certificate.serial) return false
  const digest = (bytes: Uint8Array): Uint8Array => createHash(hash).update(bytes).digest()
  return (
    equalBytes(id.issuerNameHash, digest(certificate.issuer.der)) &&
    equalBytes(id.issuerKeyHash, digest(subjectPublicKeyBits(issuer.publicKey)))
  )
}

function readResponseData(tbs: Element) {
  const items = tbs.items()
  const version = items.optional('version', contextOf(0))
  if (version !== null && asInteger(version.only('version', TAG.integer)) !== 0n) version.fail('v1 (0)', 'another')
  const byName = items.optional('responderID', contextOf(1))
  const responder =
    byName === null
      ? ({
          kind: 'key',
          hash: items.next('responderID', contextOf(2)).only('keyHash', TAG.octetString).content,
        } as const)
      : ({ kind: 'name', name: readName(byName.only('name', TAG.sequence)) } as const)
  const producedAt = asTime(items.next('producedAt', TAG.generalizedTime))
  const unknownCritical: string[] = []
  const responses = items
    .next('responses', TAG.sequence)
    .items()
    .each('response', TAG.sequence, 1000, (e) => {
      return readSingle(e, unknownCritical)
    })
  noteCritical(items.optional('responseExtensions', contextOf(1)), unknownCritical)
  items.done()
  return { responder, producedAt, responses, unknownCritical }
}

function readSingle(e: Element, unknownCritical: string[]): SingleResponse {
  const items = e.items()
  const fields = items.next('certID', TAG.sequence).items()
  const id = {
    hash: readHashAlgorithm(fields.next('hashAlgorithm', TAG.sequence)),
    issuerNameHash: fields.next('issuerNameHash', TAG.octetString).content,
    issuerKeyHash: fields.next('issuerKeyHash', TAG.octetString).content,
    serial: asInteger(fields.next('serialNumber', TAG.integer), 64),
  }
  fields.done()
  const status = readStatus(items.any('certStatus'))
  const thisUpdate = asTime(items.next('thisUpdate', TAG.generalizedTime))
  const next = items.optional('nextUpdate', contextOf(0))
  noteCritical(items.optional('singleExtensions', contextOf(1)), unknownCritical)
  items.done()
  return { id, status, thisUpdate, nextUpdate: next === null ? null : asTime(next.only('time', TAG.generalizedTime)) }
}

function readStatus(e: Element): CertStatus {
  switch (e.tag) {
    case context(0):
      return { kind: 'good' }
    case context(2):
      return { kind: 'unknown' }
    case contextOf(1): {
      const items = e.items()
      const at = asTime(items.next('revocationTime', TAG.generalizedTime))
      const reason = items.optional('revocationReason', contextOf(0))?.only('reason', TAG.enumerated)
      items.done()
      return { kind: 'revoked', at, reason: reason === undefined ? null : reasonOf(reason) }
    }
    default:
      return e.fail('good [0], revoked [1] or unknown [2]', `tag 0x${e.tag.toString(16)}`)
  }
}

function noteCritical(wrapper: Element | null, into: string[]): void {
  if (wrapper === null) return
  const all = readExtensions(wrapper.only('extensions', TAG.sequence), () => {})
  for (const x of all) if (x.critical) into.push(x.oid)
}
