import { describe, expect, test } from 'vitest'
import { client } from '../../src/tls/client/start.ts'
import { extension, find } from '../../src/tls/extension/build.ts'
import { clientShares, cookie, selectedVersion } from '../../src/tls/extension/codecs.ts'
import { Loopback } from '../../src/tls/loopback.ts'
import { handshake, handshakeOf, open } from '../../src/tls/message/handshake.ts'
import { clientHello, RETRY_RANDOM, serverHello } from '../../src/tls/message/hello.ts'
import { CONTENT } from '../../src/tls/numbers.ts'
import { server } from '../../src/tls/server/start.ts'
import { concat, fromHex, utf8 } from '../../src/util/bytes.ts'
import type { Change, Piece, Replacement } from '../support/insider.ts'
import { messagesOf } from '../support/insider.ts'
import { ASKING, accepting, early, identity, NOW, play, RETRIED, returning, rng, type Scene } from './scene.ts'

const V12 = { versions: ['TLS 1.2'], groups: ['x25519', 'secp256r1'] } as const
const SCENES: readonly (readonly [string, () => Scene])[] = [
  ['TLS 1.3', () => ({})],
  ['a HelloRetryRequest', () => RETRIED],
  ['client certificates', () => ASKING],
  ['resumption', () => returning()],
  ['TLS 1.2', () => ({ c: V12, s: V12 })],
]

function expectTalk(run: Loopback): void {
  expect([run.find('client', 'failed'), run.find('server', 'failed')]).toEqual([undefined, undefined])
  run.feed('client', run.client.write(utf8('ping'))).feed('server', run.server.write(utf8('pong')))
  expect([run.received('server'), run.received('client')].map(String)).toEqual(['ping', 'pong'])
}

/** Each handshake record in pieces of that size. */
const cut =
  (size: number): Change =>
  ({ type, content }) => {
    if (type !== CONTENT.handshake) return null
    const pieces: Replacement[] = []
    for (let at = 0; at < content.length; at += size) pieces.push({ content: content.subarray(at, at + size) })
    return pieces
  }

describe.each(SCENES)('%s', (_name, scene) => {
  test.each([1, 3, 4, 5, 100])('goes well with handshake messages in records of %i bytes', (size) => {
    expectTalk(play({ ...scene(), change: cut(size) }))
  })

  test('goes well with each message in a record of its own', () => {
    expectTalk(
      play({
        ...scene(),
        change: ({ type, content }) =>
          type === CONTENT.handshake ? messagesOf(content).map((message) => ({ content: message })) : null,
      }),
    )
  })

  test.each([1, 255, 4000])('goes well with %i bytes of padding in each protected record', (padding) => {
    expectTalk(play({ ...scene(), change: ({ epoch }) => (epoch === 'plaintext' ? null : [{ padding }]) }))
  })

  test('goes well with empty records of data between others', () => {
    const run = play(scene())
    expectTalk(run)
    run.feed('client', run.client.write(new Uint8Array(0))).feed('client', run.client.write(utf8('!')))
    expect(String(run.received('server'))).toBe('ping!')
  })
})

test('a HelloRetryRequest that brings a cookie alone: the same shares again, and the cookie', () => {
  const end = client({ random: rng, serverName: 'web.test', judge: accepting, groups: ['x25519'] })
  const [first] = end.start(NOW)
  const hello = (bytes: Uint8Array) =>
    open(clientHello, handshakeOf(messagesOf(bytes.subarray(bytes.length - rest(bytes)))[0]))
  const one = hello(first.kind === 'send' ? first.bytes : new Uint8Array(0))
  const brought = utf8('a cookie')
  const request = handshake('ServerHello', serverHello, {
    version: 0x0303,
    random: RETRY_RANDOM,
    sessionId: one.sessionId,
    cipherSuite: 0x1301,
    compressionMethod: 0,
    extensions: [extension('supported_versions', selectedVersion, 0x0304), extension('cookie', cookie, brought)],
  })
  const record = concat([Uint8Array.of(22, 3, 3, request.bytes.length >>> 8, request.bytes.length), request.bytes])
  const [second] = end.receive(record, NOW)
  const two = hello(second.kind === 'send' ? second.bytes : new Uint8Array(0))
  expect(find(two.extensions, 'cookie', cookie)).toEqual(brought)
  expect(find(two.extensions, 'key_share', clientShares)).toEqual(find(one.extensions, 'key_share', clientShares))
  expect(end.at).toBe('WAIT_SH')
})

/** Length of the last record's payload: a change_cipher_spec may stand before it. */
function rest(bytes: Uint8Array): number {
  let at = 0
  let length = 0
  while (at < bytes.length) {
    length = (bytes[at + 3] << 8) | bytes[at + 4]
    at += 5 + length
  }
  return length
}

describe('early data that is lost to a HelloRetryRequest (RFC 8446 4.2.10)', () => {
  const junk = concat([fromHex('1703030028'), new Uint8Array(40)])
  /** Junk goes before the flight of that number that the client sends. */
  function retried(nth: number): Loopback {
    const { c, s } = returning()
    let flight = 0
    const run = new Loopback(
      client({ random: rng, serverName: 'web.test', judge: accepting, ...RETRIED.c, ...c, earlyData: true }),
      server({ random: rng, identities: [identity], groups: ['x25519'], ...s }),
      NOW,
      (from, bytes) => (from === 'client' && ++flight === nth ? [junk, bytes] : [bytes]),
    )
    return run.feed('client', [...run.client.start(NOW), ...run.client.writeEarly(utf8('0-RTT'))])
  }

  test('is passed over, by its type alone', () => {
    const run = retried(3)
    expectTalk(run)
    expect(run.find('server', 'connected')?.connected).toMatchObject({ earlyData: 'rejected', retried: true })
  })

  test('does not come after the second ClientHello: what does not open then is a bad_record_mac', () => {
    expect(retried(4).find('server', 'failed')).toMatchObject({ by: 'server', fault: { alert: 'bad_record_mac' } })
  })
})

describe('an alert in the clear (RFC 8446 A.1)', () => {
  const ALERT = { type: CONTENT.alert, content: Uint8Array.of(2, 42), bare: true } as const
  const ahead =
    (epoch: Piece['epoch'], nth: number): Change =>
    (piece) =>
      piece.from === 'client' && piece.epoch === epoch && piece.n === nth ? [ALERT, {}] : null
  const failed = (run: Loopback) => run.find('server', 'failed')

  test('is heard from a client that has not used its handshake keys yet, early data or not', () => {
    const heard = { by: 'client', fault: { alert: 'bad_certificate' } }
    expect(failed(play({ change: ahead('handshake', 0) }))).toMatchObject(heard)
    const run = play({ ...early((end) => end.writeEarly(utf8('0-RTT'))), change: ahead('early data', 1) })
    expect(failed(run)).toMatchObject(heard)
    expect(String(run.received('server'))).toBe('0-RTT')
  })

  test('is refused once it has', () => {
    const run = play({ after: (both) => both.feed('server', both.server.receive(fromHex('1503030002022a'), NOW)) })
    expect(failed(run)).toMatchObject({ by: 'server', fault: { alert: 'unexpected_message', rfc: 'RFC 8446 5.2' } })
  })
})
