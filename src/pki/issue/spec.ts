import { parseAddress } from '../../util/address.ts'
import { parsePrefix } from '../../util/prefix.ts'
import type { Hash } from '../algorithm.ts'
import type { Moment } from '../moment.ts'
import { OID } from '../oid.ts'
import type { PublicKey } from '../public-key.ts'
import type { KeyUsage } from '../x509/extensions.ts'
import type { ConstraintBase, GeneralName } from '../x509/general-name.ts'
import type { Name } from '../x509/name.ts'

/** Key purposes by RFC 5280 4.2.1.12's names, or a dotted OID. */
export const PURPOSES = {
  any: OID.anyExtendedKeyUsage,
  serverAuth: OID.serverAuth,
  clientAuth: OID.clientAuth,
  codeSigning: OID.codeSigning,
  emailProtection: OID.emailProtection,
  timeStamping: OID.timeStamping,
  ocspSigning: OID.ocspSigning,
} as const
export type Purpose = keyof typeof PURPOSES

/** What is to stand in a certificate. Everything not given is left out of it, save what the comments name. */
export interface CertificateSpec {
  /** A name, or a common name alone. */
  readonly subject: Name | string
  readonly publicKey: PublicKey
  readonly notBefore: Moment
  readonly notAfter: Moment
  /** `DNS:web`, `IP:10.96.0.1`, `URI:spiffe://…`, `email:…`, or values. Critical when the subject is empty. */
  readonly names?: readonly (string | GeneralName)[]
  /** `true`, or the path length constraint. Without it there is no basicConstraints; `false` writes CA:FALSE. */
  readonly ca?: boolean | { readonly pathLength: number }
  readonly keyUsage?: readonly KeyUsage[]
  readonly extKeyUsage?: readonly (Purpose | string)[]
  /** `DNS:example.com`, `IP:10.0.0.0/8`, `URI:.example.com`, `email:example.com`, or values. */
  readonly nameConstraints?: { readonly permitted?: readonly Constraint[]; readonly excluded?: readonly Constraint[] }
  readonly crlUrls?: readonly string[]
  readonly ocspUrls?: readonly string[]
  readonly caIssuers?: readonly string[]
  /** Dotted OIDs. */
  readonly policies?: readonly string[]
  readonly policyConstraints?: { readonly explicit?: number; readonly inhibitMapping?: number }
  readonly inhibitAnyPolicy?: number
  /** Default: SHA-1 of the key (RFC 5280 4.2.1.2 method 1). `null` leaves it out. */
  readonly subjectKeyId?: Uint8Array | null
  /** Default: the issuer's key identifier. `null` leaves it out. */
  readonly authorityKeyId?: Uint8Array | null
  readonly extensions?: readonly { readonly oid: string; readonly critical: boolean; readonly value: Uint8Array }[]
  /** Of the signature; default what fits the issuer's key (SHA-384 for P-384, else SHA-256). */
  readonly hash?: Hash
  /** Sign with RSASSA-PSS instead of PKCS#1 v1.5. */
  readonly pss?: boolean
  /** Default: 16 bytes from the seed. */
  readonly serial?: bigint
  /** 1 writes no extensions at all, as the oldest roots. */
  readonly version?: 1 | 3
}

export type Constraint = string | ConstraintBase

/** Throws `RangeError` for text of another form, and for names that are not ASCII (use A-labels). */
export function generalName(text: string | GeneralName): GeneralName {
  if (typeof text !== 'string') return text
  const { kind, value } = split(text)
  if (kind !== 'ip') return { kind, value }
  const address = parseAddress(value)
  if (address === null) throw new RangeError(`name: expected IP:ADDRESS, got ${JSON.stringify(text)}`)
  return { kind, value: address }
}

export function constraintBase(text: Constraint): ConstraintBase {
  if (typeof text !== 'string') return text
  const { kind, value } = split(text)
  if (kind !== 'ip') return { kind, value }
  const prefix = parsePrefix(value)
  if (prefix === null) throw new RangeError(`constraint: expected IP:CIDR, got ${JSON.stringify(text)}`)
  return { kind, value: prefix }
}

const KINDS: Readonly<Record<string, 'dns' | 'ip' | 'uri' | 'email'>> = {
  DNS: 'dns',
  IP: 'ip',
  URI: 'uri',
  email: 'email',
}

function split(text: string): { kind: 'dns' | 'ip' | 'uri' | 'email'; value: string } {
  const colon = text.indexOf(':')
  const kind = KINDS[text.slice(0, colon)]
  if (kind === undefined || /[^\x20-\x7e]/.test(text)) {
    throw new RangeError(`name: expected DNS:, IP:, URI: or email: and ASCII, got ${JSON.stringify(text)}`)
  }
  return { kind, value: text.slice(colon + 1) }
}
