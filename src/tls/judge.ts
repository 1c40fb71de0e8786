import type { PublicKey } from '../pki/keys.ts'
import type { Event } from '../trace/step.ts'
import type { TlsRole } from '../trace/steps/tls.ts'
import type { AlertName } from './alert.ts'

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type UnixMillis = number

/** A certificate chain to be judged. */
export interface Presented {
  /** DER, the leaf first, as the peer sent it; never empty. */
  readonly chain: readonly Uint8Array[]
  /** Whose chain it is. */
  readonly role: TlsRole
  /** The name that a server must have; null for clients, and where nobody asked for one. */
  readonly name: string | null
  readonly now: UnixMillis
  /** A stapled OCSP response, DER. */
  readonly ocsp: Uint8Array | null
}

/** `detail` and `events` are handed on untouched: what was tried, and why. */
export type Verdict =
  | { readonly ok: true; readonly key: PublicKey; readonly detail: unknown; readonly events: readonly Event[] }
  | {
      readonly ok: false
      readonly alert: AlertName
      /** The rule that was broken, in a sentence, and where it is written. */
      readonly reason: string
      readonly rfc: string
      readonly detail: unknown
      readonly events: readonly Event[]
    }

/** Decides whether a peer is who it says it is. The engine knows no certificates; it asks. */
export interface CertificateJudge {
  judge(presented: Presented): Verdict
}
