import { domainToASCII } from 'node:url'
import { type Address, formatAddress, keyOf, parseAddress } from '../../util/address.ts'
import { OID } from '../oid.ts'
import type { Certificate } from '../x509/certificate.ts'
import { formatGeneralName, type GeneralName } from '../x509/general-name.ts'
import { valuesOf } from '../x509/name.ts'

/** What the peer is expected to be (RFC 9525 section 6.1): built from what the user asked for, never from the certificate. */
export type ReferenceId =
  | { readonly kind: 'dns'; readonly value: string; readonly labels: readonly string[] }
  | { readonly kind: 'ip'; readonly value: Address }
  /** A SPIFFE ID: compared whole, byte for byte (SPIFFE X.509-SVID section 2). */
  | { readonly kind: 'uri'; readonly value: string }

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/

/**
 * `web.default.svc`, `10.96.0.1`, `fd00::1`, `[fd00::1]`, `spiffe://…`. U-labels become A-labels (RFC 9525 6.3), a final dot is
 * dropped. Null for what is neither.
 */
export function referenceId(text: string): ReferenceId | null {
  if (text.startsWith('spiffe://')) return { kind: 'uri', value: text }
  const address = parseAddress(text.replace(/^\[(.*:.*)\]$/, '$1'))
  if (address !== null) return { kind: 'ip', value: address }
  const ascii = /[^\x20-\x7e]/.test(text) ? domainToASCII(text) : text.toLowerCase()
  const value = ascii.replace(/\.$/, '')
  const labels = value.split('.')
  // A name whose last label is all digits is an address that failed to parse (WHATWG URL, RFC 3696 section 2).
  const proper = labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels[labels.length - 1])
  return proper && value.length <= 253 ? { kind: 'dns', value, labels } : null
}

export interface NameMatch {
  readonly ok: boolean
  readonly rfc: string
  readonly detail: string
}

/** Only subjectAltName counts: the common name is for people (RFC 9525 section 2). */
export function matchName(certificate: Certificate, reference: ReferenceId): NameMatch {
  const wanted = reference.kind === 'ip' ? formatAddress(reference.value) : reference.value
  const hit = certificate.subjectAltNames.find((presented) => matches(presented, reference))
  const rfc =
    reference.kind === 'dns' ? 'RFC 9525 6.3' : reference.kind === 'ip' ? 'RFC 9525 6.4' : 'SPIFFE X.509-SVID 2'
  if (hit !== undefined)
    return { ok: true, rfc, detail: `${wanted} matches ${formatGeneralName(hit)} in subjectAltName` }
  return { ok: false, rfc, detail: whyNot(certificate, reference, wanted) }
}

/** A presented DNS-ID against the labels of a reference (RFC 9525 6.3): `*` is a whole left-most label and matches one. */
export function dnsMatches(presented: string, labels: readonly string[]): boolean {
  const parts = presented.toLowerCase().split('.')
  if (parts.length !== labels.length) return false
  const wild = parts[0] === '*' && parts.length > 1
  return parts.every((part, i) => (i === 0 && wild) || part === labels[i])
}

function matches(presented: GeneralName, reference: ReferenceId): boolean {
  switch (reference.kind) {
    case 'dns':
      return presented.kind === 'dns' && dnsMatches(presented.value, reference.labels)
    case 'ip':
      return presented.kind === 'ip' && keyOf(presented.value) === keyOf(reference.value)
    case 'uri':
      return presented.kind === 'uri' && presented.value === reference.value
  }
}

function whyNot(certificate: Certificate, reference: ReferenceId, wanted: string): string {
  const names = certificate.subjectAltNames.map(formatGeneralName)
  const lacks = `expected ${wanted}, got ${names.length === 0 ? 'no subjectAltName' : names.slice(0, 8).join(', ')}`
  const common = valuesOf(certificate.subject, OID.commonName).find((cn) => cn.toLowerCase() === wanted)
  if (common !== undefined) return `${lacks}; the common name ${common} does not count`
  const asText = certificate.subjectAltNames.some((n) => n.kind === 'dns' && n.value === wanted)
  if (reference.kind === 'ip' && asText) return `${lacks}; an address must stand in an iPAddress name`
  return lacks
}
