import { SocketError } from '../../linux/socket/error.ts'
import type { Stream } from '../../linux/socket/stream.ts'
import type { Listener } from '../../linux/socket/tcp/listener.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import { concat, utf8 } from '../../util/bytes.ts'
import { Malformed } from '../../util/malformed.ts'
import { headerOf, keepsAlive, type RequestHead } from '../../wire/http/head.ts'
import { HttpParser } from '../../wire/http/parser.ts'
import { withLength, writeResponse } from '../../wire/http/writer.ts'
import { type PodContext, wallClock } from '../context.ts'
import { TlsBroken } from '../tls/stream.ts'
import { type HttpRequest, type HttpResponse, REASON } from './message.ts'

export interface HttpServerOptions {
  readonly port: number
  /** Answers a request; may take its time. */
  readonly respond: (request: HttpRequest, peer: TcpStream) => Process<HttpResponse>
  /** What lies between TCP and HTTP: TLS. Null when it came to nothing; the connection is then closed. */
  readonly upgrade?: (stream: TcpStream) => Process<Stream | null>
}

/** Serves HTTP/1.1 (RFC 9112) with persistent connections. Parks nothing while nobody is connected. */
export function serveHttp(context: PodContext, options: HttpServerOptions): Listener {
  const serve = (tcp: TcpStream): void => {
    context.fork(connection(context, tcp, options), `connection ${tcp.remote.port}`)
  }
  return context.sockets.listen('any', options.port, serve, { noDelay: true })
}

function* connection(context: PodContext, tcp: TcpStream, options: HttpServerOptions): Process {
  try {
    const stream = options.upgrade === undefined ? tcp : yield* options.upgrade(tcp)
    if (stream === null) return
    yield* answerHttp(context, tcp, stream, options)
    stream.close()
  } catch (error) {
    // The peer broke off, or what came was altered on the way.
    if (!(error instanceof SocketError || error instanceof TlsBroken)) throw error
  } finally {
    tcp.close()
  }
}

/** Answers requests one after another on a connection that was accepted, until either side ends it. */
export function* answerHttp(
  context: PodContext,
  tcp: TcpStream,
  stream: Stream,
  options: Pick<HttpServerOptions, 'respond'>,
): Process {
  const parser = new HttpParser('request')
  let head: RequestHead | null = null
  let body: Uint8Array[] = []
  for (;;) {
    const bytes = yield* stream.read(65_536)
    if (bytes === null) return
    const outputs = parse(parser, bytes)
    if (outputs === null) {
      yield* send(context, stream, { status: 400, headers: [], body: utf8('bad request\n') }, 'GET', false)
      return
    }
    for (const output of outputs) {
      if (output.kind === 'request') head = output.head
      else if (output.kind === 'body') body.push(output.bytes)
      else if (output.kind === 'end' && head !== null) {
        const request = { method: head.method, target: head.target, headers: head.headers, body: concat(body) }
        note(context, tcp, request)
        const lasts = keepsAlive(head)
        yield* send(context, stream, yield* options.respond(request, tcp), head.method, lasts)
        if (!lasts) return
        head = null
        body = []
      }
    }
  }
}

/** Null: what came is not HTTP. */
function parse(parser: HttpParser, bytes: Uint8Array) {
  try {
    return parser.push(bytes)
  } catch (error) {
    if (error instanceof Malformed) return null
    throw error
  }
}

/** The request is the cause of the answer. */
function note(context: PodContext, tcp: TcpStream, { method, target, headers }: HttpRequest): void {
  const url = `http://${headerOf(headers, 'host') ?? ''}${target}`
  tcp.cause = context.record({ kind: 'http-request', method, url, headers }, tcp.cause)
}

function* send(context: PodContext, stream: Stream, answer: HttpResponse, method: string, lasts: boolean): Process {
  const { status, body } = answer
  const date = new Date(wallClock(context)).toUTCString()
  const connection = lasts ? [] : ([['Connection', 'close']] as const)
  const headers = withLength([['Date', date], ...answer.headers, ...connection], body)
  const head = writeResponse({ status, reason: REASON[status] ?? '', version: '1.1', headers })
  yield* stream.write(method === 'HEAD' ? head : concat([head, body]))
}
