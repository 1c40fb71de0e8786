import { type Cursor, context, contextOf, type Element, TAG } from '../der/read.ts'
import { asBoolean, asCount, asIa5, asInteger, asNamedBits, asOid } from '../der/values.ts'
import { OID } from '../oid.ts'
import { type ConstraintBase, type GeneralName, readConstraintBase, readGeneralNames } from './general-name.ts'

/** RFC 5280 4.2.1.3, in bit order. */
export const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const
export type KeyUsage = (typeof KEY_USAGES)[number]

export interface Extension {
  readonly oid: string
  readonly critical: boolean
  /** What the OCTET STRING holds. */
  readonly value: Uint8Array
}

export interface NameConstraints {
  readonly permitted: readonly ConstraintBase[]
  readonly excluded: readonly ConstraintBase[]
}

/** The extensions of RFC 5280 4.2 that change a judgement or its display; null or empty when absent. */
export interface Decoded {
  basicConstraints: { readonly ca: boolean; readonly pathLength: number | null } | null
  keyUsage: readonly KeyUsage[] | null
  /** Dotted OIDs. */
  extKeyUsage: readonly string[] | null
  subjectAltNames: readonly GeneralName[]
  nameConstraints: NameConstraints | null
  subjectKeyId: Uint8Array | null
  authorityKeyId: { readonly keyId: Uint8Array | null; readonly serial: bigint | null } | null
  crlDistributionPoints: readonly string[]
  ocspUrls: readonly string[]
  caIssuers: readonly string[]
  policies: readonly string[]
  /** `requireExplicitPolicy` and `inhibitPolicyMapping`, in certificates to skip. */
  policyConstraints: { readonly explicit: number | null; readonly inhibitMapping: number | null } | null
  inhibitAnyPolicy: number | null
}

export const NOTHING_DECODED: Readonly<Decoded> = {
  basicConstraints: null,
  keyUsage: null,
  extKeyUsage: null,
  subjectAltNames: [],
  nameConstraints: null,
  subjectKeyId: null,
  authorityKeyId: null,
  crlDistributionPoints: [],
  ocspUrls: [],
  caIssuers: [],
  policies: [],
  policyConstraints: null,
  inhibitAnyPolicy: null,
}

/** `e` is SEQUENCE OF Extension. An OID twice is an error (RFC 5280 4.2). `each` sees the wrapped value, with its offsets. */
export function readExtensions(e: Element, each: (oid: string, wrapper: Element) => void): readonly Extension[] {
  const seen = new Set<string>()
  return e.items().each('extension', TAG.sequence, 100, (item) => {
    const fields = item.items()
    const id = fields.next('extnID', TAG.oid)
    const dotted = asOid(id)
    if (seen.has(dotted)) id.fail('each extension once', `${dotted} again`)
    seen.add(dotted)
    const flag = fields.optional('critical', TAG.boolean)
    const wrapper = fields.next('extnValue', TAG.octetString)
    fields.done()
    each(dotted, wrapper)
    return { oid: dotted, critical: flag !== null && asBoolean(flag), value: wrapper.content }
  })
}

/** Decodes one certificate extension into `out`; false when it is not known here. */
export function decodeExtension(out: Decoded, oid: string, wrapper: Element): boolean {
  const sequence = (field: string): Cursor => wrapper.wrapped(field, TAG.sequence).items()
  switch (oid) {
    case OID.basicConstraints:
      out.basicConstraints = readBasicConstraints(sequence('basicConstraints'))
      return true
    case OID.keyUsage:
      out.keyUsage = asNamedBits(wrapper.wrapped('keyUsage', TAG.bitString)).flatMap((bit) => KEY_USAGES[bit] ?? [])
      return true
    case OID.extKeyUsage:
      out.extKeyUsage = sequence('extKeyUsage').each('keyPurposeId', TAG.oid, 100, asOid)
      return true
    case OID.subjectAltName: {
      const names = wrapper.wrapped('subjectAltName', TAG.sequence)
      out.subjectAltNames = readGeneralNames(names)
      if (out.subjectAltNames.length === 0) names.fail('at least one name (RFC 5280 4.2.1.6)', 'none')
      return true
    }
    case OID.nameConstraints:
      out.nameConstraints = readNameConstraints(wrapper.wrapped('nameConstraints', TAG.sequence))
      return true
    case OID.subjectKeyIdentifier:
      out.subjectKeyId = wrapper.wrapped('subjectKeyIdentifier', TAG.octetString).content
      return true
    case OID.authorityKeyIdentifier:
      out.authorityKeyId = readAuthorityKeyId(sequence('authorityKeyIdentifier'))
      return true
    case OID.crlDistributionPoints:
      out.crlDistributionPoints = readDistributionPoints(sequence('crlDistributionPoints'))
      return true
    case OID.authorityInfoAccess:
      readInfoAccess(sequence('authorityInfoAccess'), out)
      return true
    default:
      return decodePolicyExtension(out, oid, sequence, wrapper)
  }
}

function decodePolicyExtension(out: Decoded, oid: string, sequence: (f: string) => Cursor, wrapper: Element): boolean {
  switch (oid) {
    case OID.certificatePolicies:
      out.policies = sequence('certificatePolicies').each('policy', TAG.sequence, 100, (policy) =>
        asOid(policy.items().next('policyIdentifier', TAG.oid)),
      )
      return true
    case OID.policyMappings:
      sequence('policyMappings').each('mapping', TAG.sequence, 100, (mapping) => {
        const items = mapping.items()
        asOid(items.next('issuerDomainPolicy', TAG.oid))
        asOid(items.next('subjectDomainPolicy', TAG.oid))
      })
      return true
    case OID.policyConstraints: {
      const items = sequence('policyConstraints')
      const explicit = items.optional('requireExplicitPolicy', context(0))
      const mapping = items.optional('inhibitPolicyMapping', context(1))
      items.done()
      out.policyConstraints = {
        explicit: explicit === null ? null : asCount(explicit),
        inhibitMapping: mapping === null ? null : asCount(mapping),
      }
      return true
    }
    case OID.inhibitAnyPolicy:
      out.inhibitAnyPolicy = asCount(wrapper.wrapped('inhibitAnyPolicy', TAG.integer))
      return true
    default:
      return false
  }
}

function readBasicConstraints(items: Cursor): Decoded['basicConstraints'] {
  const ca = items.optional('cA', TAG.boolean)
  const length = items.optional('pathLenConstraint', TAG.integer)
  items.done()
  return { ca: ca !== null && asBoolean(ca), pathLength: length === null ? null : asCount(length) }
}

function readNameConstraints(e: Element): NameConstraints {
  const items = e.items()
  const subtrees = (field: string, n: number): readonly ConstraintBase[] =>
    items
      .optional(field, contextOf(n))
      ?.items()
      .each(field, TAG.sequence, 1000, (subtree) => {
        const fields = subtree.items()
        const base = readConstraintBase(fields.any('base'))
        // RFC 5280 4.2.1.10: minimum is 0 and maximum absent; DER leaves the default out.
        fields.done()
        return base
      }) ?? []
  const permitted = subtrees('permittedSubtrees', 0)
  const excluded = subtrees('excludedSubtrees', 1)
  items.done()
  if (permitted.length + excluded.length === 0) e.fail('at least one subtree', 'none')
  return { permitted, excluded }
}

function readAuthorityKeyId(items: Cursor): Decoded['authorityKeyId'] {
  const keyId = items.optional('keyIdentifier', context(0))
  const issuer = items.optional('authorityCertIssuer', contextOf(1))
  const serial = items.optional('authorityCertSerialNumber', context(2))
  items.done()
  if (issuer !== null) readGeneralNames(issuer)
  return { keyId: keyId?.content ?? null, serial: serial === null ? null : asInteger(serial, 64) }
}

/** The URIs; relative names and CRL issuers of their own are passed over. */
function readDistributionPoints(items: Cursor): readonly string[] {
  const found = items.each('distributionPoint', TAG.sequence, 100, (point) => {
    const where = point.items().optional('distributionPoint', contextOf(0))?.items().optional('fullName', contextOf(0))
    if (where === null || where === undefined) return []
    return readGeneralNames(where).flatMap((name) => (name.kind === 'uri' ? [name.value] : []))
  })
  return found.flat()
}

function readInfoAccess(items: Cursor, out: Decoded): void {
  const uris: [string, string][] = []
  items.each('accessDescription', TAG.sequence, 100, (description) => {
    const fields = description.items()
    const method = asOid(fields.next('accessMethod', TAG.oid))
    const location = fields.any('accessLocation')
    fields.done()
    if (location.tag === context(6)) uris.push([method, asIa5(location)])
  })
  out.ocspUrls = uris.flatMap(([method, uri]) => (method === OID.ocsp ? [uri] : []))
  out.caIssuers = uris.flatMap(([method, uri]) => (method === OID.caIssuers ? [uri] : []))
}
