import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { TlsEvent } from '../trace/steps/tls.ts'
import { concat, fromHex, toHex } from '../util/bytes.ts'
import { aead13 } from './cipher/aead13.ts'
import { client } from './client/start.ts'
import { handshakeOf, open } from './message/handshake.ts'
import { clientHello } from './message/hello.ts'
import { newSessionTicket13 } from './message/small.ts'
import { CONTENT, EXTENSION } from './numbers.ts'
import type { Output } from './output.ts'
import { trafficKeys } from './schedule/schedule13.ts'
import type { Session } from './session/session.ts'

const vectors = (section: number) =>
  JSON.parse(readFileSync(new URL(`../../test/vectors/rfc8448-${section}.json`, import.meta.url), 'utf8'))
const [first, v] = [vectors(3), vectors(4)]
const helloBytes = fromHex(`${v.messages.clientHelloPrefix}002120${v.messages.binder}`)
const hello = open(clientHello, handshakeOf(helloBytes))
const { ticket, ageAdd, lifetime } = open(newSessionTicket13, handshakeOf(fromHex(first.messages.newSessionTicket)))

/** The session that section 3 ended with; the client comes back 6 ms later (obfuscated_ticket_age less ticket_age_add). */
const session: Session = {
  version: 'TLS 1.3',
  suite: 'TLS_AES_128_GCM_SHA256',
  secret: fromHex(first.secrets.resumption),
  ticket,
  sessionId: new Uint8Array(0),
  lifetime,
  ageAdd,
  received: 1000,
  maxEarlyData: 1024,
  serverName: 'server',
  alpn: null,
  extendedMasterSecret: true,
}
const NOW = 1006
const draws = [hello.random, fromHex(v.clientPrivate)]

const end = client({
  random: { bytes: () => draws.shift()! },
  serverName: 'server',
  versions: ['TLS 1.3'],
  suites: ['TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_256_GCM_SHA384'],
  groups: ['x25519'],
  middleboxCompatibility: false,
  session,
  earlyData: true,
  judge: { judge: () => expect.fail('a resumption shows no certificate') },
  // The order of the trace, and what NSS offers beside; the PSK with its binder is the engine's own.
  shape: (drafted) => ({
    ...drafted,
    extensions: hello.extensions
      .filter(({ type }) => type !== EXTENSION.pre_shared_key)
      .map((wanted) =>
        wanted.type === EXTENSION.key_share ? drafted.extensions.find(({ type }) => type === wanted.type)! : wanted,
      ),
  }),
  trace: 'told',
  secrets: true,
})

const events = (outputs: readonly Output[]): readonly TlsEvent[] =>
  outputs.flatMap((output) => (output.kind === 'step' ? [output.event as TlsEvent] : []))
const derived = (outputs: readonly Output[], name: string): string | null | undefined =>
  events(outputs).flatMap((event) => (event.kind === 'tls-derivation' && event.output === name ? [event.value] : []))[0]

describe('the client of section 4', () => {
  const started = end.start(NOW)

  test('ClientHello, binder included, byte for byte', () => {
    const sent = started.find((output) => output.kind === 'send')
    expect(toHex(sent!.bytes.subarray(0, 517))).toBe(`1603010200${toHex(helloBytes)}`)
  })

  test.each([
    ['Early Secret', 'early'],
    ['resumption_binder', 'resumptionBinder'],
    ['client_early_traffic', 'clientEarlyTraffic'],
    ['early_exporter_master', 'earlyExporterMaster'],
  ])('%s', (name, vector) => {
    expect(derived(started, name)).toBe(v.secrets[vector])
  })

  test("the server's Finished verifies, and ours is the trace's", () => {
    const record = (type: number, payload: Uint8Array): Uint8Array =>
      concat([Uint8Array.of(type, 3, 3, payload.length >>> 8, payload.length), payload])
    const answered = end.receive(record(CONTENT.handshake, fromHex(v.messages.serverHello)), NOW)
    const secret = fromHex(derived(answered, 'server_handshake_traffic')!)
    const protection = aead13('AES-128-GCM', trafficKeys('sha256', secret, '', 16, null))
    const flight = fromHex(v.messages.encryptedExtensions + v.messages.serverFinished)
    const { payload } = protection.seal(0, CONTENT.handshake, flight, 0)
    const finished = end.receive(record(CONTENT.applicationData, payload), NOW)
    const sent = events(finished).flatMap((event) =>
      event.kind === 'tls-message' && event.direction === 'sent' ? [event.bytes] : [],
    )
    expect(sent).toEqual([v.messages.endOfEarlyData, v.messages.clientFinished])
    expect(finished).toContainEqual(expect.objectContaining({ kind: 'connected' }))
    expect(end.at).toBe('CONNECTED')
  })
})
