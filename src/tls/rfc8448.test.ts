import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { digest } from '../pki/digest.ts'
import { parsePublicKey, type Signer } from '../pki/keys.ts'
import type { TlsEvent } from '../trace/steps/tls.ts'
import { fromHex, text, toHex } from '../util/bytes.ts'
import { aead13 } from './cipher/aead13.ts'
import { client } from './client/start.ts'
import type { Extension } from './extension/extension.ts'
import { x25519 } from './group/x25519.ts'
import { certificate13, certificateVerify } from './message/certificate.ts'
import { handshake, handshakeOf, open } from './message/handshake.ts'
import { clientHello, serverHello } from './message/hello.ts'
import { encryptedExtensions, newSessionTicket13 } from './message/small.ts'
import { CONTENT, EXTENSION } from './numbers.ts'
import type { Output } from './output.ts'
import { emptyHash } from './schedule/hkdf.ts'
import { type DerivedSecret, resumptionPsk, Stage, trafficKeys } from './schedule/schedule13.ts'
import { server } from './server/start.ts'

const v = JSON.parse(readFileSync(new URL('../../test/vectors/rfc8448-3.json', import.meta.url), 'utf8'))
const bytes = (hex: string): Uint8Array => fromHex(hex)
const messages = Object.fromEntries(
  Object.entries<string>(v.messages).map(([name, hex]) => [name, handshakeOf(bytes(hex))]),
)
const hello = open(clientHello, messages.clientHello)

/** Gives out what the trace drew, in order. */
function drawn(...parts: readonly Uint8Array[]) {
  const queue = [...parts]
  return {
    bytes(length: number): Uint8Array {
      const next = queue.shift()
      if (next?.length !== length) throw new Error(`the trace draws ${next?.length} bytes here, not ${length}`)
      return next
    },
  }
}

describe('the key schedule of section 3', () => {
  const early = Stage.early('sha256', null, null)
  const handshakeStage = early.handshake(bytes(v.shared))
  const master = handshakeStage.master()
  const upTo = (...names: string[]): Uint8Array =>
    digest('sha256', Buffer.concat(names.map((name) => messages[name].bytes)))
  const flight = [
    'clientHello',
    'serverHello',
    'encryptedExtensions',
    'certificate',
    'certificateVerify',
    'serverFinished',
  ]

  test('the shared secret, from either side', () => {
    const [a, b] = [bytes(v.clientPrivate), bytes(v.serverPrivate)].map((key) => x25519.generate(drawn(key)))
    expect([toHex(a.share), toHex(b.share)]).toEqual([v.clientPublic, v.serverPublic])
    expect([a.agree(b.share), b.agree(a.share)].map((s) => toHex(s!))).toEqual([v.shared, v.shared])
  })

  test('stages', () => {
    expect(toHex(early.secret)).toBe(v.secrets.early)
    expect(toHex(handshakeStage.secret)).toBe(v.secrets.handshake)
    expect(toHex(master.secret)).toBe(v.secrets.master)
  })

  const cases: readonly (readonly [DerivedSecret, Stage, Uint8Array, string])[] = [
    ['client_handshake_traffic', handshakeStage, upTo('clientHello', 'serverHello'), 'clientHandshakeTraffic'],
    ['server_handshake_traffic', handshakeStage, upTo('clientHello', 'serverHello'), 'serverHandshakeTraffic'],
    ['client_application_traffic_0', master, upTo(...flight), 'clientApplicationTraffic'],
    ['server_application_traffic_0', master, upTo(...flight), 'serverApplicationTraffic'],
    ['exporter_master', master, upTo(...flight), 'exporterMaster'],
    ['resumption_master', master, upTo(...flight, 'clientFinished'), 'resumptionMaster'],
  ]
  test.each(cases)('%s', (name, stage, transcript, vector) => {
    expect(toHex(stage.derive(name, transcript))).toBe(v.secrets[vector])
  })

  test.each(Object.keys(v.keys))('traffic keys of %s', (name) => {
    const { key, iv } = trafficKeys('sha256', bytes(v.secrets[name]), name, 16, null)
    expect({ key: toHex(key), iv: toHex(iv) }).toEqual(v.keys[name])
  })

  test('the PSK of the ticket', () => {
    const { nonce } = open(newSessionTicket13, messages.newSessionTicket)
    const psk = resumptionPsk('sha256', bytes(v.secrets.resumptionMaster), nonce, null)
    expect(toHex(psk)).toBe(v.secrets.resumption)
    expect(toHex(Stage.early('sha256', psk, null).derive('resumption_binder', emptyHash('sha256')))).toBe(
      '69fe131a3bbad5d63c64eebcc30e395b9d8107726a13d074e389dbc8a4e47256',
    )
  })
})

test('messages read and written back are the same bytes', () => {
  const again = [
    handshake('ClientHello', clientHello, hello),
    handshake('ServerHello', serverHello, open(serverHello, messages.serverHello)),
    handshake('EncryptedExtensions', encryptedExtensions, open(encryptedExtensions, messages.encryptedExtensions)),
    handshake('Certificate', certificate13, open(certificate13, messages.certificate)),
    handshake('CertificateVerify', certificateVerify, open(certificateVerify, messages.certificateVerify)),
    handshake('NewSessionTicket', newSessionTicket13, open(newSessionTicket13, messages.newSessionTicket)),
  ].map((message) => toHex(message.bytes))
  const names = [
    'clientHello',
    'serverHello',
    'encryptedExtensions',
    'certificate',
    'certificateVerify',
    'newSessionTicket',
  ]
  expect(again).toEqual(names.map((name) => v.messages[name]))
})

const publicKey = parsePublicKey(spkiOf(open(certificate13, messages.certificate).entries[0].data))

/** The SubjectPublicKeyInfo lies at a known place in the trace's certificate: it is 162 bytes, 30819f. */
function spkiOf(certificate: Uint8Array): Uint8Array {
  const at = Buffer.from(certificate).indexOf('30819f300d06092a864886f70d010101', 'hex')
  return certificate.subarray(at, at + 162)
}

/** PSS salts are not in the trace, so its signature is given out. */
const signer: Signer = {
  publicKey,
  schemes: ['rsa_pss_rsae_sha256'],
  sign: () => open(certificateVerify, messages.certificateVerify).signature,
  signWith: () => new Uint8Array(0),
  decryptRaw: () => new Uint8Array(0),
}

function tracesClient() {
  return client({
    random: drawn(hello.random, bytes(v.clientPrivate)),
    serverName: 'server',
    versions: ['TLS 1.3'],
    suites: ['TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_256_GCM_SHA384'],
    groups: ['x25519', 'secp256r1', 'secp384r1'],
    signatureSchemes: ['rsa_pss_rsae_sha256'],
    recordSizeLimit: 16385,
    middleboxCompatibility: false,
    // The order, and what NSS offers beside: more groups, more schemes.
    shape: (drafted) => ({
      ...drafted,
      extensions: hello.extensions.map(
        (wanted): Extension =>
          [EXTENSION.key_share, EXTENSION.server_name, EXTENSION.supported_versions].some(
            (type) => type === wanted.type,
          )
            ? drafted.extensions.find(({ type }) => type === wanted.type)!
            : wanted,
      ),
    }),
    judge: {
      judge: ({ chain }) => ({ ok: true, key: parsePublicKey(spkiOf(chain[0])), detail: null, events: [] }),
    },
    trace: 'told',
    secrets: true,
  })
}

function tracesServer() {
  return server({
    random: drawn(open(serverHello, messages.serverHello).random, bytes(v.serverPrivate)),
    groups: ['x25519'],
    recordSizeLimit: 16385,
    identities: [{ chain: [open(certificate13, messages.certificate).entries[0].data], signer }],
    shape: () => open(encryptedExtensions, messages.encryptedExtensions),
    trace: 'told',
    secrets: true,
  })
}

const record = (type: number, version: number, payload: string): string =>
  toHex(Uint8Array.of(type, version >>> 8, version, payload.length >>> 9, payload.length / 2)) + payload

const sent = (outputs: readonly Output[]): string =>
  toHex(Buffer.concat(outputs.flatMap((output) => (output.kind === 'send' ? [output.bytes] : []))))

const events = (outputs: readonly Output[]): readonly TlsEvent[] =>
  outputs.flatMap((output) => (output.kind === 'step' ? [output.event as TlsEvent] : []))

describe('the engines of section 3, byte for byte', () => {
  const a = tracesClient()
  const b = tracesServer()
  const helloRecord = record(CONTENT.handshake, 0x0301, v.messages.clientHello)
  const flight = record(CONTENT.handshake, 0x0303, v.messages.serverHello) + v.records.serverFlight

  test('handshake', () => {
    const first = a.start(0)
    expect(sent(first)).toBe(helloRecord)
    const answer = b.receive(bytes(helloRecord), 0)
    expect(sent(answer)).toBe(flight)
    const finish = a.receive(bytes(flight), 0)
    expect(sent(finish)).toBe(v.records.clientFinished)
    const done = b.receive(bytes(v.records.clientFinished), 0)
    expect([a.at, b.at]).toEqual(['CONNECTED', 'CONNECTED'])
    for (const outputs of [finish, done]) {
      expect(outputs.find(({ kind }) => kind === 'connected')).toMatchObject({
        connected: { version: 'TLS 1.3', suite: 'TLS_AES_128_GCM_SHA256', group: 'x25519', serverName: 'server' },
      })
    }
    const derived = new Map(
      events(answer).flatMap((event) => (event.kind === 'tls-derivation' ? [[event.output, event.value]] : [])),
    )
    expect(derived.get('client_handshake_traffic')).toBe(v.secrets.clientHandshakeTraffic)
    expect(derived.get('server_handshake_traffic key')).toBe(v.keys.serverHandshakeTraffic.key)
    expect(derived.get('Master Secret')).toBe(v.secrets.master)
    expect(derived.get('exporter_master')).toBe(v.secrets.exporterMaster)
  })

  test('ticket, data both ways, alerts both ways', () => {
    const ticket = a.receive(bytes(v.records.newSessionTicket), 0)
    expect(ticket.find(({ kind }) => kind === 'session')).toMatchObject({
      session: { secret: bytes(v.secrets.resumption), maxEarlyData: 1024, lifetime: 30, ageAdd: 0xfad6aac5 },
    })
    expect(sent(a.write(bytes(v.payload)))).toBe(v.records.clientData)
    const heard = b.receive(bytes(v.records.clientData), 0)
    expect(heard.find(({ kind }) => kind === 'data')).toEqual({
      kind: 'data',
      bytes: bytes(v.payload),
      early: false,
    })
    expect(sent(a.close())).toBe(v.records.clientAlert)
    expect(b.receive(bytes(v.records.clientAlert), 0)).toContainEqual({ kind: 'closed', how: 'close_notify' })
  })

  test("the server's records under application keys, the ticket before them", () => {
    const { key, iv } = v.keys.serverApplicationTraffic
    const protection = aead13('AES-128-GCM', { key: bytes(key), iv: bytes(iv) })
    const seal = (sequence: number, type: number, content: string): string => {
      const { payload } = protection.seal(sequence, type, bytes(content), 0)
      return record(CONTENT.applicationData, 0x0303, toHex(payload))
    }
    expect(seal(0, CONTENT.handshake, v.messages.newSessionTicket)).toBe(v.records.newSessionTicket)
    expect(seal(1, CONTENT.applicationData, v.payload)).toBe(v.records.serverData)
    expect(seal(2, CONTENT.alert, '0100')).toBe(v.records.serverAlert)
  })
})

test('a step tells the fields of a message with their places', () => {
  const [message] = events(tracesClient().start(0)).filter((event) => event.kind === 'tls-message')
  const fields = message.kind === 'tls-message' ? message.fields : []
  expect(fields.find(({ field }) => field === 'random')).toEqual({
    of: 'ClientHello',
    field: 'random',
    offset: 6,
    length: 32,
    value: toHex(hello.random),
  })
  const host = fields.find(({ field }) => field === 'host_name')!
  expect(host).toMatchObject({ of: 'server_name', name: 'server' })
  expect(text(messages.clientHello.bytes.subarray(host.offset, host.offset + host.length))).toBe('server')
  expect(fields.filter(({ field }) => field === 'cipher_suite').map(({ name }) => name)).toEqual([
    'TLS_AES_128_GCM_SHA256',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_256_GCM_SHA384',
  ])
})
