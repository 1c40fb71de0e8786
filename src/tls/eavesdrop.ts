import { createHash } from 'node:crypto'
import type { Signer } from '../pki/keys.ts'
import { concat } from '../util/bytes.ts'
import { Malformed } from '../util/malformed.ts'
import { TlsError } from './alert.ts'
import { find } from './extension/build.ts'
import { alpn, serverName } from './extension/codecs.ts'
import { type Handshake, open } from './message/handshake.ts'
import { type ClientHello, clientHello, type ServerHello, serverHello } from './message/hello.ts'
import { rsaClientKeyExchange } from './message/key-exchange.ts'
import { CONTENT, HANDSHAKE, handshakeName } from './numbers.ts'
import type { Random } from './random.ts'
import { Deframer, type RawRecord } from './record/deframer.ts'
import { Joiner } from './record/joiner.ts'
import { extendedMasterSecret, masterSecret } from './schedule/prf12.ts'
import { type Suite, suiteOf } from './suite.ts'
import { protections12 } from './tls12/keys.ts'
import { decryptPremaster } from './tls12/rsa.ts'

/** What anybody on the way sees of one direction of a connection. */
interface Direction {
  /** Handshake messages before the keys. */
  readonly messages: readonly Handshake[]
  /** Records that nobody without keys can read. */
  readonly sealed: readonly RawRecord[]
}

/** What somebody on the way learns of a TLS connection. */
export interface Overheard {
  readonly serverName: string | null
  readonly alpn: readonly string[]
  readonly suite: Suite | null
  /** Names of the messages in the clear. */
  readonly plain: Readonly<Record<'client' | 'server', readonly string[]>>
  readonly sealed: Readonly<Record<'client' | 'server', { readonly records: number; readonly bytes: number }>>
  /** Of a Certificate in the clear: DER. */
  readonly chain: boolean
}

const MESSAGE_LIMIT = 0x10000

/** Reads both directions of a connection. Null: it is not TLS. */
export function overhear(client: Uint8Array, server: Uint8Array): Overheard | null {
  const both = directions(client, server)
  if (both === null) return null
  const hello = helloOf(both.client)
  if (hello === null) return null
  const sum = ({ sealed }: Direction) => ({
    records: sealed.length,
    bytes: sealed.reduce((all, { payload }) => all + payload.length, 0),
  })
  const names = ({ messages }: Direction): string[] => messages.map(({ type }) => handshakeName(type))
  return {
    serverName: find(hello.extensions, 'server_name', serverName),
    alpn: find(hello.extensions, 'application_layer_protocol_negotiation', alpn) ?? [],
    suite: suiteOf(answerOf(both.server)?.cipherSuite ?? 0),
    plain: { client: names(both.client), server: names(both.server) },
    sealed: { client: sum(both.client), server: sum(both.server) },
    chain: both.server.messages.some(({ type }) => type === HANDSHAKE.Certificate),
  }
}

/**
 * What the server's private key opens afterwards: with RSA key exchange (RFC 5246 7.4.7.1) all of it, for the premaster secret
 * travelled encrypted to that key; with ephemeral keys nothing, for the certificate's key only signed. Null: nothing.
 */
export function decryptLater(
  client: Uint8Array,
  server: Uint8Array,
  signer: Signer,
  random: Random,
): Readonly<Record<'client' | 'server', Uint8Array>> | null {
  const both = directions(client, server)
  const hello = both === null ? null : helloOf(both.client)
  const answer = both === null ? null : answerOf(both.server)
  const suite = suiteOf(answer?.cipherSuite ?? 0)
  const exchange = both?.client.messages.find(({ type }) => type === HANDSHAKE.ClientKeyExchange)
  if (both === null || hello === null || answer === null || suite?.exchange !== 'RSA' || exchange === undefined)
    return null
  const premaster = decryptPremaster(signer, open(rsaClientKeyExchange, exchange), hello.version, random)
  const extended = [hello, answer].every(({ extensions }) => has(extensions, 'extended_master_secret'))
  const hash = createHash(suite.hash)
  // RFC 7627 3: up to and with ClientKeyExchange, so without the server's ticket, which comes later.
  const [first, ...rest] = both.client.messages
  const flight = both.server.messages.filter(({ type }) => type !== HANDSHAKE.NewSessionTicket)
  const before = rest.slice(0, rest.indexOf(exchange) + 1)
  for (const { bytes } of [first, ...flight, ...before]) hash.update(bytes)
  const [clientRandom, serverRandom] = [hello.random, answer.random]
  const master = extended
    ? extendedMasterSecret(suite.hash, premaster, new Uint8Array(hash.digest()), null)
    : masterSecret(suite.hash, premaster, clientRandom, serverRandom, null)
  const encryptThenMac = [hello, answer].every(({ extensions }) => has(extensions, 'encrypt_then_mac'))
  const secrets = { suite, master, clientRandom, serverRandom, encryptThenMac }
  const keys = protections12({ listener: null, config: { random } }, secrets)
  const opened = (records: readonly RawRecord[], by: 'client' | 'server'): Uint8Array =>
    concat(
      records.flatMap(({ type, version, payload }, sequence) => {
        const record = keys[by].open(sequence, type, version, payload)
        return record !== null && type === CONTENT.applicationData ? [record.content] : []
      }),
    )
  return { client: opened(both.client.sealed, 'client'), server: opened(both.server.sealed, 'server') }
}

const has = (extensions: ClientHello['extensions'], name: 'extended_master_secret' | 'encrypt_then_mac'): boolean =>
  find(extensions, name, { name, read: () => true, write: () => {} }) !== null

function helloOf({ messages }: Direction): ClientHello | null {
  const [first] = messages
  return first?.type === HANDSHAKE.ClientHello ? open(clientHello, first) : null
}

function answerOf({ messages }: Direction): ServerHello | null {
  const found = messages.findLast(({ type }) => type === HANDSHAKE.ServerHello)
  return found === undefined ? null : open(serverHello, found)
}

function directions(client: Uint8Array, server: Uint8Array): Record<'client' | 'server', Direction> | null {
  try {
    return { client: direction(client), server: direction(server) }
  } catch (error) {
    if (error instanceof Malformed || error instanceof TlsError) return null
    throw error
  }
}

function direction(bytes: Uint8Array): Direction {
  const deframer = new Deframer()
  const joiner = new Joiner(MESSAGE_LIMIT)
  const messages: Handshake[] = []
  const sealed: RawRecord[] = []
  let keys = false
  deframer.push(bytes)
  for (let record = deframer.next('TLS 1.2'); record !== null; record = deframer.next('TLS 1.2')) {
    if (record.type === CONTENT.changeCipherSpec) keys = true
    else if (keys || record.type === CONTENT.applicationData) sealed.push(record)
    else if (record.type === CONTENT.handshake) {
      joiner.push(record.payload)
      for (let message = joiner.next(); message !== null; message = joiner.next()) messages.push(message)
    }
  }
  return { messages, sealed }
}
