import { describe, expect, test } from 'vitest'
import { find } from '../../src/tls/extension/build.ts'
import { clientShares, pskModes, supportedGroups, supportedVersions } from '../../src/tls/extension/codecs.ts'
import { groupName } from '../../src/tls/group/index.ts'
import type { Loopback } from '../../src/tls/loopback.ts'
import { certificateRequest13 } from '../../src/tls/message/certificate.ts'
import { handshake, handshakeOf, open } from '../../src/tls/message/handshake.ts'
import { type ClientHello, clientHello } from '../../src/tls/message/hello.ts'
import { newSessionTicket13 } from '../../src/tls/message/small.ts'
import { CONTENT, contentName, EXTENSION, isGrease, versionName } from '../../src/tls/numbers.ts'
import { DEFAULT_SUITES, suiteOf } from '../../src/tls/suite.ts'
import type { TlsRole } from '../../src/trace/steps/tls.ts'
import { fromHex, utf8 } from '../../src/util/bytes.ts'
import { changing, messagesOf } from '../support/insider.ts'
import { ASKING, NOTHING, NOW, play, plus, RETRIED, remade, returning, type Scene, say } from './scene.ts'

/** The first records of one side, as they lie on the wire: version and type. */
function records(run: Loopback, role: TlsRole, count: number): string[] {
  const bytes = Buffer.concat(run.outputs[role].flatMap((o) => (o.kind === 'send' ? [o.bytes] : [])))
  const all: string[] = []
  for (let at = 0; at < bytes.length && all.length < count; at += 5 + bytes.readUInt16BE(at + 3))
    all.push(`${bytes.readUInt16BE(at + 1).toString(16)} ${contentName(bytes[at])}`)
  return all
}

function hellos(run: Loopback): ClientHello[] {
  const bytes = Buffer.concat(run.outputs.client.flatMap((o) => (o.kind === 'send' ? [o.bytes] : [])))
  const all: ClientHello[] = []
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) {
    if (bytes[at] !== CONTENT.handshake) continue
    const [message] = messagesOf(new Uint8Array(bytes.subarray(at + 5, at + 5 + bytes.readUInt16BE(at + 3))))
    all.push(open(clientHello, handshakeOf(message)))
  }
  return all
}

const expectBoth = (run: Loopback): void => {
  expect([run.find('client', 'failed'), run.find('server', 'failed')]).toEqual([undefined, undefined])
  expect([run.client.at, run.server.at]).toEqual(['CONNECTED', 'CONNECTED'])
}

describe('a ClientHello', () => {
  const shares = (hello: ClientHello): string[] =>
    find(hello.extensions, 'key_share', clientShares)!.map(({ group }) => groupName(group))

  test('by default is that of today: ML-KEM first, a share beside it, more than one segment', () => {
    const run = play({ c: { groups: undefined, suites: undefined }, s: { groups: undefined, suites: undefined } })
    const [hello] = hellos(run)
    expect(shares(hello)).toEqual(['X25519MLKEM768', 'x25519'])
    const groups = find(hello.extensions, 'supported_groups', supportedGroups)!.map(groupName)
    expect(groups).toEqual(['X25519MLKEM768', 'x25519', 'secp256r1', 'secp384r1'])
    const versions = find(hello.extensions, 'supported_versions', supportedVersions)!.map(versionName)
    expect(versions).toEqual(['TLS 1.3', 'TLS 1.2'])
    expect(find(hello.extensions, 'psk_key_exchange_modes', pskModes)).toEqual([1])
    expect(handshake('ClientHello', clientHello, hello).bytes.length + 5).toBeGreaterThan(1448)
    expect(run.find('client', 'connected')?.connected.group).toBe('X25519MLKEM768')
  })

  test('offers neither RSA key exchange nor CBC unless told', () => {
    const [hello] = hellos(play({ c: { suites: undefined } }))
    const suites = hello.cipherSuites.map(suiteOf)
    expect(suites.map((suite) => suite?.name)).toEqual(DEFAULT_SUITES)
    expect(suites.filter((suite) => suite?.exchange === 'RSA' || suite?.mac)).toEqual([])
    const old = play({
      c: { versions: ['TLS 1.2'], suites: ['TLS_RSA_WITH_AES_128_CBC_SHA'] },
      s: { suites: undefined },
    })
    expect(old.find('client', 'failed')).toMatchObject({ by: 'server', fault: { alert: 'handshake_failure' } })
  })

  test('of classic groups has one share', () => {
    expect(shares(hellos(play({ c: { groups: ['x25519', 'secp256r1'] } }))[0])).toEqual(['x25519'])
  })
})

describe('middlebox compatibility (RFC 8446 D.4)', () => {
  const off: Scene = { c: { middleboxCompatibility: false } }

  test('both ends send a change_cipher_spec that means nothing, before their first protected record', () => {
    const run = play({})
    expectBoth(run)
    expect(hellos(run)[0].sessionId).toHaveLength(32)
    expect(records(run, 'client', 3)).toEqual(['301 handshake', '303 change_cipher_spec', '303 application_data'])
    expect(records(run, 'server', 3)).toEqual(['303 handshake', '303 change_cipher_spec', '303 application_data'])
  })

  test('after a HelloRetryRequest, before the second ClientHello', () => {
    const run = play(RETRIED)
    expectBoth(run)
    const [hello, ccs, sealed] = ['303 handshake', '303 change_cipher_spec', '303 application_data']
    expect(records(run, 'client', 4)).toEqual(['301 handshake', ccs, hello, sealed])
    expect(records(run, 'server', 4)).toEqual([hello, ccs, hello, sealed])
  })

  test('with early data, between the hello and the data', () => {
    const { c, s } = returning()
    const run = play({ c: { ...c, earlyData: true }, s, early: (end) => end.writeEarly(utf8('GET /')) })
    expectBoth(run)
    expect(records(run, 'client', 3)).toEqual(['301 handshake', '303 change_cipher_spec', '303 application_data'])
  })

  test('neither, where the client does without', () => {
    const run = play(off)
    expectBoth(run)
    expect(hellos(run)[0].sessionId).toHaveLength(0)
    for (const role of ['client', 'server'] as const)
      expect(records(run, role, 9).join()).not.toContain('change_cipher')
  })

  test('one is dropped at any time between the first hello and the Finished, by either end', () => {
    const ccs = { type: CONTENT.changeCipherSpec, content: Uint8Array.of(1), bare: true } as const
    for (const from of ['client', 'server'] as const) {
      // The first record of a client is its hello: nothing may come before that.
      const change: Scene['change'] = (piece) =>
        piece.from !== from ? null : from === 'client' && piece.epoch === 'plaintext' ? [{}, ccs] : [ccs, {}]
      expectBoth(play({ change }))
    }
  })

  test('before a ServerHello of TLS 1.2 it means something, and is refused where only that is spoken', () => {
    const run = play({ c: { versions: ['TLS 1.2'], groups: ['x25519', 'secp256r1'] } })
    expect(run.find('client', 'connected')?.connected.version).toBe('TLS 1.2')
    const other = play({
      c: { versions: ['TLS 1.2'], groups: ['x25519', 'secp256r1'] },
      change: ({ from, n }) =>
        from === 'server' && n === 0 ? [{ type: 20, content: Uint8Array.of(1), bare: true }, {}] : null,
    })
    expect(other.find('client', 'failed')).toMatchObject({ by: 'client', fault: { alert: 'unexpected_message' } })
  })
})

describe('GREASE and what nobody knows', () => {
  test('a client that greases does so everywhere, and again the same after a HelloRetryRequest', () => {
    const run = play({ ...RETRIED, c: { ...RETRIED.c, grease: true } })
    expectBoth(run)
    const [first, second] = hellos(run)
    for (const hello of [first, second]) {
      const [types, groups] = [
        hello.extensions.map(({ type }) => type),
        find(hello.extensions, 'supported_groups', supportedGroups)!,
      ]
      expect(isGrease(hello.cipherSuites[0])).toBe(true)
      expect(isGrease(find(hello.extensions, 'supported_versions', supportedVersions)![0])).toBe(true)
      expect(isGrease(groups[0])).toBe(true)
      expect(types.filter(isGrease)).toHaveLength(2)
      expect(new Set(types).size).toBe(types.length)
    }
    expect(isGrease(find(first.extensions, 'key_share', clientShares)![0].group)).toBe(true)
    expect(second.cipherSuites).toEqual(first.cipherSuites)
    // RFC 8446 4.1.2: the one share that was asked for, and nothing else.
    expect(find(second.extensions, 'key_share', clientShares)).toHaveLength(1)
  })

  test('a server passes over extensions, suites, groups, versions and schemes that it does not know', () => {
    const run = play({
      c: {
        grease: true,
        shape: (hello) => ({
          ...plus({ type: 0xfafa, data: fromHex('00') }, { type: 65000, data: utf8('?') })(hello),
          cipherSuites: [0x0a0a, 0xfefe, ...hello.cipherSuites, 0x00ff],
        }),
      },
    })
    expectBoth(run)
    expect(run.outputs.server).toContainEqual(
      expect.objectContaining({
        event: expect.objectContaining({
          subject: 'cipher suite',
          rejected: expect.arrayContaining([{ candidate: 'GREASE', reason: 'GREASE, to be ignored (RFC 8701)' }]),
        }),
      }),
    )
  })

  test('a client passes over what a server greases: extensions of tickets and of CertificateRequest', () => {
    const ticket = { lifetime: 100, ageAdd: 0, nonce: NOTHING, ticket: utf8('a ticket') }
    const run = play({
      after: say('client', 'NewSessionTicket', newSessionTicket13, {
        ...ticket,
        extensions: [{ type: 0x1a1a, data: NOTHING }],
      }),
    })
    expect(run.find('client', 'session')?.session.lifetime).toBe(100)
    const greased = remade('CertificateRequest', certificateRequest13, plus({ type: 0x2a2a, data: utf8('?') }))
    const asked = play({ ...ASKING, change: changing('server', 'CertificateRequest', greased) })
    // The server does not know that its request was changed, so the Finished is where that ends.
    expect(asked.find('client', 'failed')).toMatchObject({ by: 'client', fault: { alert: 'decrypt_error' } })
    expect(EXTENSION.signature_algorithms).toBe(13)
  })
})

describe('tickets', () => {
  const ticket = (lifetime: number): Scene => ({
    after: say('client', 'NewSessionTicket', newSessionTicket13, {
      lifetime,
      ageAdd: 0,
      nonce: NOTHING,
      ticket: utf8('t'),
      extensions: [],
    }),
  })

  test('are kept no longer than seven days, whatever the server says (RFC 8446 4.6.1)', () => {
    const run = play(ticket(2 ** 31))
    expect(run.client.at).toBe('CONNECTED')
    expect(run.find('client', 'session')?.session.lifetime).toBe(604_800)
  })

  test('of lifetime 0 are thrown away', () => {
    expect(play(ticket(0)).find('client', 'session')).toBe(undefined)
  })

  test('beyond a number are not kept: nobody fills our memory', () => {
    const run = play({
      c: { limits: { tickets: 2 } },
      after: (both, insider) => {
        for (let i = 0; i < 5; i++) ticket(10).after!(both, insider)
      },
    })
    expect(run.outputs.client.filter(({ kind }) => kind === 'session')).toHaveLength(2)
    expect(run.client.receive(new Uint8Array(0), NOW)).toEqual([])
  })
})
