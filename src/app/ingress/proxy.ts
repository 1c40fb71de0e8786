import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import { concat } from '../../util/bytes.ts'
import { withLength, writeResponse } from '../../wire/http/writer.ts'
import type { PodContext } from '../context.ts'
import type { Upgrade } from '../curl/options.ts'
import { readHello } from '../edge/hello.ts'
import { isBroken, splice } from '../edge/splice.ts'
import { REASON } from '../http/message.ts'
import { answerHttp, serveHttp } from '../http/server.ts'
import type { AcceptTls } from '../tls/accept.ts'
import { RoundRobin } from './balance.ts'
import { chooseCertificate, type OwnCertificate } from './certificate.ts'
import type { PassthroughTarget, ProxyConfig } from './config.ts'
import { page } from './pages.ts'
import { type Router, route } from './route.ts'

export interface IngressOptions {
  readonly http: number
  readonly https: number
  /** As it is now. */
  readonly config: () => ProxyConfig
  /** Ends TLS with a certificate. */
  readonly accept: (certificate: OwnCertificate) => AcceptTls
  /** Begins TLS towards an endpoint. */
  readonly connect: Upgrade
}

/**
 * NGINX as an ingress controller runs it: TLS ends here, by the name in the ClientHello, and each request is led by its Host
 * and path to an endpoint, over a second connection. Hosts that are passed through keep their TLS (pkg/tcpproxy).
 */
export function serveIngress(context: PodContext, options: IngressOptions): void {
  const { config, connect } = options
  const router: Router = { context, config, connect, balance: new RoundRobin(context.rng.fork('round robin')) }
  const front = (scheme: 'http' | 'https', port: number) => ({
    port,
    respond: (request: Parameters<typeof route>[1], peer: TcpStream) => route(router, request, peer, { scheme, port }),
  })
  serveHttp(context, front('http', options.http))
  const https = front('https', options.https)
  const serve = (tcp: TcpStream): void => {
    context.fork(connection(context, tcp, options, https), `connection ${tcp.remote.port}`)
  }
  context.sockets.listen('any', options.https, serve, { noDelay: true })
}

function* connection(
  context: PodContext,
  tcp: TcpStream,
  options: IngressOptions,
  https: Parameters<typeof answerHttp>[3],
): Process {
  try {
    const first = yield* readHello(tcp)
    if (first.kind === 'nothing') return
    if (first.kind === 'not TLS') {
      yield* refusePlain(tcp)
      return
    }
    const config = options.config()
    const target = config.servers.get(first.name?.toLowerCase() ?? '')?.passthrough ?? null
    if (target !== null) {
      yield* passThrough(context, tcp, first.bytes, first.name ?? '', target)
      return
    }
    const certificate = chooseCertificate(config, first.name)
    const { choice } = certificate
    const event = {
      kind: 'ingress-certificate',
      connection: tcp.remote.port,
      serverName: first.name,
      ...choice,
    } as const
    tcp.cause = context.record(event, tcp.cause)
    const stream = yield* options.accept(certificate)(tcp, first.bytes)
    if (stream === null) return
    yield* answerHttp(context, tcp, stream, https)
    stream.close()
  } catch (error) {
    if (!isBroken(error)) throw error
  } finally {
    tcp.close()
  }
}

/** Error 497 of ngx_http_ssl_module. */
function* refusePlain(tcp: TcpStream): Process {
  const { status, headers, body } = page(400, [], 'The plain HTTP request was sent to HTTPS port')
  const head = withLength([...headers, ['Connection', 'close']], body)
  yield* tcp.write(concat([writeResponse({ status, reason: REASON[status], version: '1.1', headers: head }), body]))
}

function* passThrough(
  context: PodContext,
  tcp: TcpStream,
  first: Uint8Array,
  host: string,
  { address, port, service, source }: PassthroughTarget,
): Process {
  const about = { host, path: '', outcome: 'passed-through', detail: '', endpoints: [] } as const
  const event = { kind: 'ingress-route', ...about, ...source, service, port: String(port) } as const
  const cause = context.record(event, tcp.cause)
  const behind = yield* context.sockets.connect(address, port, { noDelay: true, cause })
  yield* behind.write(first)
  yield* splice(context, tcp, behind)
}
