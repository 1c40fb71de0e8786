import { equalBytes } from '../../util/bytes.ts'
import { readSignatureAlgorithm, type SignatureIdentifier } from '../algorithm.ts'
import { type Cursor, contextOf, type Element, readDer, TAG } from '../der/read.ts'
import { asBitOctets, asCount, asInteger, asTime } from '../der/values.ts'
import { OID } from '../oid.ts'
import { readExtensions } from './extensions.ts'
import { type Name, readName } from './name.ts'

/** CRLReason (RFC 5280 5.3.1); 7 is not used. */
export const REVOCATION_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  removeFromCRL: 8,
  privilegeWithdrawn: 9,
  aACompromise: 10,
} as const
export type RevocationReason = keyof typeof REVOCATION_REASONS

export interface RevokedEntry {
  readonly serial: bigint
  readonly at: number
  readonly reason: RevocationReason | null
}

/** A complete CRL (RFC 5280 5.1). Times are milliseconds since 1970. */
export interface Crl {
  readonly der: Uint8Array
  readonly tbs: Uint8Array
  readonly issuer: Name
  readonly thisUpdate: number
  readonly nextUpdate: number | null
  readonly revoked: ReadonlyMap<bigint, RevokedEntry>
  readonly number: bigint | null
  readonly signature: SignatureIdentifier
  readonly signatureValue: Uint8Array
  /** Critical extensions that are not processed here: delta and indirect CRLs and partitions among them. */
  readonly unknownCritical: readonly string[]
}

/** Throws `Malformed`. At most 16 MiB. */
export function parseCrl(input: Uint8Array): Crl {
  const der = Uint8Array.from(input)
  const outer = readDer(der, 'crl', 'certificateList', TAG.sequence, 1 << 24).items()
  const tbs = outer.next('tbsCertList', TAG.sequence)
  const signature = outer.next('signatureAlgorithm', TAG.sequence)
  const value = outer.next('signatureValue', TAG.bitString)
  outer.done()
  const items = tbs.items()
  const version = items.optional('version', TAG.integer)
  if (version !== null && asCount(version) !== 1) version.fail('v2 (1)', asCount(version))
  const inner = items.next('signature', TAG.sequence)
  if (!equalBytes(inner.bytes, signature.bytes))
    signature.fail('the algorithm that tbsCertList.signature names', 'another')
  const issuer = readName(items.next('issuer', TAG.sequence))
  const thisUpdate = asTime(items.any('thisUpdate'))
  const timed = items.tag === TAG.utcTime || items.tag === TAG.generalizedTime
  const nextUpdate = timed ? asTime(items.any('nextUpdate')) : null
  const entries = readRevoked(items.optional('revokedCertificates', TAG.sequence))
  const extended = readCrlExtensions(items)
  items.done()
  return {
    der,
    tbs: tbs.bytes,
    issuer,
    thisUpdate,
    nextUpdate,
    revoked: entries.revoked,
    number: extended.number,
    signature: readSignatureAlgorithm(signature),
    signatureValue: asBitOctets(value),
    unknownCritical: [...extended.unknownCritical, ...entries.unknownCritical],
  }
}

function readRevoked(e: Element | null) {
  const revoked = new Map<bigint, RevokedEntry>()
  const unknownCritical = new Set<string>()
  e?.items().each('entry', TAG.sequence, 1_000_000, (entry) => {
    const fields = entry.items()
    const serial = asInteger(fields.next('userCertificate', TAG.integer), 64)
    const at = asTime(fields.any('revocationDate'))
    const extensions = fields.optional('crlEntryExtensions', TAG.sequence)
    fields.done()
    let reason: RevocationReason | null = null
    const all =
      extensions === null
        ? []
        : readExtensions(extensions, (oid, wrapper) => {
            if (oid === OID.reasonCode) reason = reasonOf(wrapper.wrapped('cRLReason', TAG.enumerated))
          })
    for (const x of all) if (x.critical && x.oid !== OID.reasonCode) unknownCritical.add(x.oid)
    revoked.set(serial, { serial, at, reason })
  })
  return { revoked, unknownCritical }
}

export function reasonOf(e: Element): RevocationReason {
  const code = asInteger(e, 4)
  for (const [name, value] of Object.entries(REVOCATION_REASONS)) {
    if (BigInt(value) === code) return name as RevocationReason
  }
  return e.fail('a CRLReason', String(code))
}

function readCrlExtensions(items: Cursor) {
  const wrapper = items.optional('crlExtensions', contextOf(0))
  let number: bigint | null = null
  if (wrapper === null) return { number, unknownCritical: [] }
  const extensions = readExtensions(wrapper.only('extensions', TAG.sequence), (oid, value) => {
    if (oid === OID.crlNumber) number = asInteger(value.wrapped('cRLNumber', TAG.integer), 64)
  })
  return { number, unknownCritical: extensions.filter((x) => x.critical).map((x) => x.oid) }
}
