import { SocketError } from '../../linux/socket/error.ts'
import type { Stream } from '../../linux/socket/stream.ts'
import type { Process } from '../../sim/process.ts'
import type { Fault } from '../../tls/alert.ts'
import { client } from '../../tls/client/start.ts'
import type { ClientConfig } from '../../tls/config.ts'
import { PLAIN_HTTP } from '../../tls/record/deframer.ts'
import type { CertificateJudge, Connected, Session } from '../../tls/tls.ts'
import type { Event } from '../../trace/step.ts'
import type { CertificateVerdict } from '../../trace/steps/cert.ts'
import { wallClock } from '../context.ts'
import { strerror } from '../messages/errno.ts'
import type { KeyLog } from '../tls/accept.ts'
import { stepsFor } from '../tls/accept.ts'
import { TlsBroken, TlsStream } from '../tls/stream.ts'
import { CODE, CurlFailure } from './failure.ts'
import type { Hear, TlsResult, Upgrade } from './options.ts'
import { sayTls } from './tls-messages.ts'
import { TlsTalk } from './tls-talk.ts'
import type { Url } from './url.ts'

/** Where sessions are kept between connections, by `HOST:PORT`. */
export type Sessions = Map<string, Session>

export interface HttpsClient
  extends Pick<ClientConfig, 'versions' | 'groups' | 'suites' | 'keyShares' | 'identities' | 'earlyData'> {
  readonly judge: CertificateJudge
  readonly keylog: KeyLog
  /** Default: http/1.1. Empty: ALPN is not spoken. */
  readonly alpn?: readonly string[]
  /** Given, connections resume, and leave sessions behind. */
  readonly sessions?: Sessions | null
  /** The file of a key that is not that of the client's certificate. */
  readonly wrongKey?: string | null
  /** Judges as at this time, in milliseconds since 1970, instead of the cluster's. */
  readonly at?: number
  /** What -v names as --cacert. */
  readonly cafile?: string
}

const CAFILE = '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt'

/** What curl does to a TCP connection for https: handshake, then HTTP through it. */
export function httpsUpgrade(options: HttpsClient): Upgrade {
  const { keylog, sessions = null, wrongKey = null, cafile = CAFILE, alpn = ['http/1.1'] } = options
  const { versions, groups, suites, keyShares, identities, earlyData } = options
  const judge = options.at === undefined ? options.judge : judgingAt(options.judge, options.at)
  return function* (tcp, url, context, _options, hear) {
    const key = `${url.host}:${url.port}`
    const session = usable(sessions, key, wallClock(context))
    const protocols = alpn.length === 0 ? undefined : alpn
    const common = { serverName: url.host, judge, identities, versions, groups, suites, keyShares, earlyData, session }
    const end = client({
      ...common,
      alpn: protocols,
      random: context.rng,
      keylog: true,
      connection: tcp.local.port,
      ...stepsFor(context, hear.talk !== null),
    })
    const old = versions?.includes('TLS 1.3') === false
    const talk = hear.talk === null ? null : new TlsTalk(hear.talk, url, cafile, old)
    talk?.offers(alpn)
    if (wrongKey !== null) throw new CurlFailure(CODE.certProblem, sayTls.keyFile(wrongKey))
    const stream = new TlsStream(context, tcp, end, {
      keylog,
      event: talk === null ? undefined : (event: Event) => talk.hear(event),
      session: (ticket) => sessions?.set(key, ticket),
    })
    // RFC 5246 7.2.2: after a fatal alert a session is not resumed.
    const https = new HttpsStream(stream, url, hear, talk, () => sessions?.delete(key))
    // RFC 8446 C.4: a ticket is better not used twice. Sessions of TLS 1.2 are, until the server gives another.
    if (session?.version === 'TLS 1.3') sessions?.delete(key)
    if (session !== null && earlyData === true && session.maxEarlyData > 0) yield* https.begin()
    else yield* https.handshake()
    return https
  }
}

/** A client whose clock is set otherwise than its cluster's. */
const judgingAt = (judge: CertificateJudge, now: number): CertificateJudge => ({
  judge: (presented) => judge.judge({ ...presented, now }),
})

function usable(sessions: Sessions | null, key: string, now: number): Session | null {
  const session = sessions?.get(key) ?? null
  return session === null || now - session.received >= session.lifetime * 1000 ? null : session
}

/** The connection as curl sees it: what goes wrong has an exit code of curl's. */
class HttpsStream implements Stream {
  private told = false

  constructor(
    private readonly stream: TlsStream,
    private readonly url: Url,
    private readonly hear: Hear,
    private readonly talk: TlsTalk | null,
    private readonly forget: () => void,
  ) {}

  *begin(): Process {
    yield* this.guard(this.stream.begin(), CODE.tlsConnect)
  }

  *handshake(): Process {
    yield* this.guard(this.stream.handshake(), CODE.tlsConnect)
  }

  *read(max: number): Process<Uint8Array | null> {
    return yield* this.guard(this.stream.read(max), CODE.receive)
  }

  *write(bytes: Uint8Array): Process {
    yield* this.guard(this.stream.write(bytes), this.stream.connected === null ? CODE.tlsConnect : CODE.send)
  }

  shutdown(): void {
    this.stream.shutdown()
  }

  abort(): void {
    this.stream.abort()
  }

  close(): void {
    this.stream.close()
  }

  private *guard<T>(process: Process<T>, code: number): Process<T> {
    try {
      return yield* process
    } catch (error) {
      if (error instanceof TlsBroken) throw this.failure(error, code)
      if (error instanceof SocketError && code === CODE.tlsConnect) {
        const { host, port } = this.url
        throw new CurlFailure(code, sayTls.connecting(strerror[error.errno], host, port))
      }
      throw error
    } finally {
      this.tell()
    }
  }

  private tell(): void {
    const { connected } = this.stream
    if (connected === null || this.told) return
    this.told = true
    this.hear.tls(resultOf(connected))
    this.talk?.connected(connected)
  }

  /** 60 is for certificates that are not accepted, 35 for all else in a handshake, and later it is reading or writing. */
  private failure({ by, fault, detail, lost }: TlsBroken, code: number): CurlFailure {
    const { connected } = this.stream
    if (!lost) this.forget()
    const before = connected === null ? NOTHING : resultOf(connected)
    this.hear.tls({ ...before, alert: lost ? null : fault.alert, alertBy: lost ? null : by })
    const verdict = detail as CertificateVerdict | null
    if (by === 'client' && verdict !== null) {
      return new CurlFailure(CODE.peerVerification, sayTls.certificate(verdict.errors[0].code, this.url.host))
    }
    const why = lost ? sayTls.eof : by === 'server' ? sayTls.alertReceived(fault.alert) : ownWords(fault)
    if (code === CODE.receive) return new CurlFailure(code, sayTls.reading(why))
    return new CurlFailure(code, code === CODE.send ? sayTls.writing(why) : why)
  }
}

/** OpenSSL takes the letters of a page for a version. */
const ownWords = ({ alert, rule }: Fault): string => (rule === PLAIN_HTTP ? sayTls.noRecord : sayTls.gaveUp(alert))

const NOTHING: TlsResult = {
  version: null,
  suite: null,
  group: null,
  alpn: null,
  resumed: false,
  earlyData: 'none',
  alert: null,
  alertBy: null,
}

const resultOf = ({ version, suite, group, alpn, resumed, earlyData }: Connected): TlsResult => ({
  ...NOTHING,
  version,
  suite,
  group,
  alpn,
  resumed,
  earlyData,
})
