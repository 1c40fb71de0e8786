import { describe, expect, test } from 'vitest'
import { emulatedSigner, generateKey, type KeyType, parsePublicKey } from '../pki/keys.ts'
import { toHex, utf8 } from '../util/bytes.ts'
import { Rng } from '../util/rng.ts'
import { client } from './client/start.ts'
import { type ClientConfig, DEFAULT_LIMITS, type Identity, type ServerConfig } from './config.ts'
import { Core } from './core.ts'
import { DEFAULT_GROUPS } from './group/index.ts'
import type { CertificateJudge } from './judge.ts'
import { Loopback } from './loopback.ts'
import { handshakeOf } from './message/handshake.ts'
import { server } from './server/start.ts'
import { SessionCache } from './session/cache.ts'
import { ReplayGuard } from './session/replay.ts'
import { TicketSealer } from './session/ticket.ts'
import type { State } from './state.ts'
import { SUITES, suiteNamed } from './suite.ts'
import { Connected12 } from './tls12/connected.ts'

/** Certificates are opaque to the engine: here a chain is a bare SubjectPublicKeyInfo. */
const judge: CertificateJudge = {
  judge: ({ chain }) => ({ ok: true, key: parsePublicKey(chain[0]), detail: 'trusted', events: [] }),
}
const rng = new Rng('both ends')
const made = new Map<KeyType, Identity>()

function identity(type: KeyType): Identity {
  let found = made.get(type)
  if (found === undefined) {
    const key = generateKey(type, rng.fork(type))
    found = { chain: [key.public.spki], signer: emulatedSigner(key, rng.fork(`${type} salts`)) }
    made.set(type, found)
  }
  return found
}

function pair(c: Partial<ClientConfig> = {}, s: Partial<ServerConfig> = {}, now = 1000): Loopback {
  const ends = [
    client({ random: rng.fork(`c${now}`), serverName: 'web.test', judge, ...c }),
    server({ random: rng.fork(`s${now}`), identities: [identity('p-256')], ...s }),
  ] as const
  return new Loopback(...ends, now)
}

/** Both ends connected, agreed, and able to talk. */
function expectConnected(run: Loopback, expected: object): void {
  const [a, b] = (['client', 'server'] as const).map((role) => run.find(role, 'connected')?.connected)
  const why = [run.find('client', 'failed'), run.find('server', 'failed')]
  expect({ a: a !== undefined, b: b !== undefined, why }).toEqual({ a: true, b: true, why: [undefined, undefined] })
  for (const field of [
    'version',
    'suite',
    'group',
    'alpn',
    'resumed',
    'retried',
    'extendedMasterSecret',
    'earlyData',
  ] as const) {
    expect(a![field]).toEqual(b![field])
  }
  expect(a).toMatchObject(expected)
  const [ping, pong] = [utf8('ping'), rng.bytes(40000)]
  run.feed('client', run.client.write(ping)).feed('server', run.server.write(pong))
  expect(Buffer.compare(run.received('server').subarray(-4), ping)).toBe(0)
  expect(Buffer.compare(run.received('client'), pong)).toBe(0)
  expect(run.client.exportKey('EXPORTER-test', utf8('x'), 20)).toEqual(
    run.server.exportKey('EXPORTER-test', utf8('x'), 20),
  )
  run.feed('client', run.client.close()).feed('server', run.server.close())
  expect([run.find('client', 'closed')?.how, run.find('server', 'closed')?.how]).toEqual([
    'close_notify',
    'close_notify',
  ])
}

describe('suites', () => {
  test.each(SUITES.map(({ name, version, auth }) => ({ name, version, auth })))('$name', ({ name, version, auth }) => {
    const identities = [identity(auth === 'rsa' ? 'rsa-2048' : 'p-256')]
    const options = { suites: [name], versions: [version] }
    expectConnected(pair(options, { ...options, identities }).start(), { suite: name, version })
  })

  test('CBC without encrypt-then-MAC, and nothing extended', () => {
    const suites = ['TLS_RSA_WITH_AES_128_CBC_SHA']
    const config = { suites, encryptThenMac: false, extendedMasterSecret: false }
    expectConnected(pair(config, { suites, identities: [identity('rsa-2048')] }).start(), {
      extendedMasterSecret: false,
    })
  })
})

describe('groups', () => {
  const versions = [['TLS 1.3'], ['TLS 1.2']] as const
  test.each(DEFAULT_GROUPS.flatMap((group) => versions.map((version) => ({ group, version }))))(
    '$group in $version',
    ({ group, version }) => {
      if (group === 'X25519MLKEM768' && version[0] === 'TLS 1.2') {
        const run = pair({ groups: [group], versions: version }).start()
        expect(run.find('server', 'failed')?.fault.alert).toBe('handshake_failure')
        return
      }
      // In TLS 1.2 the certificate's curve has to be among the groups.
      const groups = version[0] === 'TLS 1.2' ? [group, 'secp256r1'] : [group]
      expectConnected(pair({ groups, versions: version }, { groups }).start(), { group, retried: false })
    },
  )

  test.each(DEFAULT_GROUPS)('HelloRetryRequest to %s', (group) => {
    const groups = [...DEFAULT_GROUPS.filter((other) => other !== group), group]
    const run = pair({ groups, keyShares: [groups[0]] }, { groups: [group], cookie: true }).start()
    expectConnected(run, { group, retried: true })
  })

  test('no share at all is asked for one', () => {
    expectConnected(pair({ keyShares: [] }).start(), { retried: true, group: 'X25519MLKEM768' })
  })
})

describe('keys', () => {
  const types: readonly KeyType[] = ['rsa-2048', 'rsa-3072', 'p-256', 'p-384', 'ed25519']
  test.each(types.flatMap((type) => (['TLS 1.3', 'TLS 1.2'] as const).map((version) => ({ type, version }))))(
    'server and client with $type, $version',
    ({ type, version }) => {
      const versions = [version]
      const config = { versions, identities: [identity(type)] }
      const run = pair({ versions, identities: [identity(type)] }, { ...config, clientAuth: 'require', judge }).start()
      expectConnected(run, { version, verdict: 'trusted' })
      expect(run.find('server', 'connected')?.connected.peerChain).toEqual(identity(type).chain)
    },
  )

  test.each(['TLS 1.3', 'TLS 1.2'] as const)(
    'a client may have no certificate where one is asked for, %s',
    (version) => {
      const run = pair({ versions: [version] }, { clientAuth: 'request', judge }).start()
      expectConnected(run, { version })
      expect(run.find('server', 'connected')?.connected.peerChain).toEqual([])
    },
  )

  test.each([
    ['TLS 1.3', 'certificate_required'],
    ['TLS 1.2', 'handshake_failure'],
  ] as const)('but not where it is required, %s', (version, alert) => {
    const run = pair({ versions: [version] }, { clientAuth: 'require', judge }).start()
    expect(run.find('server', 'failed')).toMatchObject({ by: 'server', fault: { alert } })
    expect(run.find('client', 'failed')).toMatchObject({ by: 'server', fault: { alert } })
  })
})

describe('resumption', () => {
  const serving = (): Partial<ServerConfig> => ({ tickets: new TicketSealer(rng.fork('tickets')) })

  test.each(['TLS 1.3', 'TLS 1.2'] as const)('by ticket, %s', (version) => {
    const config = serving()
    const first = pair({ versions: [version] }, config).start()
    const session = first.find('client', 'session')!.session
    const second = pair({ session, versions: [version] }, config, 5000).start()
    expectConnected(second, { resumed: true, version })
    const late = pair({ session }, config, 1000 + 7200 * 1000).start()
    expectConnected(late, { resumed: false })
    const altered = { ...session, ticket: session.ticket.map((byte, i) => (i === 60 ? byte ^ 1 : byte)) }
    expectConnected(pair({ session: altered }, config, 5000).start(), { resumed: false })
    const elsewhere = pair(
      { session: { ...session, serverName: 'other.test' }, serverName: 'other.test' },
      config,
    ).start()
    expectConnected(elsewhere, { resumed: false })
  })

  test('by session id, TLS 1.2', () => {
    const config = { cache: new SessionCache() }
    const session = pair({ versions: ['TLS 1.2'] }, config)
      .start()
      .find('client', 'session')!.session
    expectConnected(pair({ session, versions: ['TLS 1.2'] }, config, 5000).start(), { resumed: true })
  })

  test('after a HelloRetryRequest', () => {
    const config = { ...serving(), groups: ['secp384r1'] }
    const session = pair({}, config).start().find('client', 'session')!.session
    expectConnected(pair({ session }, config).start(), { resumed: true, retried: true, group: 'secp384r1' })
  })

  test('who came with a certificate is known by it again', () => {
    const config: Partial<ServerConfig> = { ...serving(), clientAuth: 'require', judge }
    const identities = [identity('ed25519')]
    const session = pair({ identities }, config).start().find('client', 'session')!.session
    const run = pair({ session }, config).start()
    expectConnected(run, { resumed: true })
    expect(run.find('server', 'connected')?.connected.peerChain).toEqual(identities[0].chain)
  })
})

describe('early data', () => {
  const serving = (): Partial<ServerConfig> => ({
    tickets: new TicketSealer(rng.fork('early')),
    maxEarlyData: 1000,
    replay: new ReplayGuard(),
    alpn: ['h2'],
  })
  const ticketFor = (config: Partial<ServerConfig>) =>
    pair({ alpn: ['h2'] }, config)
      .start()
      .find('client', 'session')!.session

  function early(config: Partial<ServerConfig>, c: Partial<ClientConfig>, now = 2000): Loopback {
    const run = pair({ alpn: ['h2'], earlyData: true, ...c }, config, now)
    const hello = run.client.start(now)
    const data = run.client.writeEarly(utf8('GET /'))
    return run.feed('client', [...hello, ...data])
  }

  test('is accepted once, and a replay of it is not', () => {
    const config = serving()
    const session = ticketFor(config)
    const seen: Uint8Array[] = []
    const run = new Loopback(
      client({ random: rng.fork('r'), serverName: 'web.test', judge, alpn: ['h2'], earlyData: true, session }),
      server({ random: rng.fork('r'), identities: [identity('p-256')], ...config }),
      2000,
      (from, bytes) => {
        if (from === 'client') seen.push(bytes)
        return [bytes]
      },
    )
    run.feed('client', [...run.client.start(2000), ...run.client.writeEarly(utf8('GET /'))])
    expect(run.outputs.server).toContainEqual({ kind: 'data', bytes: utf8('GET /'), early: true })
    expectConnected(run, { earlyData: 'accepted', resumed: true })
    const victim = server({ random: rng.fork('v'), identities: [identity('p-256')], ...config })
    const replayed = seen.slice(0, 2).flatMap((bytes) => victim.receive(bytes, 2100))
    expect(replayed.some(({ kind }) => kind === 'data')).toBe(false)
    expect(victim.at).toBe('WAIT_FINISHED')
  })

  test.each([
    ['the server takes none', { maxEarlyData: 0 }, {}],
    ['another protocol is chosen', { alpn: ['http/1.1', 'h2'] }, { alpn: ['http/1.1', 'h2'] }],
    ['another group is asked for', { groups: ['secp384r1'] }, {}],
  ])('is rejected when %s, and the handshake goes on', (_why, change, c) => {
    const config = serving()
    const session = ticketFor(config)
    const run = early({ ...config, ...change }, { session, ...c })
    expectConnected(run, { earlyData: 'rejected' })
    expect(Buffer.from(run.received('server')).toString()).toBe('ping')
  })

  test('is rejected when the ticket was lost', () => {
    const session = ticketFor(serving())
    const run = early({ ...serving(), tickets: new TicketSealer(rng.fork('others')) }, { session })
    expectConnected(run, { earlyData: 'rejected', resumed: false })
  })

  test('is rejected when it comes late', () => {
    const config = serving()
    const session = { ...ticketFor(config), received: -20_000 }
    expectConnected(early(config, { session }), { earlyData: 'rejected', resumed: true })
  })

  test('ends at max_early_data_size', () => {
    const config = serving()
    const run = pair({ alpn: ['h2'], earlyData: true, session: ticketFor(config) }, config, 2000)
    run.feed('client', [...run.client.start(2000), ...run.client.writeEarly(rng.bytes(1001))])
    expect(run.find('server', 'failed')?.fault).toMatchObject({ alert: 'unexpected_message', rfc: 'RFC 8446 4.6.1' })
  })
})

describe('what else is negotiated', () => {
  test.each(['TLS 1.3', 'TLS 1.2'] as const)('ALPN, %s', (version) => {
    const run = pair({ versions: [version], alpn: ['h2', 'http/1.1'] }, { alpn: ['http/1.1'] }).start()
    expectConnected(run, { alpn: 'http/1.1' })
    const none = pair({ versions: [version], alpn: ['h2'] }, { alpn: ['smtp'] }).start()
    expect(none.find('client', 'failed')).toMatchObject({ by: 'server', fault: { alert: 'no_application_protocol' } })
  })

  test('SNI chooses the certificate', () => {
    const [a, b] = [identity('p-256'), identity('p-384')]
    const identities = [
      { ...a, names: ['a.test'] },
      { ...b, names: ['*.b.test'] },
    ]
    const chainFor = (serverName: string) =>
      pair({ serverName }, { identities }).start().find('client', 'connected')?.connected.peerChain
    expect([chainFor('a.test'), chainFor('www.b.test'), chainFor('c.test')]).toEqual([a.chain, b.chain, a.chain])
    const strict = pair({ serverName: 'c.test' }, { identities, strictNames: true }).start()
    expect(strict.find('client', 'failed')?.fault.alert).toBe('unrecognized_name')
  })

  test.each(['TLS 1.3', 'TLS 1.2'] as const)('a stapled OCSP response reaches the judge, %s', (version) => {
    const ocsp = rng.bytes(100)
    let seen: Uint8Array | null = null
    const watching: CertificateJudge = {
      judge: (presented) => {
        seen = presented.ocsp
        return judge.judge(presented)
      },
    }
    const identities = [{ ...identity('p-256'), ocsp }]
    expectConnected(pair({ versions: [version], judge: watching, ocsp: true }, { identities }).start(), { version })
    expect(Buffer.compare(seen!, ocsp)).toBe(0)
    const c = { versions: [version], judge: watching, ocsp: true }
    expectConnected(pair(c, { identities: [identity('p-256'), ...identities] }).start(), { version })
    expect(seen).toBe(null)
  })

  test.each(['TLS 1.3', 'TLS 1.2'] as const)('record size limit and padding, %s', (version) => {
    const records: number[] = []
    const options = { versions: [version], recordSizeLimit: 600, paddingUnit: 128 }
    const run = new Loopback(
      client({ random: rng, serverName: null, judge, ...options }),
      server({ random: rng, identities: [identity('p-256')], ...options }),
      0,
      (_from, bytes) => {
        for (let at = 0; at < bytes.length; at += 5 + records[records.length - 1])
          records.push((bytes[at + 3] << 8) | bytes[at + 4])
        return [bytes]
      },
    ).start()
    records.length = 0
    expectConnected(run, { version })
    expect(Math.max(...records)).toBeLessThanOrEqual(600 + 24)
    if (version === 'TLS 1.3')
      expect(records.every((length) => (length - 16) % 128 === 0 || length - 16 === 600)).toBe(true)
  })

  test('GREASE is tolerated', () => {
    const run = pair({ grease: true }, { trace: 'told' }).start()
    expectConnected(run, {})
  })

  test('IP addresses are no SNI', () => {
    const run = pair({ serverName: '10.0.0.1' }).start()
    expectConnected(run, { serverName: '10.0.0.1' })
    expect(run.find('server', 'connected')?.connected.serverName).toBe(null)
  })
})

describe('KeyUpdate', () => {
  test('renews the keys of one direction, or of both', () => {
    const run = pair({}, {}).start()
    run.feed('client', run.client.updateKeys(false)).feed('client', run.client.updateKeys(true))
    run.feed('server', run.server.updateKeys(true))
    expectConnected(run, {})
  })

  test('is answered with nothing once we said close_notify', () => {
    const run = pair({}, { trace: 'told' }).start()
    run.feed('server', run.server.close())
    const asked = run.client.updateKeys(true).find((output) => output.kind === 'send')
    const made = run.server.receive(asked!.bytes, 0)
    const events = made.flatMap((output) => (output.kind === 'step' ? [output.event] : []))
    expect(events).toHaveLength(made.length)
    expect(events.filter((event) => 'direction' in event).map((event) => event.direction)).toEqual([
      'received',
      'received',
    ])
    expect(run.server.close()).toEqual([])
  })

  test('does not keep us busy forever', () => {
    const run = pair({}, { limits: { keyUpdates: 3 } }).start()
    for (let i = 0; i < 4; i++) run.feed('client', run.client.updateKeys(false))
    expect(run.find('client', 'failed')?.fault.alert).toBe('unexpected_message')
  })
})

test.each([
  ['client', 'HelloRequest', Uint8Array.of(0, 0, 0, 0)],
  ['server', 'ClientHello', Uint8Array.of(1, 0, 0, 0)],
] as const)('a %s declines renegotiation and goes on, but not for ever', (role, asks, bytes) => {
  const core = new Core(role, { random: rng })
  const [suite, zeros] = [suiteNamed('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'), new Uint8Array(32)]
  const secrets = { suite, master: zeros, clientRandom: zeros, serverRandom: zeros, encryptThenMac: false }
  let state: State = new Connected12(secrets, role)
  for (let i = 0; i < DEFAULT_LIMITS.renegotiations; i++) {
    expect(state.expects).toEqual([asks])
    state = state.handle(core, handshakeOf(bytes))
    expect(state.at).toBe('CONNECTED')
    expect(core.take()).toEqual([{ kind: 'send', bytes: Uint8Array.of(21, 3, 3, 0, 2, 1, 100) }])
  }
  expect(() => state.handle(core, handshakeOf(bytes))).toThrow('unexpected_message')
})

test('a configuration that cannot work is refused at once', () => {
  const suites = ['TLS_RSA_WITH_AES_128_CBC_SHA']
  expect(() => pair({ versions: ['TLS 1.3'], suites })).toThrow(RangeError)
  expect(() => pair({}, { versions: ['TLS 1.3'], suites })).toThrow(RangeError)
  expect(() => pair({}, { clientAuth: 'require' })).toThrow('judge')
  expect(() => pair({}, { maxEarlyData: 1 })).toThrow('replay')
  expect(() => pair({ groups: ['brainpoolP256r1'] })).toThrow('group')
})

test('the same seed gives the same bytes', () => {
  const record = (): string => {
    const bytes: string[] = []
    const seed = new Rng('same')
    const key = generateKey('rsa-2048', new Rng('key'))
    const identities = [{ chain: [key.public.spki], signer: emulatedSigner(key, seed.fork('salt')) }]
    const wire = (_from: string, sent: Uint8Array) => {
      bytes.push(toHex(sent))
      return [sent]
    }
    const ends = [
      client({ random: seed.fork('c'), serverName: 'x', judge }),
      server({ random: seed.fork('s'), identities, tickets: new TicketSealer(seed.fork('t')) }),
    ] as const
    new Loopback(...ends, 0, wire).start()
    return bytes.join()
  }
  expect(record()).toBe(record())
})
