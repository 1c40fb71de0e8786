import { createHash } from 'node:crypto'
import { algorithmName } from './algorithm.ts'
import { isoSeconds } from './moment.ts'
import { nameOfOid, OID } from './oid.ts'
import { publicKeyName } from './public-key.ts'
import { type Certificate, formatSerial, keyIdText } from './x509/certificate.ts'
import { type ConstraintBase, formatGeneralName } from './x509/general-name.ts'

/** A certificate for display and JSON: text and numbers only. Lists are empty where an extension is absent. */
export interface CertificateDescription {
  /** RFC 4514. */
  readonly subject: string
  readonly issuer: string
  readonly version: number
  /** `0a:1b:…`. */
  readonly serial: string
  /** RFC 3339. */
  readonly notBefore: string
  readonly notAfter: string
  /** `DNS:web`, `IP:10.96.0.1`… */
  readonly names: readonly string[]
  readonly key: { readonly name: string; readonly sha256: string }
  readonly signature: string
  readonly ca: boolean
  readonly pathLength: number | null
  readonly keyUsage: readonly string[]
  readonly extKeyUsage: readonly string[]
  readonly permitted: readonly string[]
  readonly excluded: readonly string[]
  readonly subjectKeyId: string | null
  readonly authorityKeyId: string | null
  readonly crlUrls: readonly string[]
  readonly ocspUrls: readonly string[]
  readonly issuerUrls: readonly string[]
  readonly policies: readonly string[]
  readonly extensions: readonly { readonly name: string; readonly critical: boolean }[]
  readonly sha256: string
}

export function describeCertificate(c: Certificate): CertificateDescription {
  const bases = (list: readonly ConstraintBase[] | undefined): string[] => list?.map(formatGeneralName) ?? []
  const authority = c.authorityKeyId?.keyId ?? null
  const { algorithm, oid } = c.signature
  return {
    subject: c.subject.text,
    issuer: c.issuer.text,
    version: c.version,
    serial: formatSerial(c.serial),
    notBefore: isoSeconds(c.notBefore),
    notAfter: isoSeconds(c.notAfter),
    names: c.subjectAltNames.map(formatGeneralName),
    key: {
      name: publicKeyName(c.publicKey),
      sha256: createHash('sha256').update(c.publicKey.spki).digest('hex'),
    },
    signature: algorithm === null ? oid : algorithmName(algorithm),
    ca: c.basicConstraints?.ca ?? false,
    pathLength: c.basicConstraints?.pathLength ?? null,
    keyUsage: c.keyUsage ?? [],
    extKeyUsage: (c.extKeyUsage ?? []).map(oidName),
    permitted: bases(c.nameConstraints?.permitted),
    excluded: bases(c.nameConstraints?.excluded),
    subjectKeyId: c.subjectKeyId === null ? null : keyIdText(c.subjectKeyId),
    authorityKeyId: authority === null ? null : keyIdText(authority),
    crlUrls: c.crlDistributionPoints,
    ocspUrls: c.ocspUrls,
    issuerUrls: c.caIssuers,
    policies: c.policies.map(oidName),
    extensions: c.extensions.map((x) => ({ name: oidName(x.oid), critical: x.critical })),
    sha256: c.fingerprint,
  }
}

/** What a CertificateDescription calls an OID: its RFC name, or itself. */
const oidName = (dotted: string): string => nameOfOid(OID, dotted) ?? dotted
