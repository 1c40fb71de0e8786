import type { SignatureScheme, Signer } from '../pki/keys.ts'
import type { Extension } from './extension/extension.ts'
import type { CertificateJudge } from './judge.ts'
import type { ClientHello } from './message/hello.ts'
import type { Version } from './numbers.ts'
import type { Random } from './random.ts'
import type { SessionCache } from './session/cache.ts'
import type { ReplayGuard } from './session/replay.ts'
import type { Session } from './session/session.ts'
import type { TicketSealer } from './session/ticket.ts'

/** A certificate chain and the key that goes with it. */
export interface Identity {
  /** DER, leaf first, usually without the root. */
  readonly chain: readonly Uint8Array[]
  readonly signer: Signer
  /** Servers: for which names; `*.example.org` stands for one label. Without names: for any. */
  readonly names?: readonly string[]
  /** An OCSP response to staple, DER. */
  readonly ocsp?: Uint8Array
}

export interface Limits {
  /** Bytes of one handshake message. */
  readonly handshakeMessage: number
  readonly chainLength: number
  /** Records without content in a row, warnings in all, KeyUpdates without application data between them. */
  readonly emptyRecords: number
  readonly warnings: number
  readonly keyUpdates: number
  /** TLS 1.2: how often renegotiation is declined, in all. */
  readonly renegotiations: number
  readonly tickets: number
}

export const DEFAULT_LIMITS: Limits = {
  handshakeMessage: 0x10000,
  chainLength: 16,
  emptyRecords: 32,
  warnings: 4,
  keyUpdates: 32,
  renegotiations: 4,
  tickets: 32,
}

/** Steps told among the outputs; their number alone, for ids that do not depend on who records; or nothing of them. */
export type Tracing = 'told' | 'counted' | 'off'

export interface CommonConfig {
  readonly random: Random
  /** Most wanted first. Default: TLS 1.3, TLS 1.2. */
  readonly versions?: readonly Version[]
  /** Names from suite.ts, most wanted first. */
  readonly suites?: readonly string[]
  /** Names from group/index.ts, most wanted first. */
  readonly groups?: readonly string[]
  /** What we verify, most wanted first. */
  readonly signatureSchemes?: readonly SignatureScheme[]
  readonly alpn?: readonly string[]
  /** RFC 8449, 64 to 16385. Not sent when absent. */
  readonly recordSizeLimit?: number
  /** Pads TLS 1.3 records to multiples of this many bytes. */
  readonly paddingUnit?: number
  readonly limits?: Partial<Limits>
  /** Lines for SSLKEYLOGFILE among the outputs. */
  readonly keylog?: boolean
  /** Default: off. Secrets are in the steps only when `secrets` is on too. */
  readonly trace?: Tracing
  readonly secrets?: boolean
  /** Goes into every step. */
  readonly connection?: number
  /** TLS 1.2 with CBC: RFC 7366. Default true. */
  readonly encryptThenMac?: boolean
  /** TLS 1.2: RFC 7627. Default true. */
  readonly extendedMasterSecret?: boolean
}

export interface ClientConfig extends CommonConfig {
  /** For SNI and for the judge. IP addresses go to the judge only (RFC 6066 3). */
  readonly serverName: string | null
  readonly judge: CertificateJudge
  readonly identities?: readonly Identity[]
  /** Groups to send shares for. Default: the first, and x25519 where the first is a hybrid. */
  readonly keyShares?: readonly string[]
  readonly session?: Session | null
  /** Offers early data with the session where it allows any. */
  readonly earlyData?: boolean
  /** Asks for a stapled OCSP response. */
  readonly ocsp?: boolean
  /** RFC 8446 D.4. Default true. */
  readonly middleboxCompatibility?: boolean
  /** RFC 8701. */
  readonly grease?: boolean
  /** RFC 7507: this is a second try with a lower version. */
  readonly fallback?: boolean
  /** Last word on a hello before it is sent, for fingerprints and faults; binders come after. */
  readonly shape?: (hello: ClientHello) => ClientHello
}

export interface ServerConfig extends CommonConfig {
  /** The first that fits name and schemes is taken; a lone one that fits no name, too. */
  readonly identities: readonly Identity[]
  readonly clientAuth?: 'none' | 'request' | 'require'
  /** Needed when clients are asked for certificates. */
  readonly judge?: CertificateJudge
  /** DER names for CertificateRequest. */
  readonly authorities?: readonly Uint8Array[]
  /** Without it, no tickets. */
  readonly tickets?: TicketSealer
  /** How many TLS 1.3 tickets a handshake ends with. Default 1. */
  readonly ticketCount?: number
  /** Without it, no session ids are given out (TLS 1.2). */
  readonly cache?: SessionCache
  /** Bytes of early data taken; 0 (the default) for none. Needs `replay`. */
  readonly maxEarlyData?: number
  readonly replay?: ReplayGuard
  /** Choose by our order of suites and groups. Default true. */
  readonly preferOwn?: boolean
  /** Unknown server names are refused with unrecognized_name. Default: the first identity serves. */
  readonly strictNames?: boolean
  /** Sends a cookie with a HelloRetryRequest. */
  readonly cookie?: boolean
  /** Last word on EncryptedExtensions. */
  readonly shape?: (extensions: readonly Extension[]) => readonly Extension[]
}
