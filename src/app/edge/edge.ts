import { SocketError } from '../../linux/socket/error.ts'
import type { Stream } from '../../linux/socket/stream.ts'
import type { Listener } from '../../linux/socket/tcp/listener.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import { type Process, wait } from '../../sim/process.ts'
import { nameMatches } from '../../tls/name.ts'
import { peekHello } from '../../tls/peek.ts'
import { concat } from '../../util/bytes.ts'
import type { PodContext } from '../context.ts'
import { CurlFailure } from '../curl/failure.ts'
import type { Upgrade } from '../curl/options.ts'
import type { AcceptTls } from '../tls/accept.ts'
import { TlsBroken } from '../tls/stream.ts'

/** Where connections for a host go, and who ends their TLS: the server behind, or the edge. */
export interface Route {
  readonly mode: 'passthrough' | 'terminate' | 'reencrypt'
  readonly host: string
  readonly backend: string
  readonly port: number
}

export interface EdgeOptions {
  readonly port: number
  readonly routes: readonly Route[]
  /** Ends TLS here. */
  readonly accept: AcceptTls
  /** Begins TLS towards a server behind. */
  readonly connect: Upgrade
}

const CHUNK = 65_536

/**
 * A layer 4 proxy at the edge, as HAProxy in tcp mode or a TCP router is one: it reads the name in the ClientHello and opens
 * a second connection. Passed through, the handshake is between client and server and the edge carries bytes it cannot
 * read; terminated, the edge has the certificate, and behind it goes plain text or (reencrypt) another TLS connection.
 */
export function serveEdge(context: PodContext, options: EdgeOptions): Listener {
  const serve = (tcp: TcpStream): void => {
    context.fork(connection(context, tcp, options), `connection ${tcp.remote.port}`)
  }
  return context.sockets.listen('any', options.port, serve, { noDelay: true })
}

function* connection(context: PodContext, tcp: TcpStream, options: EdgeOptions): Process {
  try {
    const first = yield* readHello(tcp)
    if (first === null) return
    const route = options.routes.find(({ host }) => first.name !== null && nameMatches(host, first.name)) ?? null
    if (route === null) {
      context.print(`no route for ${first.name ?? 'a client without SNI'}`)
      tcp.abort()
      return
    }
    context.print(`${first.name}: ${route.mode} to ${route.backend}:${route.port}`)
    if (route.mode === 'passthrough') yield* passthrough(context, tcp, first.bytes, route)
    else yield* terminate(context, tcp, first.bytes, route, options)
  } catch (error) {
    if (!(error instanceof SocketError || error instanceof TlsBroken || error instanceof CurlFailure)) throw error
    context.print(`closed: ${error.message}`)
  } finally {
    tcp.close()
  }
}

/** The bytes of a whole ClientHello, and the name in it. Null: the client said nothing that is TLS. */
function* readHello(tcp: TcpStream): Process<{ readonly bytes: Uint8Array; readonly name: string | null } | null> {
  let bytes: Uint8Array = new Uint8Array(0)
  for (;;) {
    const more = yield* tcp.read(CHUNK)
    if (more === null) return null
    bytes = concat([bytes, more])
    const seen = peekHello(bytes)
    if (seen === 'not TLS') return null
    if (seen !== null) return { bytes, name: seen.serverName }
  }
}

function* passthrough(context: PodContext, tcp: TcpStream, first: Uint8Array, route: Route): Process {
  const behind = yield* open(context, tcp, route)
  yield* behind.write(first)
  yield* splice(context, tcp, behind)
}

function* terminate(
  context: PodContext,
  tcp: TcpStream,
  first: Uint8Array,
  route: Route,
  { accept, connect }: EdgeOptions,
): Process {
  const front = yield* accept(tcp, first)
  if (front === null) return
  const behind = yield* open(context, tcp, route)
  if (route.mode === 'terminate') {
    yield* splice(context, front, behind)
    return
  }
  const url = {
    scheme: 'https',
    host: route.backend,
    port: route.port,
    target: '/',
    authority: `${route.backend}:${route.port}`,
  }
  const nobody = { talk: () => {}, tls: () => {} }
  yield* splice(context, front, yield* connect(behind, url, context, {}, nobody))
}

/** The second connection: what the client sent is its cause. */
function* open(context: PodContext, tcp: TcpStream, { backend, port }: Route): Process<TcpStream> {
  const found = yield* context.names.resolve(backend)
  if (found.kind !== 'found') throw new SocketError('EHOSTUNREACH', `resolve ${backend}`)
  return yield* context.sockets.connect(found.addresses[0], port, { noDelay: true, cause: tcp.cause })
}

/** Carries bytes both ways until both sides have ended. */
function* splice(context: PodContext, front: Stream, behind: Stream): Process {
  const back = context.fork(pump(behind, front), 'answers')
  try {
    yield* pump(front, behind)
    if (back.outcome === null) yield* wait(back.ended)
  } finally {
    back.kill()
    front.close()
    behind.close()
  }
}

/** An end that breaks takes the other with it, as a reset does. */
function* pump(from: Stream, to: Stream): Process {
  try {
    for (let bytes = yield* from.read(CHUNK); bytes !== null; bytes = yield* from.read(CHUNK)) yield* to.write(bytes)
    to.shutdown()
  } catch (error) {
    if (!(error instanceof SocketError || error instanceof TlsBroken || error instanceof CurlFailure)) throw error
    to.abort()
  }
}
