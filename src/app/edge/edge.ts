import type { Listener } from '../../linux/socket/tcp/listener.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import { nameMatches } from '../../tls/name.ts'
import type { PodContext } from '../context.ts'
import type { Upgrade } from '../curl/options.ts'
import type { AcceptTls } from '../tls/accept.ts'
import { addressBehind, secureBehind } from './behind.ts'
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
  const { backend: host, port } = route
  yield* splice(
    context,
    front,
    yield* secureBehind(context, behind, connect, { host, port, authority: `${host}:${port}` }),
  )
}

/** The second connection: what the client sent is its cause. */
function* open(context: PodContext, tcp: TcpStream, { backend, port }: Route): Process<TcpStream> {
  const address = yield* addressBehind(context, backend)
  return yield* context.sockets.connect(address, port, { noDelay: true, cause: tcp.cause })
}
