import { Malformed } from '../util/malformed.ts'
import { TlsError } from './alert.ts'
import { find } from './extension/build.ts'
import { alpn, serverName } from './extension/codecs.ts'
import { type Handshake, open } from './message/handshake.ts'
import { type ClientHello, clientHello } from './message/hello.ts'
import { CONTENT, HANDSHAKE } from './numbers.ts'
import { Deframer } from './record/deframer.ts'
import { Joiner } from './record/joiner.ts'

/** What a ClientHello tells everybody on the way, and an edge that routes by it. */
export interface HelloSeen {
  readonly serverName: string | null
  readonly alpn: readonly string[]
  readonly hello: ClientHello
}

const LIMIT = 0x10000

/** The ClientHello at the start of a connection: null while bytes are missing, `not TLS` for other protocols. */
export function peekHello(bytes: Uint8Array): HelloSeen | null | 'not TLS' {
  try {
    const [first] = handshakes(bytes)
    if (first === undefined) return null
    if (first.type !== HANDSHAKE.ClientHello) return 'not TLS'
    const hello = open(clientHello, first)
    return {
      serverName: find(hello.extensions, 'server_name', serverName),
      alpn: find(hello.extensions, 'application_layer_protocol_negotiation', alpn) ?? [],
      hello,
    }
  } catch (error) {
    if (error instanceof Malformed || error instanceof TlsError) return 'not TLS'
    throw error
  }
}

/** Whole handshake messages in the plaintext records at the start. Throws `TlsError` and `Malformed`. */
function handshakes(bytes: Uint8Array): Handshake[] {
  const deframer = new Deframer()
  const joiner = new Joiner(LIMIT)
  const found: Handshake[] = []
  deframer.push(bytes)
  for (let record = deframer.next('plaintext'); record !== null; record = deframer.next('plaintext')) {
    if (record.type !== CONTENT.handshake) break
    joiner.push(record.payload)
    for (let message = joiner.next(); message !== null; message = joiner.next()) found.push(message)
  }
  return found
}
