import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import { client } from '../../tls/client/start.ts'
import type { ClientConfig, Identity, ServerConfig } from '../../tls/config.ts'
import type { CertificateJudge } from '../../tls/judge.ts'
import { server } from '../../tls/server/start.ts'
import type { PodContext } from '../context.ts'
import { CODE, CurlFailure } from '../curl/failure.ts'
import type { Upgrade } from '../curl/options.ts'
import { TlsBroken, TlsStream } from './stream.ts'

/** Hears every line of the key log; emulated secrets are nobody's. */
export type KeyLog = (line: string) => void

export interface HttpsClient {
  readonly judge: CertificateJudge
  readonly keylog: KeyLog
  /** For servers that ask. */
  readonly identities?: readonly Identity[]
  /** curl's --tls-max. */
  readonly versions?: ClientConfig['versions']
  /** `x25519`, `secp256r1` …; what today's clients send when absent. */
  readonly groups?: readonly string[]
}

/** Steps are always made, also when nobody records them: they count, so that recording changes no ids. */
export const STEPS = { trace: true, secrets: true } as const

/** What curl does to a TCP connection for https: handshake, then HTTP through it. */
export function httpsUpgrade(options: HttpsClient): Upgrade {
  return function* (tcp, url, context) {
    const { judge, keylog, identities, versions, groups } = options
    const config = {
      serverName: url.host,
      judge,
      identities,
      versions,
      groups,
      random: context.rng,
      alpn: ['http/1.1'],
    }
    const end = client({ ...config, keylog: true, ...STEPS })
    const stream = new TlsStream(context, tcp, end, keylog)
    try {
      yield* stream.handshake()
    } catch (error) {
      if (error instanceof TlsBroken) throw curlFailure(error)
      throw error
    }
    return stream
  }
}

/** curl's 60 is for certificates it does not accept, its 35 for everything else in a handshake. */
function curlFailure({ by, fault, detail, message }: TlsBroken): CurlFailure {
  if (by === 'client' && detail !== null)
    return new CurlFailure(CODE.peerVerification, `SSL certificate problem: ${fault.rule}`)
  return new CurlFailure(CODE.tlsConnect, by === 'server' ? `TLS alert from the server: ${message}` : message)
}

/** What an HTTPS server does to a connection that it accepted. A failed handshake ends the connection, quietly. */
export function acceptTls(
  context: PodContext,
  config: ServerConfig,
  keylog: KeyLog,
): (tcp: TcpStream) => Process<TlsStream | null> {
  return function* (tcp) {
    const stream = new TlsStream(context, tcp, server(config), keylog)
    try {
      yield* stream.handshake()
      return stream
    } catch (error) {
      if (error instanceof TlsBroken) return null
      throw error
    }
  }
}
