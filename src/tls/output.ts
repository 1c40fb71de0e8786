import type { Event } from '../trace/step.ts'
import type { TlsRole } from '../trace/steps/tls.ts'
import type { Fault } from './alert.ts'
import type { Version } from './numbers.ts'
import type { Session } from './session/session.ts'

/** What a finished handshake agreed on. */
export interface Connected {
  readonly version: Version
  readonly suite: string
  /** Null without (EC)DHE: RSA key exchange, or a TLS 1.2 resumption. */
  readonly group: string | null
  /** How the certificate's owner proved itself; null on resumption and RSA key exchange. */
  readonly signatureScheme: string | null
  readonly alpn: string | null
  readonly serverName: string | null
  readonly resumed: boolean
  readonly earlyData: 'none' | 'accepted' | 'rejected'
  readonly retried: boolean
  readonly extendedMasterSecret: boolean
  /** The peer's chain, DER, leaf first; empty for a client without certificate, and where a resumption shows none. */
  readonly peerChain: readonly Uint8Array[]
  /** What the judge said of it; null when it was not asked. */
  readonly verdict: unknown
}

/** What came of feeding an endpoint: plain data, to be handled in order. */
export type Output =
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  /** `early`: sent before the handshake ended; may have been replayed. */
  | { readonly kind: 'data'; readonly bytes: Uint8Array; readonly early: boolean }
  | { readonly kind: 'connected'; readonly connected: Connected }
  | { readonly kind: 'session'; readonly session: Session }
  | { readonly kind: 'keylog'; readonly line: string }
  | { readonly kind: 'step'; readonly event: Event }
  /** As many steps, where they are counted instead of told; at the end of what a call led to. */
  | { readonly kind: 'counted'; readonly steps: number }
  /** The peer will send no more; `truncated` when it did not say so by close_notify. */
  | { readonly kind: 'closed'; readonly how: 'close_notify' | 'truncated' }
  /** The end. `by` says who gave up: then we sent the alert, or the peer did. `detail` is the judge's, if it was that. */
  | { readonly kind: 'failed'; readonly by: TlsRole; readonly fault: Fault; readonly detail: unknown }
