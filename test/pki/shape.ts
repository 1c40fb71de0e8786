import { endEntity, type IdentitySpec, rootCa, subordinateCa } from '../../src/pki/issue/authority.ts'
import type { Identity } from '../../src/pki/issue/certificate.ts'
import { issueCertificate } from '../../src/pki/issue/certificate.ts'
import { DAY } from '../../src/pki/moment.ts'
import type { Certificate } from '../../src/pki/x509/certificate.ts'
import type { Crl } from '../../src/pki/x509/crl.ts'
import type { CertificateErrorCode } from '../../src/trace/steps/cert.ts'
import { Rng } from '../../src/util/rng.ts'

/** A chain to judge, and the codes that our judge is to answer: none, when the path is good. */
export interface Shape {
  readonly label: string
  /** Leaf first. */
  readonly chain: readonly Certificate[]
  readonly roots: readonly Certificate[]
  readonly at: number
  readonly purpose: 'server' | 'client'
  readonly name?: string
  readonly crls?: readonly Crl[]
  readonly policyCheck?: boolean
  readonly codes: readonly CertificateErrorCode[]
}

export const AT = Date.parse('2026-03-01T09:00:00Z')
export const dates = { notBefore: AT - 30 * DAY, notAfter: AT + 60 * DAY }
export const base = { at: AT, purpose: 'server' } as const
export const rng = (label: string): Rng => new Rng('shapes').fork(label)

export const root = (subject: string, spec: Partial<IdentitySpec> = {}, stream = subject): Identity =>
  rootCa({ subject, ...dates, ...spec }, rng(stream))
export const sub = (subject: string, parent: Identity, spec: Partial<IdentitySpec> = {}, stream = subject): Identity =>
  subordinateCa({ subject, ...dates, ...spec }, parent, rng(stream))
export const leafOf = (parent: Identity, spec: Partial<IdentitySpec> = {}): Identity =>
  endEntity(
    { subject: 'web', names: ['DNS:web.example'], extKeyUsage: ['serverAuth'], ...dates, ...spec },
    parent,
    rng('leaf'),
  )
/** The same name and key under another issuer. */
export const crossSigned = (ca: Identity, by: Identity, spec: Partial<IdentitySpec> = {}): Identity => {
  const issued = { subject: ca.certificate.subject, publicKey: ca.key.public, ca: true, ...dates, ...spec }
  return { key: ca.key, certificate: issueCertificate(issued, by, rng('cross')), chain: [] }
}
export const sent = (leaf: Identity, ...more: readonly Identity[]): Certificate[] =>
  [leaf, ...more].map((one) => one.certificate)
export const trusted = (...identities: readonly Identity[]): Certificate[] => identities.map((one) => one.certificate)
