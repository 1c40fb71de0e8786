import { SocketError } from '../../linux/socket/error.ts'
import type { Listener } from '../../linux/socket/tcp/listener.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import { nameMatches } from '../../tls/name.ts'
import type { PodContext } from '../context.ts'
import type { Upgrade } from '../curl/options.ts'
import type { AcceptTls } from '../tls/accept.ts'
import { readHello } from './hello.ts'
import { isBroken, splice } from './splice.ts'

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
    if (first.kind !== 'hello') return
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
    if (!isBroken(error)) throw error
    context.print(`closed: ${error.message}`)
  } finally {
    tcp.close()
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
  const nobody = { talk: null, tls: () => {} }
  yield* splice(context, front, yield* connect(behind, url, context, {}, nobody))
}

/** The second connection: what the client sent is its cause. */
function* open(context: PodContext, tcp: TcpStream, { backend, port }: Route): Process<TcpStream> {
  const found = yield* context.names.resolve(backend)
  if (found.kind !== 'found') throw new SocketError('EHOSTUNREACH', `resolve ${backend}`)
  return yield* context.sockets.connect(found.addresses[0], port, { noDelay: true, cause: tcp.cause })
}
