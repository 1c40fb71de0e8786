import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import type { ServerConfig } from '../../tls/config.ts'
import { server } from '../../tls/server/start.ts'
import type { PodContext } from '../context.ts'
import { TlsBroken, TlsStream } from './stream.ts'

/** Hears every line of the key log; emulated secrets are nobody's. */
export type KeyLog = (line: string) => void

/** Steps that nobody records or hears are not made, but counted, so that recording changes no ids. */
export const stepsFor = ({ recording }: PodContext, heard: boolean) =>
  ({ trace: recording || heard ? 'told' : 'counted', secrets: true }) as const

/** A connection that was accepted becomes TLS; null where the handshake failed. `first`: what was read of it before. */
export type AcceptTls = (tcp: TcpStream, first?: Uint8Array | null) => Process<TlsStream | null>

/**
 * What a TLS server does to a connection that it accepted: its configuration is asked for anew each time, for certificates
 * change. A failed handshake ends the connection, quietly.
 */
export function acceptTls(context: PodContext, config: () => ServerConfig, keylog: KeyLog): AcceptTls {
  return function* (tcp, first = null) {
    const steps = stepsFor(context, false)
    const end = server({ ...config(), connection: tcp.remote.port, ...steps })
    const stream = new TlsStream(context, tcp, end, { keylog })
    try {
      yield* stream.handshake(first)
      return stream
    } catch (error) {
      if (error instanceof TlsBroken) return null
      throw error
    }
  }
}
