import type { Stream } from '../../linux/socket/stream.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import type { Nanos } from '../../sim/time.ts'
import type { Address, Family } from '../../util/address.ts'
import type { Header } from '../../wire/http/head.ts'
import type { PodContext } from '../context.ts'
import type { Url } from './url.ts'

export interface CurlOptions {
  /** -v, -i, -I, -f. */
  readonly verbose?: boolean
  readonly include?: boolean
  readonly head?: boolean
  readonly fail?: boolean
  /** -X, -H, -d. */
  readonly method?: string
  readonly headers?: readonly Header[]
  readonly data?: Uint8Array
  /** --resolve HOST:PORT:ADDRESS, keyed by `HOST:PORT`. */
  readonly resolve?: ReadonlyMap<string, readonly Address[]>
  /** --connect-timeout; curl's own default is 300 s. */
  readonly connectTimeout?: Nanos
  /** -m. */
  readonly maxTime?: Nanos | null
  /** -4, -6. */
  readonly family?: Family | null
  /** --local-address. */
  readonly source?: Address | null
  /** Schemes beside http: what makes a stream of theirs from a TCP stream. Throws CurlFailure. */
  readonly upgrades?: Readonly<Record<string, Upgrade>>
}

export type Upgrade = (
  stream: TcpStream,
  url: Url,
  context: PodContext,
  options: CurlOptions,
  hear: Hear,
) => Process<Stream>

/** Who is told how an upgrade goes. */
export interface Hear {
  /** Takes lines of -v; null without it. */
  readonly talk: ((line: string) => void) | null
  tls(result: TlsResult): void
}

/** What TLS came to. */
export interface TlsResult {
  /** Null where the handshake did not come that far. */
  readonly version: string | null
  readonly suite: string | null
  readonly group: string | null
  readonly alpn: string | null
  readonly resumed: boolean
  readonly earlyData: 'none' | 'accepted' | 'rejected'
  /** The alert that ended it, and who sent it. */
  readonly alert: string | null
  readonly alertBy: 'client' | 'server' | null
}

/** What came of it, for programs that look at more than the exit code. */
export interface CurlResult {
  code: number
  status: number | null
  headers: readonly Header[]
  body: Uint8Array
  /** The error, without `curl: (7)`. */
  message: string | null
  /** Null where TLS was not spoken. */
  tls: TlsResult | null
}
