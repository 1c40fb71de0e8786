import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import { peekHello } from '../../tls/peek.ts'
import { concat } from '../../util/bytes.ts'

/** What a client says first. The bytes were taken from TCP: whoever goes on with the connection gets them. */
export type FirstWords =
  /** A whole ClientHello, and the name in it. */
  | { readonly kind: 'hello'; readonly bytes: Uint8Array; readonly name: string | null }
  | { readonly kind: 'not TLS'; readonly bytes: Uint8Array }
  | { readonly kind: 'nothing' }

export const CHUNK = 65_536

/** Reads up to the end of the ClientHello, as an edge does that routes by it. */
export function* readHello(tcp: TcpStream): Process<FirstWords> {
  let bytes: Uint8Array = new Uint8Array(0)
  for (;;) {
    const more = yield* tcp.read(CHUNK)
    if (more === null) return bytes.length === 0 ? { kind: 'nothing' } : { kind: 'not TLS', bytes }
    bytes = concat([bytes, more])
    const seen = peekHello(bytes)
    if (seen === 'not TLS') return { kind: 'not TLS', bytes }
    if (seen !== null) return { kind: 'hello', bytes, name: seen.serverName }
  }
}
