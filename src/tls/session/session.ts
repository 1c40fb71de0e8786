import type { UnixMillis } from '../judge.ts'
import type { Version } from '../numbers.ts'

/** What a client keeps to resume later: plain data. */
export interface Session {
  readonly version: Version
  readonly suite: string
  /** TLS 1.3: the PSK; TLS 1.2: the master secret. */
  readonly secret: Uint8Array
  /** Empty when the server remembers by session id alone. */
  readonly ticket: Uint8Array
  readonly sessionId: Uint8Array
  /** Seconds. */
  readonly lifetime: number
  readonly ageAdd: number
  readonly received: UnixMillis
  /** Bytes; 0 where the server takes none. */
  readonly maxEarlyData: number
  readonly serverName: string | null
  readonly alpn: string | null
  readonly extendedMasterSecret: boolean
}

export function expired({ received, lifetime }: Session, now: UnixMillis): boolean {
  return now < received || now - received >= lifetime * 1000
}
