import { SocketError } from '../../linux/socket/error.ts'
import type { Stream } from '../../linux/socket/stream.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import { type Process, wait, within } from '../../sim/process.ts'
import { SECOND } from '../../sim/time.ts'
import type { StepId } from '../../trace/step.ts'
import { formatAddress, formatEndpoint } from '../../util/address.ts'
import { concat } from '../../util/bytes.ts'
import { Malformed } from '../../util/malformed.ts'
import type { Header, ResponseHead } from '../../wire/http/head.ts'
import { HttpParser } from '../../wire/http/parser.ts'
import { writeRequest } from '../../wire/http/writer.ts'
import type { PodContext } from '../context.ts'
import type { Upgrade } from '../curl/options.ts'
import { addressBehind, secureBehind } from '../edge/behind.ts'
import { CHUNK } from '../edge/hello.ts'
import { isBroken } from '../edge/splice.ts'
import type { HttpRequest, HttpResponse } from '../http/message.ts'
import type { Location, UpstreamEndpoint } from './config.ts'

/** proxy-connect-timeout and proxy-read-timeout, as they are by default. */
const CONNECT_TIMEOUT = 5 * SECOND
const READ_TIMEOUT = 60 * SECOND
/** proxy-next-upstream-tries. */
export const TRIES = 3

/** `again`: nothing was asked of the endpoint that must not be asked twice, so the next one may be tried. */
export type Attempt =
  /** `cause`: the step that told of the answer. */
  | { readonly kind: 'answered'; readonly response: HttpResponse; readonly cause: StepId }
  | { readonly kind: 'failed'; readonly why: 'refused' | 'timeout'; readonly again: boolean; readonly error: string }

/** What is sent to an endpoint. */
export interface Forwarded {
  readonly request: HttpRequest
  readonly headers: readonly Header[]
  readonly protocol: Location['protocol']
}

/** Asks one endpoint over a connection of its own; what the client sent is its cause. */
export function* ask(
  context: PodContext,
  peer: TcpStream,
  endpoint: UpstreamEndpoint,
  what: Forwarded,
  connect: Upgrade,
): Process<Attempt> {
  const opened = yield* open(context, peer, endpoint)
  if (!('tcp' in opened)) return opened
  const { tcp } = opened
  const work = context.fork(exchange(context, tcp, endpoint, what, connect), `request to ${nameOf(endpoint)}`)
  try {
    if ((yield* wait(within(work.ended, READ_TIMEOUT))) === null)
      return { kind: 'failed', why: 'timeout', again: isIdempotent(what.request), error: 'upstream timed out' }
    const { outcome } = work
    if (outcome?.kind === 'returned') return outcome.value
    return { kind: 'failed', why: 'refused', again: false, error: 'upstream prematurely closed connection' }
  } finally {
    work.kill()
    tcp.close()
  }
}

function* open(
  context: PodContext,
  peer: TcpStream,
  endpoint: UpstreamEndpoint,
): Process<{ readonly tcp: TcpStream } | Extract<Attempt, { kind: 'failed' }>> {
  const start = context.simulation.now
  try {
    const { host } = endpoint
    const address = typeof host === 'string' ? yield* addressBehind(context, host) : host
    const options = { noDelay: true, timeout: CONNECT_TIMEOUT, cause: peer.cause }
    return { tcp: yield* context.sockets.connect(address, endpoint.port, options) }
  } catch (error) {
    if (!(error instanceof SocketError)) throw error
    const why = context.simulation.now - start >= CONNECT_TIMEOUT ? 'timeout' : 'refused'
    return { kind: 'failed', why, again: true, error: error.message }
  }
}

function* exchange(
  context: PodContext,
  tcp: TcpStream,
  endpoint: UpstreamEndpoint,
  what: Forwarded,
  connect: Upgrade,
): Process<Attempt> {
  const { request, headers, protocol } = what
  let stream: Stream = tcp
  try {
    stream = protocol === 'HTTPS' ? yield* secure(context, tcp, endpoint, connect) : tcp
    const { method, target, body } = request
    const url = `${protocol.toLowerCase()}://${nameOf(endpoint)}${target}`
    tcp.cause = context.record({ kind: 'http-request', method, url, headers }, tcp.cause)
    yield* stream.write(concat([writeRequest({ method, target, version: '1.1', headers }), body]))
    const answer = yield* receive(stream, method)
    const { status, reason, headers: own } = answer.head
    const bytes = answer.body.length
    const cause = context.record({ kind: 'http-response', status, reason, headers: own, bytes }, tcp.cause)
    return { kind: 'answered', response: { status, headers: own, body: answer.body }, cause }
  } catch (error) {
    if (!isBroken(error) && !(error instanceof Malformed)) throw error
    return { kind: 'failed', why: 'refused', again: isIdempotent(request), error: (error as Error).message }
  } finally {
    stream.close()
  }
}

/** proxy_ssl_verify and proxy_ssl_server_name are off: anybody's certificate will do, and no name is asked for. */
function secure(context: PodContext, tcp: TcpStream, endpoint: UpstreamEndpoint, connect: Upgrade): Process<Stream> {
  const host = formatAddress(tcp.remote.address)
  return secureBehind(context, tcp, connect, { host, port: endpoint.port, authority: nameOf(endpoint) })
}

function* receive(stream: Stream, method: string): Process<{ readonly head: ResponseHead; readonly body: Uint8Array }> {
  const parser = new HttpParser('response')
  parser.expect(method)
  const body: Uint8Array[] = []
  let head: ResponseHead | null = null
  for (;;) {
    const bytes = yield* stream.read(CHUNK)
    for (const output of bytes === null ? parser.finish() : parser.push(bytes)) {
      // An interim answer (RFC 9110 15.2) is followed by another.
      if (output.kind === 'response') head = output.head.status >= 200 ? output.head : null
      else if (output.kind === 'body') body.push(output.bytes.slice())
      else if (output.kind === 'end' && head !== null) return { head, body: concat(body) }
    }
    if (bytes === null) throw new SocketError('ECONNRESET', 'read')
  }
}

/** RFC 9110 9.2.2, without those that NGINX has no word for. */
const isIdempotent = ({ method }: HttpRequest): boolean =>
  ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'].includes(method)

/** `10.244.1.3:8080`. */
export const nameOf = ({ host, port }: UpstreamEndpoint): string =>
  typeof host === 'string' ? `${host}:${port}` : formatEndpoint(host, port)
