import { SocketError } from '../../linux/socket/error.ts'
import type { Stream } from '../../linux/socket/stream.ts'
import type { Listener } from '../../linux/socket/tcp/listener.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import { concat, equalBytes, text, utf8 } from '../../util/bytes.ts'
import { Malformed } from '../../util/malformed.ts'
import { encodeFrame, FLAG, FRAME, FrameReader, type Http2Frame, PREFACE } from '../../wire/http2/frame.ts'
import { decodeHeaders, encodeHeaders } from '../../wire/http2/hpack.ts'
import type { PodContext } from '../context.ts'

/** grpc.health.v1.HealthCheckResponse.ServingStatus. */
export type ServingStatus = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN'
const STATUS: readonly ServingStatus[] = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']

const PATH = '/grpc.health.v1.Health/Check'
/** google.rpc.Code. */
const OK = 0
const UNIMPLEMENTED = 12
const NO_BYTES = new Uint8Array(0)

/** What came of a call: the status that the server gives, or the code with which the call ended. */
export type HealthAnswer =
  | { readonly kind: 'status'; readonly status: ServingStatus }
  | { readonly kind: 'failed'; readonly code: number }
  /** The peer does not speak gRPC. */
  | { readonly kind: 'broken' }

/** Everything a client sends for one call of grpc.health.v1.Health/Check on a new connection, in clear (h2c by prior knowledge). */
export function healthRequest(authority: string, service: string, agent: string): Uint8Array {
  const headers = encodeHeaders([
    ...([
      [':method', 'POST'],
      [':scheme', 'http'],
      [':path', PATH],
      [':authority', authority],
    ] as const),
    ...([
      ['content-type', 'application/grpc'],
      ['user-agent', agent],
      ['te', 'trailers'],
    ] as const),
  ])
  return concat([
    PREFACE,
    encodeFrame({ type: FRAME.settings, flags: 0, stream: 0, payload: NO_BYTES }),
    encodeFrame({ type: FRAME.headers, flags: FLAG.endHeaders, stream: 1, payload: headers }),
    encodeFrame({ type: FRAME.data, flags: FLAG.endStream, stream: 1, payload: message(field(0x0a, utf8(service))) }),
  ])
}

/** Calls Check on a connection and reads until the call is over. */
export function* checkHealth(stream: Stream, authority: string, service: string, agent: string): Process<HealthAnswer> {
  yield* stream.write(healthRequest(authority, service, agent))
  const reader = new FrameReader()
  let status: ServingStatus = 'UNKNOWN'
  for (;;) {
    const bytes = yield* stream.read(65_536)
    if (bytes === null) return { kind: 'broken' }
    for (const frame of framesOf(reader, bytes) ?? []) {
      if (isSettings(frame)) yield* stream.write(ack())
      if (frame.stream !== 1) continue
      if (frame.type === FRAME.data) status = STATUS[frame.payload[6] ?? 0] ?? 'UNKNOWN'
      const code = frame.type === FRAME.headers ? codeOf(frame) : null
      if (code !== null) return code === OK ? { kind: 'status', status } : { kind: 'failed', code }
      if (frame.type === FRAME.rstStream) return { kind: 'broken' }
    }
  }
}

/** A gRPC server that has the health service and no other. `status` is asked for each call. */
export function serveHealth(context: PodContext, port: number, status: (service: string) => ServingStatus): Listener {
  const serve = (tcp: TcpStream): void => {
    context.fork(connection(tcp, status), `grpc ${tcp.remote.port}`)
  }
  return context.sockets.listen('any', port, serve, { noDelay: true })
}

function* connection(tcp: TcpStream, status: (service: string) => ServingStatus): Process {
  try {
    yield* calls(tcp, status)
  } catch (error) {
    if (!(error instanceof SocketError)) throw error
  } finally {
    tcp.close()
  }
}

function* calls(tcp: TcpStream, status: (service: string) => ServingStatus): Process {
  const reader = new FrameReader()
  const paths = new Map<number, string>()
  let begin: Uint8Array = NO_BYTES
  let greeted = false
  for (;;) {
    let bytes = yield* tcp.read(65_536)
    if (bytes === null) return
    if (!greeted) {
      begin = concat([begin, bytes])
      const known = Math.min(begin.length, PREFACE.length)
      // A connection that begins otherwise is no HTTP/2 connection: it is closed, as gRPC servers do.
      if (!equalBytes(begin.subarray(0, known), PREFACE.subarray(0, known))) return
      if (begin.length < PREFACE.length) continue
      greeted = true
      bytes = begin.subarray(PREFACE.length)
      yield* tcp.write(encodeFrame({ type: FRAME.settings, flags: 0, stream: 0, payload: NO_BYTES }))
    }
    const frames = framesOf(reader, bytes)
    if (frames === null) return
    for (const frame of frames) {
      if (isSettings(frame)) yield* tcp.write(ack())
      if (frame.type === FRAME.headers) paths.set(frame.stream, headerOf(frame, ':path') ?? '')
      if (frame.type !== FRAME.data || (frame.flags & FLAG.endStream) === 0) continue
      const known = paths.get(frame.stream) === PATH
      yield* tcp.write(known ? answer(frame.stream, status(serviceOf(frame.payload))) : refusal(frame.stream))
    }
  }
}

function answer(stream: number, status: ServingStatus): Uint8Array {
  const head = encodeHeaders([
    [':status', '200'],
    ['content-type', 'application/grpc'],
  ])
  const body = message(Uint8Array.of(0x08, STATUS.indexOf(status)))
  const trailers = encodeHeaders([['grpc-status', String(OK)]])
  return concat([
    encodeFrame({ type: FRAME.headers, flags: FLAG.endHeaders, stream, payload: head }),
    encodeFrame({ type: FRAME.data, flags: 0, stream, payload: body }),
    encodeFrame({ type: FRAME.headers, flags: FLAG.endHeaders | FLAG.endStream, stream, payload: trailers }),
  ])
}

function refusal(stream: number): Uint8Array {
  const payload = encodeHeaders([
    ...([
      [':status', '200'],
      ['content-type', 'application/grpc'],
      ['grpc-status', String(UNIMPLEMENTED)],
    ] as const),
  ])
  return encodeFrame({ type: FRAME.headers, flags: FLAG.endHeaders | FLAG.endStream, stream, payload })
}

/** Null: what came is not HTTP/2. */
function framesOf(reader: FrameReader, bytes: Uint8Array): Http2Frame[] | null {
  try {
    return reader.push(bytes)
  } catch (error) {
    if (error instanceof Malformed) return null
    throw error
  }
}

function headerOf({ payload }: Http2Frame, name: string): string | null {
  try {
    return decodeHeaders(payload).find(([own]) => own === name)?.[1] ?? null
  } catch (error) {
    if (error instanceof Malformed) return null
    throw error
  }
}

function codeOf(frame: Http2Frame): number | null {
  const code = headerOf(frame, 'grpc-status')
  return code === null ? null : Number(code)
}

const isSettings = ({ type, flags }: Http2Frame): boolean => type === FRAME.settings && (flags & FLAG.ack) === 0
const ack = (): Uint8Array => encodeFrame({ type: FRAME.settings, flags: FLAG.ack, stream: 0, payload: NO_BYTES })

/** gRPC's frame: not compressed, then the length. */
const message = (body: Uint8Array): Uint8Array => concat([Uint8Array.of(0, 0, 0, 0, body.length), body])
/** A protobuf field of bytes; an empty one is left out. */
const field = (tag: number, value: Uint8Array): Uint8Array =>
  value.length === 0 ? NO_BYTES : concat([Uint8Array.of(tag, value.length), value])
const serviceOf = (payload: Uint8Array): string =>
  payload[5] === 0x0a ? text(payload.subarray(7, 7 + payload[6])) : ''
