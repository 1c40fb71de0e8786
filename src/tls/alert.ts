import type { TlsKnown, TlsRole } from '../trace/steps/tls.ts'

/** RFC 8446 6, with those that only TLS 1.2 and RFC 7507 use. */
export const ALERTS = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  record_overflow: 22,
  handshake_failure: 40,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  inappropriate_fallback: 86,
  user_canceled: 90,
  no_renegotiation: 100,
  missing_extension: 109,
  unsupported_extension: 110,
  unrecognized_name: 112,
  bad_certificate_status_response: 113,
  unknown_psk_identity: 115,
  certificate_required: 116,
  no_application_protocol: 120,
} as const

export type AlertName = keyof typeof ALERTS

const NAMES = new Map<number, AlertName>(Object.entries(ALERTS).map(([name, code]) => [code, name as AlertName]))

export const alertName = (code: number): AlertName | null => NAMES.get(code) ?? null

/** Why a connection ends by our hand: the alert to send, the rule broken, where it is written, what each side knew. */
export interface Fault {
  readonly alert: AlertName
  readonly rule: string
  readonly rfc: string
  readonly knew: readonly TlsKnown[]
}

/** The peer (or our own configuration) broke a rule. Thrown anywhere below the connection, caught there once. */
export class TlsError extends Error implements Fault {
  constructor(
    readonly alert: AlertName,
    readonly rule: string,
    readonly rfc: string,
    readonly knew: readonly TlsKnown[] = [],
  ) {
    super(`${alert}: ${rule} (${rfc})`)
    this.name = 'TlsError'
  }
}

/** What the client knew and what the server knew, in one list. */
export function known(client: string, server: string): readonly TlsKnown[] {
  return [
    { side: 'client', fact: client },
    { side: 'server', fact: server },
  ]
}

/** A signature that does not verify, as the side sees it that looks. */
export const twoKeys = (role: TlsRole): readonly TlsKnown[] => [
  { side: role, fact: 'verifies with the public key in the certificate that came' },
  {
    side: role === 'client' ? 'server' : 'client',
    fact: 'signs with the private key that it has; whether it is that of its certificate it does not look',
  },
]

/** A client that was asked who it is, and did not say. */
export const NO_CERTIFICATE = known(
  'was asked for a certificate and showed none',
  'asked for a certificate of a CA that it trusts, and requires one',
)
