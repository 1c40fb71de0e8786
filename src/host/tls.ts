import { randomBytes } from 'node:crypto'
import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { client } from '../tls/client/start.ts'
import type { ClientConfig, ServerConfig } from '../tls/config.ts'
import type { Connection } from '../tls/connection.ts'
import type { Connected, Output } from '../tls/output.ts'
import type { Random } from '../tls/random.ts'
import { server } from '../tls/server/start.ts'
import { TlsSocket } from './tls-socket.ts'

/** The operating system's. */
export const systemRandom: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) }

export interface Hooks {
  /** Hears of every output, before it is acted on: steps, sessions, key log lines. */
  readonly onOutput?: (output: Output) => void
}

export interface ConnectOptions extends Hooks {
  readonly host: string
  readonly port: number
  /** Gives up connecting and the handshake. */
  readonly signal?: AbortSignal
  /** Sent with the first flight where the session allows it; 0-RTT data may be replayed. */
  readonly early?: Uint8Array
}

/** Connects a client; the promise settles with the handshake. Rejects with `TlsFailure`, or the socket's error. */
export async function connectTls(config: ClientConfig, options: ConnectOptions): Promise<TlsSocket> {
  const { host, port, signal } = options
  const socket = dial({ host, port, noDelay: true })
  signal?.addEventListener('abort', () => socket.destroy(new Error('timed out')))
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return started(socket, client(config), options, options.early ?? null)
}

/** A server's end on a socket that someone else accepted. */
export function acceptTls(socket: Socket, config: ServerConfig, hooks: Hooks = {}): Promise<TlsSocket> {
  return started(socket, server(config), hooks, null)
}

async function started(socket: Socket, end: Connection, hooks: Hooks, early: Uint8Array | null): Promise<TlsSocket> {
  const tls = new TlsSocket(socket, end, hooks.onOutput ?? (() => {}))
  tls.start(early)
  await tls.connected
  return tls
}

export interface ServeOptions extends Hooks {
  /** 127.0.0.1 unless told otherwise. */
  readonly host?: string
  /** 0 (the default) takes any free one. */
  readonly port?: number
  /** A connection that failed, in its handshake or after. */
  readonly onFailure?: (error: Error, socket: Socket) => void
  /** Hears of each connection's own outputs. */
  readonly hooks?: (socket: Socket) => Hooks
}

export interface Serving {
  readonly port: number
  close(): Promise<void>
}

/** Serves; `handle` gets each connection whose handshake went well. A failing `handle` ends its connection only. */
export async function serveTls(
  config: ServerConfig,
  handle: (tls: TlsSocket, connected: Connected) => void | Promise<void>,
  options: ServeOptions = {},
): Promise<Serving> {
  const sockets = new Set<Socket>()
  const failed = options.onFailure ?? (() => {})
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    acceptTls(socket, config, options.hooks?.(socket) ?? options)
      .then(async (tls) => handle(tls, await tls.connected))
      .catch((error: Error) => {
        socket.destroy()
        failed(error, socket)
      })
  })
  await new Promise<void>((resolve, reject) =>
    listener.once('error', reject).listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve),
  )
  return { port: portOf(listener), close: () => closed(listener, sockets) }
}

function portOf(listener: Server): number {
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('listener: expected a TCP address')
  return address.port
}

function closed(listener: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy()
  return new Promise((resolve) => listener.close(() => resolve()))
}
