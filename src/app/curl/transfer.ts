import { SocketError } from '../../linux/socket/error.ts'
import type { Stream } from '../../linux/socket/stream.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import { concat } from '../../util/bytes.ts'
import { Malformed } from '../../util/malformed.ts'
import { type Header, headerOf, latin1, type ResponseHead } from '../../wire/http/head.ts'
import { type HttpOutput, HttpParser } from '../../wire/http/parser.ts'
import { writeRequest } from '../../wire/http/writer.ts'
import type { PodContext } from '../context.ts'
import { strerror } from '../messages/errno.ts'
import { CODE, CurlFailure } from './failure.ts'
import { say } from './messages.ts'
import type { CurlOptions, TlsResult } from './options.ts'
import type { Url } from './url.ts'

/** How far a transfer has come: its time limit may end it anywhere. */
export interface Progress {
  connected: boolean
  resolved: boolean
  head: ResponseHead | null
  body: Uint8Array[]
  received: number
  tls: TlsResult | null
}

/** What the verbose mode shows. */
export type Talk = (line: string) => void

/** Sends the request and reads the answer. Returns whether the connection may be used again. */
export function* transfer(
  context: PodContext,
  tcp: TcpStream,
  stream: Stream,
  url: Url,
  options: CurlOptions,
  progress: Progress,
  talk: Talk,
): Process {
  const method = options.method ?? (options.head ? 'HEAD' : options.data === undefined ? 'GET' : 'POST')
  const headers = requestHeaders(url, options)
  const head = writeRequest({ method, target: url.target, version: '1.1', headers })
  const shown = `${url.scheme}://${url.authority}${url.target}`
  tcp.cause = context.record({ kind: 'http-request', method, url: shown, headers }, tcp.cause)
  talk(`> ${method} ${url.target} HTTP/1.1`)
  for (const [name, value] of headers) talk(`> ${name}: ${value}`)
  talk('> ')
  try {
    yield* stream.write(options.data === undefined ? head : concat([head, options.data]))
  } catch (error) {
    throw broken(error, say.sendFailed, CODE.send)
  }
  yield* receive(stream, method, options, progress, talk)
  const { status, reason, headers: received } = progress.head!
  const bytes = progress.received
  context.record({ kind: 'http-response', status, reason, headers: received, bytes }, tcp.cause)
}

function requestHeaders(url: Url, options: CurlOptions): Header[] {
  const given = options.headers ?? []
  const own: Header[] = [
    ['Host', url.authority],
    ['User-Agent', say.version],
    ['Accept', '*/*'],
  ]
  const body: Header[] =
    options.data === undefined
      ? []
      : [
          ['Content-Length', String(options.data.length)],
          ['Content-Type', 'application/x-www-form-urlencoded'],
        ]
  return [...[...own, ...body].filter(([name]) => headerOf(given, name) === null), ...given]
}

function* receive(stream: Stream, method: string, options: CurlOptions, progress: Progress, talk: Talk): Process {
  const parser = new HttpParser('response')
  parser.expect(method)
  for (let first = true; ; first = false) {
    const bytes = yield* read(stream)
    if (bytes === null && first) throw new CurlFailure(CODE.empty, say.emptyReply)
    if (bytes !== null && first && !'HTTP/'.startsWith(latin1(bytes.subarray(0, 5)))) {
      throw new CurlFailure(CODE.unsupportedProtocol, say.notHttp)
    }
    for (const output of parsed(parser, bytes, progress)) {
      if (take(output, options, progress, talk)) return
    }
  }
}

function* read(stream: Stream): Process<Uint8Array | null> {
  try {
    return yield* stream.read(65_536)
  } catch (error) {
    throw broken(error, say.receiveFailed, CODE.receive)
  }
}

/** True when the answer is complete. */
function take(output: HttpOutput, options: CurlOptions, progress: Progress, talk: Talk): boolean {
  switch (output.kind) {
    case 'response': {
      const { status, reason, version, headers } = output.head
      talk(`< HTTP/${version} ${status}${reason === '' ? '' : ` ${reason}`}`)
      for (const [name, value] of headers) talk(`< ${name}: ${value}`)
      if (options.fail === true && status >= 400) throw new CurlFailure(CODE.httpError, say.returned(status))
      talk('< ')
      // An interim answer (RFC 9110 15.2) is followed by another.
      if (status >= 200) progress.head = output.head
      return false
    }
    case 'body':
      progress.body.push(output.bytes.slice())
      progress.received += output.bytes.length
      return false
    case 'end':
      return progress.head !== null
    default:
      return false
  }
}

function parsed(parser: HttpParser, bytes: Uint8Array | null, progress: Progress): HttpOutput[] {
  try {
    return bytes === null ? parser.finish() : parser.push(bytes)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    if (bytes !== null) throw new CurlFailure(CODE.weirdReply, say.malformed)
    const expected = expectedLength(progress)
    if (expected === null) throw new CurlFailure(CODE.partial, say.cutChunk)
    throw new CurlFailure(CODE.partial, say.cutShort(expected - progress.received))
  }
}

/** What Content-Length says; null before it, or when it says nothing. */
export function expectedLength({ head }: Progress): number | null {
  const length = head === null ? null : headerOf(head.headers, 'content-length')
  return length === null ? null : Number(length)
}

function broken(error: unknown, say: (why: string) => string, code: number): unknown {
  return error instanceof SocketError ? new CurlFailure(code, say(strerror[error.errno])) : error
}
