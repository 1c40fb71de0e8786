import type { CertificateErrorCode, CertificateEvent, CertificateVerdict } from '../trace/steps/cert.ts'
import { Malformed } from '../util/malformed.ts'
import type { Moment } from './moment.ts'
import { judge, type Question } from './path/judge.ts'
import type { PublicKey } from './public-key.ts'
import { parseCertificate } from './x509/certificate.ts'
import { parseOcspResponse } from './x509/ocsp.ts'

/** The alerts of RFC 8446 6.2 that a certificate can earn. */
export type CertificateAlert =
  | 'bad_certificate'
  | 'unsupported_certificate'
  | 'certificate_revoked'
  | 'certificate_expired'
  | 'certificate_unknown'
  | 'unknown_ca'
  | 'bad_certificate_status_response'

/** RFC 8446 6.2, read as OpenSSL reads it (ssl_x509err2alert) where the RFC leaves a choice. */
const ALERTS: Readonly<Record<CertificateErrorCode, CertificateAlert>> = {
  expired: 'certificate_expired',
  'not-yet-valid': 'certificate_expired',
  'name-mismatch': 'bad_certificate',
  'unknown-ca': 'unknown_ca',
  'missing-intermediate': 'unknown_ca',
  'self-signed': 'unknown_ca',
  'not-a-ca': 'unknown_ca',
  'path-length': 'unknown_ca',
  'wrong-purpose': 'unsupported_certificate',
  'key-usage': 'unsupported_certificate',
  'name-constraint': 'certificate_unknown',
  'weak-signature': 'bad_certificate',
  'weak-key': 'bad_certificate',
  revoked: 'certificate_revoked',
  'revocation-unusable': 'certificate_unknown',
  'revocation-unknown': 'certificate_unknown',
  'bad-signature': 'bad_certificate',
  'unsupported-algorithm': 'unsupported_certificate',
  'unknown-critical-extension': 'unsupported_certificate',
  policy: 'certificate_unknown',
  malformed: 'bad_certificate',
  'search-limit': 'certificate_unknown',
  'key-mismatch': 'bad_certificate',
}

export const alertOf = (code: CertificateErrorCode): CertificateAlert => ALERTS[code]

/** What a TLS endpoint has received and wants judged. */
export interface PeerQuestion {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[]
  readonly role: 'client' | 'server'
  readonly name: string | null
  readonly now: Moment
  /** A stapled OCSP response, DER. */
  readonly ocsp: Uint8Array | null
}

export type PeerVerdict =
  | {
      readonly ok: true
      readonly key: PublicKey
      readonly detail: CertificateVerdict
      readonly events: readonly CertificateEvent[]
    }
  | {
      readonly ok: false
      readonly alert: CertificateAlert
      readonly reason: string
      readonly rfc: string
      readonly detail: CertificateVerdict | null
      readonly events: readonly CertificateEvent[]
    }

/** What an endpoint holds to judge its peers by. */
export type Trust = Pick<Question, 'roots' | 'crls' | 'known' | 'policy'>

/** Judges the chain that came in a handshake; bytes that are no certificate are `bad_certificate`, never an exception. */
export function judgePeer(trust: Trust, { chain, role, name, now, ocsp }: PeerQuestion): PeerVerdict {
  const parsed = parsedOr('bad_certificate', 'RFC 8446 4.4.2', () => chain.map(parseCertificate))
  if ('ok' in parsed) return parsed
  const status = parsedOr('bad_certificate_status_response', 'RFC 6066 8', () =>
    ocsp === null ? [] : [parseOcspResponse(ocsp)],
  )
  if ('ok' in status) return status
  const question = { ...trust, chain: parsed, at: now, purpose: role, ocsp: status, ...(name === null ? {} : { name }) }
  const { verdict, events } = judge(question)
  const [first] = verdict.errors
  if (first === undefined) return { ok: true, key: parsed[0].publicKey, detail: verdict, events }
  return { ok: false, alert: alertOf(first.code), reason: first.detail, rfc: first.rfc, detail: verdict, events }
}

function parsedOr<T>(
  alert: CertificateAlert,
  rfc: string,
  parse: () => readonly T[],
): readonly T[] | (PeerVerdict & { ok: false }) {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    return { ok: false, alert, reason: error.message, rfc, detail: null, events: [] }
  }
}
