import { describe, expect, test } from 'vitest'
import { emulatedSigner, generateKey } from '../../src/pki/keys.ts'
import type { ClientConfig, ServerConfig } from '../../src/tls/config.ts'
import { extension, find } from '../../src/tls/extension/build.ts'
import { ecPointFormats, renegotiationInfo } from '../../src/tls/extension/codecs.ts'
import { hasExtension } from '../../src/tls/extension/extension.ts'
import type { Loopback } from '../../src/tls/loopback.ts'
import { handshake, handshakeOf, open } from '../../src/tls/message/handshake.ts'
import { DOWNGRADE, type ServerHello, serverHello } from '../../src/tls/message/hello.ts'
import { nothing } from '../../src/tls/message/small.ts'
import { CONTENT } from '../../src/tls/numbers.ts'
import { SessionCache } from '../../src/tls/session/cache.ts'
import type { Session } from '../../src/tls/session/session.ts'
import { TicketSealer } from '../../src/tls/session/ticket.ts'
import { SCSV } from '../../src/tls/suite.ts'
import { concat, equalBytes, fromHex, utf8 } from '../../src/util/bytes.ts'
import { changing, messagesOf } from '../support/insider.ts'
import {
  accepting,
  clientHellos,
  flipped,
  identity,
  instead,
  NOTHING,
  play,
  plus,
  rng,
  type Scene,
  serverHellos,
  without,
} from './scene.ts'

const V12 = { versions: ['TLS 1.2'], groups: ['x25519', 'secp256r1'] } as const
const rsaKey = generateKey('rsa-2048', rng)
const RSA = { chain: [rsaKey.public.spki], signer: emulatedSigner(rsaKey, rng) }

const run12 = ({ c, s, ...rest }: Scene = {}): Loopback => play({ ...rest, c: { ...V12, ...c }, s: { ...V12, ...s } })

/** As the one has it who gave up. */
function failure(run: Loopback) {
  const failed = run.find('client', 'failed') ?? run.find('server', 'failed')
  return failed && run.find(failed.by, 'failed')
}

function answerOf(run: Loopback): ServerHello {
  const [sent] = run.outputs.server.flatMap((output) => (output.kind === 'send' ? [output.bytes] : []))
  return open(serverHello, handshakeOf(messagesOf(sent.subarray(5, 5 + ((sent[3] << 8) | sent[4])))[0]))
}

function expectTalk(run: Loopback): void {
  expect(failure(run)).toBe(undefined)
  run.feed('client', run.client.write(utf8('ping'))).feed('server', run.server.write(utf8('pong')))
  expect([run.received('server'), run.received('client')].map(String)).toEqual(['ping', 'pong'])
}

describe('secure renegotiation (RFC 5746)', () => {
  test('is offered empty and answered empty', () => {
    const run = run12()
    expectTalk(run)
    expect(find(answerOf(run).extensions, 'renegotiation_info', renegotiationInfo)).toEqual(NOTHING)
  })

  test('is answered to the signalling suite alone, and not where neither came', () => {
    const scsv = run12({
      c: {
        shape: (hello) => ({
          ...without('renegotiation_info')(hello),
          cipherSuites: [...hello.cipherSuites, SCSV.renegotiation],
        }),
      },
      // Our client did not offer the extension, so it would not take the answer.
      change: serverHellos(without('renegotiation_info')),
    })
    expect(hasExtension(answerOf(scsv).extensions, 'renegotiation_info')).toBe(true)
    const none = run12({ c: { shape: without('renegotiation_info') } })
    expect(hasExtension(answerOf(none).extensions, 'renegotiation_info')).toBe(false)
    expectTalk(none)
  })

  test.each(['client', 'server'] as const)('that is not empty in a first handshake is refused by a %s', (by) => {
    const info = extension('renegotiation_info', renegotiationInfo, fromHex('0102'))
    const run = run12({ change: by === 'client' ? serverHellos(instead(info)) : clientHellos(instead(info)) })
    const rfc = by === 'client' ? 'RFC 5746 3.4' : 'RFC 5746 3.6'
    expect(failure(run)).toMatchObject({ by, fault: { alert: 'handshake_failure', rfc } })
  })
})

describe('HelloRequest (RFC 5246 7.4.1.1)', () => {
  const REQUEST = handshake('HelloRequest', nothing, null).bytes
  /** Before each message that the server sends in the clear; two records where a message lies in two. */
  const everywhere: Scene['change'] = ({ from, type, content }) =>
    from === 'server' && type === CONTENT.handshake
      ? [{ content: concat(messagesOf(content).flatMap((message) => [REQUEST, message, REQUEST])) }]
      : null

  test('is ignored by a client that negotiates, and is no part of the transcript', () => {
    const s = { tickets: new TicketSealer(rng), clientAuth: 'require', judge: accepting } as const
    const c = { identities: [identity] }
    for (const versions of [['TLS 1.2'], ['TLS 1.3', 'TLS 1.2']] as const) {
      const run = run12({ c: { ...c, versions }, s, change: everywhere })
      expectTalk(run)
      const { session } = run.find('client', 'session')!
      const again = run12({ c: { ...c, versions, session }, s, change: everywhere })
      expectTalk(again)
      expect(again.find('client', 'connected')?.connected.resumed).toBe(true)
    }
  })

  test('comes where TLS 1.3 was settled, or alone offered: refused', () => {
    const change = changing('server', 'ServerHello', (m) => [REQUEST, m])
    const versions = ['TLS 1.3'] as const
    expect(failure(play({ c: { versions }, change }))).toMatchObject({
      by: 'client',
      fault: { alert: 'unexpected_message' },
    })
    const early = (epoch: string) => (piece: { epoch: string; from: string; n: number }) =>
      piece.from === 'server' && piece.epoch === epoch && piece.n === 0
        ? [{ type: CONTENT.handshake, content: REQUEST }, {}]
        : null
    const settled = play({ change: early('handshake') })
    expect(failure(settled)).toMatchObject({ by: 'client', fault: { alert: 'unexpected_message' } })
    const second = changing('server', 'ServerHello', (m) => [REQUEST, m], 1)
    const retried = play({ c: { groups: ['secp256r1', 'x25519'], keyShares: ['secp256r1'] }, change: second })
    expect(failure(retried)).toMatchObject({ by: 'client', fault: { alert: 'unexpected_message' } })
  })

  test('is empty, and does not come for ever', () => {
    const long = run12({ change: changing('server', 'Certificate', (m) => [fromHex('0000000100'), m]) })
    expect(failure(long)).toMatchObject({ by: 'client', fault: { alert: 'decode_error' } })
    const many = (n: number) =>
      run12({ change: changing('server', 'Certificate', (m) => [...Array(n).fill(REQUEST), m]) })
    expectTalk(many(32))
    expect(failure(many(33))).toMatchObject({ by: 'client', fault: { alert: 'unexpected_message' } })
  })

  test('from a client is refused', () => {
    const run = run12({ change: changing('client', 'ClientKeyExchange', (m) => [REQUEST, m]) })
    expect(failure(run)).toMatchObject({ by: 'server', fault: { alert: 'unexpected_message' } })
  })
})

describe('sessions', () => {
  const serving = (more: Partial<ServerConfig> = {}): Partial<ServerConfig> => ({
    tickets: new TicketSealer(rng),
    ...more,
  })
  function sessionFrom(s: Partial<ServerConfig>, c: Partial<ClientConfig> = {}): Session {
    return run12({ c, s }).find('client', 'session')!.session
  }
  const resumed = (run: Loopback) => run.find('server', 'connected')?.connected.resumed

  test('with the extended master secret (RFC 7627) are resumed with it only', () => {
    const s = serving()
    const session = sessionFrom(s)
    expect(session.extendedMasterSecret).toBe(true)
    const dropped = run12({ c: { session, extendedMasterSecret: false }, s })
    expect(failure(dropped)).toMatchObject({ by: 'server', fault: { alert: 'handshake_failure', rfc: 'RFC 7627 5.3' } })
    const lost = run12({ c: { session }, s, change: serverHellos(without('extended_master_secret')) })
    expect(failure(lost)).toMatchObject({ by: 'client', fault: { alert: 'handshake_failure', rfc: 'RFC 7627 5.3' } })
  })

  test('without it lead to a full handshake where it is offered', () => {
    const s = serving()
    const session = sessionFrom(s, { extendedMasterSecret: false })
    expect(session.extendedMasterSecret).toBe(false)
    const run = run12({ c: { session }, s })
    expectTalk(run)
    expect(resumed(run)).toBe(false)
    const again = run12({ c: { session, extendedMasterSecret: false }, s })
    expectTalk(again)
    expect(resumed(again)).toBe(true)
  })

  test('keep their suite: a server that resumes with another is refused', () => {
    const suites = ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384']
    const s = serving()
    const session = sessionFrom(s)
    const run = run12({
      c: { session, suites },
      s,
      change: serverHellos((hello) => ({ ...hello, cipherSuite: 0xc02c })),
    })
    expect(failure(run)).toMatchObject({ by: 'client', fault: { alert: 'illegal_parameter', rfc: 'RFC 5246 7.4.1.3' } })
  })

  test('by id: the oldest goes when the cache is full', () => {
    const cache = new SessionCache(2)
    const sessions = [1, 2, 3].map(() => sessionFrom({ cache }))
    expect(sessions.map((session) => session.sessionId.length)).toEqual([32, 32, 32])
    // The last first: a full handshake puts another into the cache.
    const outcomes = sessions.reverse().map((session) => resumed(run12({ c: { session }, s: { cache } })))
    expect(outcomes).toEqual([true, true, false])
  })

  test.each(['sent', 'received'] as const)('by id are forgotten after a fatal alert %s (RFC 5246 7.2.2)', (way) => {
    const cache = new SessionCache()
    const run = run12({ s: { cache } })
    const { session } = run.find('client', 'session')!
    expect(resumed(run12({ c: { session }, s: { cache } }))).toBe(true)
    const last = run12({ c: { session }, s: { cache } })
    const [victim, bytes] =
      way === 'sent'
        ? (['server', last.client.write(utf8('hi'))] as const)
        : (['client', last.server.write(utf8('hi'))] as const)
    const [record] = bytes.flatMap((output) => (output.kind === 'send' ? [output.bytes] : []))
    last.feed(victim, last[victim].receive(flipped(record), 1_000_000))
    expect(failure(last)).toMatchObject({ fault: { alert: 'bad_record_mac' } })
    expect(resumed(run12({ c: { session }, s: { cache } }))).toBe(false)
  })

  test('by ticket have precedence over an id', () => {
    const s = serving({ cache: new SessionCache() })
    const session = sessionFrom(s)
    expect([session.ticket.length > 0, session.lifetime]).toEqual([true, 7200])
    expect(resumed(run12({ c: { session }, s }))).toBe(true)
  })
})

describe('what both randoms and the transcript guard', () => {
  test('a server that could do TLS 1.3 says so in its random, one that cannot does not', () => {
    const tail = (run: Loopback): Uint8Array => answerOf(run).random.subarray(24)
    expect(tail(run12({ s: { versions: ['TLS 1.3', 'TLS 1.2'] } }))).toEqual(DOWNGRADE.tls12)
    const alone = tail(run12())
    expect([DOWNGRADE.tls12, DOWNGRADE.tls11].some((sentinel) => equalBytes(sentinel, alone))).toBe(false)
  })

  test('a hello that was changed on the way: the Finished tells', () => {
    const change = () => clientHellos(plus({ type: 0xfafa, data: NOTHING }))
    // Without the extended master secret the keys are the same, and only verify_data differs.
    const plain = { extendedMasterSecret: false }
    const full = run12({ c: plain, change: change() })
    expect(failure(full)).toMatchObject({ by: 'server', fault: { alert: 'decrypt_error', rfc: 'RFC 5246 7.4.9' } })
    const s = { tickets: new TicketSealer(rng) }
    const { session } = run12({ c: plain, s }).find('client', 'session')!
    const short = run12({ c: { ...plain, session }, s, change: change() })
    expect(failure(short)).toMatchObject({ by: 'client', fault: { alert: 'decrypt_error', rfc: 'RFC 5246 7.4.9' } })
  })

  test('parameters of ECDHE are signed: another point is refused', () => {
    const run = run12({
      change: changing('server', 'ServerKeyExchange', (m) => [m.map((byte, i) => (i === 10 ? byte ^ 1 : byte))]),
    })
    expect(failure(run)).toMatchObject({ by: 'client', fault: { alert: 'decrypt_error', rfc: 'RFC 5246 7.4.3' } })
  })

  test("a certificate whose key is not the suite's kind is refused", () => {
    const suites = ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256']
    const run = run12({
      c: { suites },
      s: { suites },
      change: serverHellos((hello) => ({ ...hello, cipherSuite: 0xc02f })),
    })
    expect(failure(run)).toMatchObject({ by: 'client', fault: { alert: 'illegal_parameter', rfc: 'RFC 5246 7.4.2' } })
  })

  test.each(['client', 'server'] as const)('ec_point_formats of a %s holds the uncompressed one', (by) => {
    const formats = extension('ec_point_formats', ecPointFormats, [1, 2])
    const run = run12({ change: by === 'client' ? clientHellos(instead(formats)) : serverHellos(instead(formats)) })
    const other = by === 'client' ? 'server' : 'client'
    expect(failure(run)).toMatchObject({ by: other, fault: { alert: 'illegal_parameter' } })
    expect(failure(run)?.fault.rfc).toMatch(/^RFC 8422 5\.(1\.2|2)$/)
  })

  // CVE-2014-0224: keys must not change before there is a secret.
  test.each(['client', 'server'] as const)('change_cipher_spec too early is refused by a %s', (by) => {
    const other = by === 'client' ? 'server' : 'client'
    const ccs = { type: CONTENT.changeCipherSpec, content: Uint8Array.of(1), bare: true } as const
    // After the first message: that of a client is its hello, that of a server the ServerHello.
    const run = run12({
      change({ from, n, content }) {
        if (from !== other || n > 0) return null
        const [first, ...rest] = messagesOf(content)
        return [{ content: first }, ccs, ...(rest.length === 0 ? [] : [{ content: concat(rest) }])]
      },
    })
    expect(failure(run)).toMatchObject({ by, fault: { alert: 'unexpected_message' } })
  })
})

describe('RSA key exchange (RFC 5246 7.4.7.1)', () => {
  const suites = ['TLS_RSA_WITH_AES_128_GCM_SHA256']
  const kx = { c: { suites }, s: { suites, identities: [RSA] } }
  const cut = (m: Uint8Array, edit: (encrypted: Uint8Array) => Uint8Array): Uint8Array => {
    const encrypted = edit(m.subarray(6))
    const size = encrypted.length
    return concat([Uint8Array.of(16, 0, (size + 2) >>> 8, size + 2, size >>> 8, size), encrypted])
  }

  test('works', () => expectTalk(run12(kx)))

  test('with a key that is none, its modulus even: the certificate is bad', () => {
    // A modulus ends before the exponent, 02 03 01 00 01.
    const even = (m: Uint8Array): Uint8Array => m.map((byte, i) => (i === m.length - 6 ? byte & 0xfe : byte))
    const run = run12({ ...kx, change: changing('server', 'Certificate', (m) => [even(m)]) })
    expect(failure(run)).toMatchObject({ by: 'client', fault: { alert: 'bad_certificate', rfc: 'RFC 5246 7.2.2' } })
  })

  // Bleichenbacher: which part of the plaintext is wrong must not be told, by alert or by place.
  test.each<[string, (encrypted: Uint8Array) => Uint8Array]>([
    ['altered', flipped],
    ['not below the modulus', (encrypted) => encrypted.map(() => 0xff)],
    ['zero', (encrypted) => encrypted.map(() => 0)],
    ['too short', (encrypted) => encrypted.subarray(1)],
    ['too long', (encrypted) => concat([encrypted, Uint8Array.of(0)])],
  ])('a ciphertext that is %s ends as a wrong Finished does', (_how, edit) => {
    const run = run12({ ...kx, change: changing('client', 'ClientKeyExchange', (m) => [cut(m, edit)]) })
    expect(failure(run)).toMatchObject({ by: 'server', fault: { alert: 'bad_record_mac', rfc: 'RFC 5246 7.2.2' } })
    const told = run.outputs.server.filter((o) => o.kind === 'step' && o.event.kind === 'tls-verification')
    expect(told).toEqual([])
  })
})

describe.each([true, false])('CBC, encrypt-then-MAC %s (RFC 7366)', (encryptThenMac) => {
  const config = { suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'], encryptThenMac }

  test('a wrong pad, a wrong MAC and a wrong length end alike', () => {
    const ends = [20, 1, 17, 33].map((back) => {
      const run = run12({ c: config, s: config })
      expectTalk(run)
      const [sent] = run.client.write(utf8('some data that fills two blocks'))
      const bytes = sent.kind === 'send' ? sent.bytes.slice() : NOTHING
      bytes[bytes.length - back] ^= 0x55
      run.feed('server', run.server.receive(bytes, 1_000_000))
      return run.find('server', 'failed')?.fault
    })
    expect(ends[0]).toMatchObject({ alert: 'bad_record_mac' })
    for (const end of ends) expect(end).toEqual(ends[0])
  })
})
