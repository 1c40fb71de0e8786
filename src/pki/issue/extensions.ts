import { bytesOf } from '../der/values.ts'
import { type Asn1, bool, encode, int, namedBits, octets, oid, seq, tagged, taggedOf } from '../der/write.ts'
import { keyIdOf } from '../key-id.ts'
import { OID } from '../oid.ts'
import { KEY_USAGES } from '../x509/extensions.ts'
import { writeConstraintBase, writeGeneralName } from '../x509/general-name.ts'
import { isEmpty, type Name } from '../x509/name.ts'
import { type CertificateSpec, type Constraint, constraintBase, generalName, PURPOSES } from './spec.ts'

/** SEQUENCE OF Extension. Criticality is what RFC 5280 4.2.1 and 4.2.2 ask of conforming CAs. */
export function writeExtensions(spec: CertificateSpec, subject: Name, authorityKeyId: Uint8Array | null): Asn1 | null {
  const list = [
    ...constraintExtensions(spec),
    ...identityExtensions(spec, subject, authorityKeyId),
    ...pointerExtensions(spec),
    ...policyExtensions(spec),
    ...(spec.extensions ?? []).map((x) => wrap(x.oid, x.critical, x.value)),
  ]
  return list.length === 0 ? null : seq(...list)
}

export const extension = (id: string, critical: boolean, value: Asn1): Asn1 => wrap(id, critical, encode(value))

const wrap = (id: string, critical: boolean, value: Uint8Array): Asn1 =>
  seq(oid(id), critical ? bool(true) : null, octets(value))

function constraintExtensions(spec: CertificateSpec): Asn1[] {
  const { ca, keyUsage, extKeyUsage, nameConstraints } = spec
  const out: Asn1[] = []
  if (ca !== undefined) {
    const length = typeof ca === 'object' ? int(ca.pathLength) : null
    out.push(extension(OID.basicConstraints, true, ca === false ? seq() : seq(bool(true), length)))
  }
  if (keyUsage !== undefined) {
    out.push(extension(OID.keyUsage, true, namedBits(keyUsage.map((usage) => KEY_USAGES.indexOf(usage)))))
  }
  if (extKeyUsage !== undefined) {
    const purposes: Readonly<Record<string, string>> = PURPOSES
    out.push(extension(OID.extKeyUsage, false, seq(...extKeyUsage.map((usage) => oid(purposes[usage] ?? usage)))))
  }
  if (nameConstraints !== undefined) {
    const { permitted = [], excluded = [] } = nameConstraints
    out.push(extension(OID.nameConstraints, true, seq(subtrees(0, permitted), subtrees(1, excluded))))
  }
  return out
}

function subtrees(n: number, bases: readonly Constraint[]): Asn1 | null {
  if (bases.length === 0) return null
  return taggedOf(n, ...bases.map((base) => seq(writeConstraintBase(constraintBase(base)))))
}

function identityExtensions(spec: CertificateSpec, subject: Name, authorityKeyId: Uint8Array | null): Asn1[] {
  const out: Asn1[] = []
  const subjectKeyId = spec.subjectKeyId === undefined ? keyIdOf(spec.publicKey) : spec.subjectKeyId
  if (subjectKeyId !== null) out.push(extension(OID.subjectKeyIdentifier, false, octets(subjectKeyId)))
  if (authorityKeyId !== null) out.push(extension(OID.authorityKeyIdentifier, false, seq(tagged(0, authorityKeyId))))
  if (spec.names !== undefined && spec.names.length > 0) {
    const names = spec.names.map((text) => writeGeneralName(generalName(text)))
    out.push(extension(OID.subjectAltName, isEmpty(subject), seq(...names)))
  }
  return out
}

function pointerExtensions({ crlUrls = [], ocspUrls = [], caIssuers = [] }: CertificateSpec): Asn1[] {
  const out: Asn1[] = []
  if (crlUrls.length > 0) {
    const points = crlUrls.map((url) => seq(taggedOf(0, taggedOf(0, tagged(6, url)))))
    out.push(extension(OID.crlDistributionPoints, false, seq(...points)))
  }
  const access = [
    ...ocspUrls.map((url) => seq(oid(OID.ocsp), tagged(6, url))),
    ...caIssuers.map((url) => seq(oid(OID.caIssuers), tagged(6, url))),
  ]
  if (access.length > 0) out.push(extension(OID.authorityInfoAccess, false, seq(...access)))
  return out
}

function policyExtensions({ policies = [], policyConstraints, inhibitAnyPolicy }: CertificateSpec): Asn1[] {
  const out: Asn1[] = []
  if (policies.length > 0) {
    out.push(extension(OID.certificatePolicies, false, seq(...policies.map((policy) => seq(oid(policy))))))
  }
  if (policyConstraints !== undefined) {
    const { explicit, inhibitMapping } = policyConstraints
    const field = (n: number, value?: number): Asn1 | null =>
      value === undefined ? null : tagged(n, bytesOf(BigInt(value)))
    out.push(extension(OID.policyConstraints, true, seq(field(0, explicit), field(1, inhibitMapping))))
  }
  if (inhibitAnyPolicy !== undefined) out.push(extension(OID.inhibitAnyPolicy, true, int(inhibitAnyPolicy)))
  return out
}
