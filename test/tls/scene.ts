import { expect } from 'vitest'
import { emulatedSigner, generateKey, parsePublicKey } from '../../src/pki/keys.ts'
import type { AlertName } from '../../src/tls/alert.ts'
import { client } from '../../src/tls/client/start.ts'
import type { ClientConfig, ServerConfig } from '../../src/tls/config.ts'
import type { Connection } from '../../src/tls/connection.ts'
import { extension } from '../../src/tls/extension/build.ts'
import { offeredPsks, selectedVersion, serverShare } from '../../src/tls/extension/codecs.ts'
import type { Extension } from '../../src/tls/extension/extension.ts'
import type { CertificateJudge } from '../../src/tls/judge.ts'
import { Loopback } from '../../src/tls/loopback.ts'
import { handshake, handshakeOf, open } from '../../src/tls/message/handshake.ts'
import {
  type ClientHello,
  clientHello,
  RETRY_RANDOM,
  type ServerHello,
  serverHello,
} from '../../src/tls/message/hello.ts'
import { CONTENT, EXTENSION, type ExtensionName, type HandshakeName } from '../../src/tls/numbers.ts'
import type { Output } from '../../src/tls/output.ts'
import { server } from '../../src/tls/server/start.ts'
import { ReplayGuard } from '../../src/tls/session/replay.ts'
import { TicketSealer } from '../../src/tls/session/ticket.ts'
import type { TlsRole } from '../../src/trace/steps/tls.ts'
import { type Codec, utf8 } from '../../src/util/bytes.ts'
import { Rng } from '../../src/util/rng.ts'
import { type Change, changing, Insider, messagesOf } from '../support/insider.ts'

export const rng = new Rng('every alert')
export const accepting: CertificateJudge = {
  judge: ({ chain }) => ({ ok: true, key: parsePublicKey(chain[0]), detail: null, events: [] }),
}
export const key = generateKey('p-256', rng)
export const identity = { chain: [key.public.spki], signer: emulatedSigner(key, rng) }
export const NOTHING = new Uint8Array(0)
export const HASH = new Uint8Array(32)

export interface Scene {
  readonly c?: Partial<ClientConfig>
  readonly s?: Partial<ServerConfig>
  /** What the one in the middle does while the handshake runs. */
  readonly change?: Change
  /** What the client adds to its first flight. */
  readonly early?: (end: Connection) => readonly Output[]
  /** What happens once both are connected. */
  readonly after?: (run: Loopback, insider: Insider) => void
}

export function play({ c, s, change = () => null, early: first = () => [], after }: Scene): Loopback {
  const insider = new Insider(change)
  const common = { random: rng, groups: ['x25519'], suites: SUITES, trace: 'told' as const, keylog: true }
  const run = new Loopback(
    client({ ...common, serverName: 'web.test', judge: accepting, ...c }),
    server({ ...common, identities: [identity], ...s }),
    NOW,
    insider.wire,
  )
  insider.run = run
  const hello = run.client.start(NOW)
  run.feed('client', [...hello, ...first(run.client)])
  if (after === undefined) return run
  expect([run.client.at, run.server.at]).toEqual(['CONNECTED', 'CONNECTED'])
  for (const role of ['client', 'server'] as const) run.feed(role, run[role].write(utf8('hello')))
  after(run, insider)
  return run
}
export const NOW = 1_000_000
export const SUITES = ['TLS_AES_128_GCM_SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256']

/** Shows one end a record that its peer did not send. */
export const show =
  (to: TlsRole, type: number, content: Uint8Array, padding = 0): Scene['after'] =>
  (run, insider) => {
    run.feed(to, run[to].receive(insider.seal(to === 'client' ? 'server' : 'client', type, content, padding), NOW))
  }
export const say = (to: TlsRole, name: HandshakeName, codec: Codec<unknown>, value: unknown): Scene['after'] =>
  show(to, CONTENT.handshake, handshake(name, codec, value).bytes)

/** The message, decoded, changed and written anew. */
export const remade =
  <T>(name: HandshakeName, codec: Codec<T>, edit: (value: T) => T) =>
  (bytes: Uint8Array): readonly Uint8Array[] => [handshake(name, codec, edit(open(codec, handshakeOf(bytes)))).bytes]
export const serverHellos = (edit: (hello: ServerHello) => ServerHello, nth = 0): Change =>
  changing('server', 'ServerHello', remade('ServerHello', serverHello, edit), nth)
export const clientHellos = (edit: (hello: ClientHello) => ClientHello, nth = 0): Change =>
  changing('client', 'ClientHello', remade('ClientHello', clientHello, edit), nth)
export const encrypted = (...extensions: Extension[]): Scene => ({ s: { shape: () => extensions } })

export type Extended = { readonly extensions: readonly Extension[] }
export const without =
  (...names: ExtensionName[]) =>
  <T extends Extended>(hello: T): T => ({
    ...hello,
    extensions: hello.extensions.filter(({ type }) => !names.some((name) => EXTENSION[name] === type)),
  })
export const plus =
  (...extensions: Extension[]) =>
  <T extends Extended>(hello: T): T => ({ ...hello, extensions: [...hello.extensions, ...extensions] })
/** In the place of the one of that type. */
export const instead =
  (by: Extension) =>
  <T extends Extended>(hello: T): T => ({
    ...hello,
    extensions: hello.extensions.map((one) => (one.type === by.type ? by : one)),
  })
export const withVersion = (version: number) => (hello: ClientHello) => ({
  ...without('supported_versions')(hello),
  version,
})
export const share = (group: number, length = 32): Extension =>
  extension('key_share', serverShare, { group, keyExchange: new Uint8Array(length).fill(9) })

/** A server that wants another share than it is sent. */
export const RETRIED = { c: { groups: ['secp256r1', 'x25519'], keyShares: ['secp256r1'] } } as const
export const retryOf = (hello: ServerHello, ...extensions: Extension[]): ServerHello => ({
  ...hello,
  random: RETRY_RANDOM,
  extensions: [extension('supported_versions', selectedVersion, 0x0304), ...extensions],
})
export const [X25519, P256] = [0x1d, 0x17]

/** A client that holds a ticket, and the server that gave it. */
export function returning(more: Partial<ServerConfig> = {}): { c: Partial<ClientConfig>; s: Partial<ServerConfig> } {
  const s = { tickets: new TicketSealer(rng), maxEarlyData: 100, replay: new ReplayGuard(), ...more }
  const session = play({ s }).find('client', 'session')!.session
  return { c: { session }, s }
}
export const psks = (
  edit: (offer: { identities: readonly object[]; binders: readonly Uint8Array[] }) => object,
): Change =>
  clientHellos((hello) => {
    const last = hello.extensions[hello.extensions.length - 1]
    expect(last.type).toBe(EXTENSION.pre_shared_key)
    const offer = open(offeredPsks, { type: 0, body: last.data, bytes: last.data })
    return instead(extension('pre_shared_key', offeredPsks, edit(offer) as typeof offer))(hello)
  })

export const flipped = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte))
export const judging = (alert: AlertName): CertificateJudge => ({
  judge: () => ({ ok: false, alert, reason: 'as the judge says', rfc: 'RFC 5280 6.1', detail: null, events: [] }),
})
export const ASKING = { s: { clientAuth: 'require', judge: accepting }, c: { identities: [identity] } } as const

export interface Row {
  readonly alert: AlertName
  /** Who sends it. */
  readonly by: TlsRole
  readonly rfc: string
  readonly what: string
  readonly scene: Scene
}

/** Scenes by `RFC 8446 4.1.3: what is wrong`, which all end in one alert by one side. */
export const rows = (alert: AlertName, by: TlsRole, scenes: Readonly<Record<string, Scene>>): readonly Row[] =>
  Object.entries(scenes).map(([name, scene]) => {
    const [, rfc, what] = /^(RFC \d+ [\d.]+): (.*)$/.exec(name)!
    return { alert, by, rfc, what, scene }
  })

export function helloOf(run: Loopback): Uint8Array {
  const [sent] = run.outputs.client.flatMap((output) => (output.kind === 'send' ? [output.bytes] : []))
  return messagesOf(sent.subarray(5))[0]
}

/** A record before the first protected one of that side. */
export function sooner(from: TlsRole, type: number, content: Uint8Array): Change {
  return (piece) =>
    piece.from === from && piece.epoch === 'handshake' && piece.n === 0 ? [{ type, content }, {}] : null
}

/** The message, its length and body one byte longer. */
export function longer(message: Uint8Array): Uint8Array {
  const length = message.length - 3
  return Uint8Array.of(message[0], 0, length >>> 8, length, ...message.subarray(4), 0)
}

/** A client that says something in its first flight. */
export function early(write: (end: Connection) => readonly Output[]): Scene {
  const { c, s } = returning()
  return { c: { ...c, earlyData: true }, s, early: write }
}
