import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emulatedSigner, generateKey, parsePublicKey } from '../../pki/keys.ts'
import type { Event } from '../../trace/step.ts'
import type { TlsRole } from '../../trace/steps/tls.ts'
import { concat, toHex, utf8 } from '../../util/bytes.ts'
import { Rng } from '../../util/rng.ts'
import { client } from '../client/start.ts'
import type { ClientConfig, Identity, ServerConfig } from '../config.ts'
import type { CertificateJudge } from '../judge.ts'
import { Loopback } from '../loopback.ts'
import { server } from '../server/start.ts'
import { ReplayGuard } from '../session/replay.ts'
import { TicketSealer } from '../session/ticket.ts'
import { SUITES } from '../suite.ts'
import { parseKeylog } from './keylog.ts'
import { Observer } from './observer.ts'

// An onlooker with the key log sees the messages and data that the ends themselves tell of, byte for byte.
const rng = new Rng('observer')
const judge: CertificateJudge = {
  judge: ({ chain }) => ({ ok: true, key: parsePublicKey(chain[0]), detail: 'trusted', events: [] }),
}
const identities = new Map(
  (['p-256', 'rsa-2048'] as const).map((type): [string, Identity] => {
    const key = generateKey(type, rng.fork(type))
    return [type, { chain: [key.public.spki], signer: emulatedSigner(key, rng.fork(`${type} salts`)) }]
  }),
)
const identity = (type: 'p-256' | 'rsa-2048'): Identity => identities.get(type)!

interface Overheard {
  readonly run: Loopback
  readonly wire: { readonly from: TlsRole; readonly bytes: Uint8Array }[]
}

function overhear(c: Partial<ClientConfig> = {}, s: Partial<ServerConfig> = {}): Overheard {
  const wire: { from: TlsRole; bytes: Uint8Array }[] = []
  const config = { random: rng, trace: 'told' as const, secrets: true }
  const ends = [
    client({ ...config, serverName: 'web.test', judge, keylog: true, ...c }),
    server({ ...config, identities: [identity('p-256')], ...s }),
  ] as const
  const run = new Loopback(...ends, 1000, (from, bytes) => {
    wire.push({ from, bytes })
    return [bytes]
  })
  return { run, wire }
}

const keylogOf = (run: Loopback): string =>
  run.outputs.client.flatMap((output) => (output.kind === 'keylog' ? [output.line] : [])).join('\n')

function observe({ run, wire }: Overheard, size = 700, keylog = keylogOf(run)): Observer {
  const observer = new Observer(parseKeylog(keylog))
  for (const { from, bytes } of wire)
    for (let at = 0; at < bytes.length; at += size) observer.feed(from, bytes.subarray(at, at + size), 1000)
  return observer
}

const told = (events: readonly Event[]): string[] =>
  events.flatMap((event) =>
    event.kind === 'tls-message' ? [`${event.direction} ${event.epoch} ${event.message} ${event.bytes}`] : [],
  )
const clients = (run: Loopback): Event[] =>
  run.outputs.client.flatMap((output) => (output.kind === 'step' ? [output.event] : []))

function talk({ run }: Overheard): void {
  run
    .feed('client', run.client.write(utf8('GET / HTTP/1.1\r\n\r\n')))
    .feed('server', run.server.write(rng.bytes(30000)))
  run.feed('client', run.client.close()).feed('server', run.server.close())
}

function expectSame(overheard: Overheard, size?: number): Observer {
  const { run } = overheard
  const observer = observe(overheard, size)
  expect([run.find('client', 'failed'), run.find('server', 'failed')]).toEqual([undefined, undefined])
  const sorted = (events: readonly Event[], direction: string): string[] =>
    told(events).filter((line) => line.startsWith(direction))
  for (const direction of ['sent', 'received'])
    expect(sorted(observer.events, direction)).toEqual(sorted(clients(run), direction))
  const data = (role: TlsRole): string => toHex(concat(observer.data[role]))
  expect(data('client')).toBe(toHex(run.received('server')))
  expect(data('server')).toBe(toHex(run.received('client')))
  const checks = observer.events.filter((event) => event.kind === 'tls-verification')
  expect(checks.map(({ by, ok }) => `${by} ${ok}`).sort()).toEqual(['client true', 'server true'])
  return observer
}

describe('with the key log, an onlooker reads', () => {
  test.each(SUITES.map(({ name, version, auth }) => ({ name, version, auth })))('$name', ({ name, version, auth }) => {
    const own = [identity(auth === 'rsa' ? 'rsa-2048' : 'p-256')]
    const options = { suites: [name], versions: [version] }
    const overheard = overhear(options, { ...options, identities: own })
    overheard.run.start()
    talk(overheard)
    expectSame(overheard)
    expectSame(overheard, 1)
  })

  test('CBC without encrypt-then-MAC', () => {
    const options = { suites: ['TLS_RSA_WITH_AES_128_CBC_SHA'], encryptThenMac: false, extendedMasterSecret: false }
    const overheard = overhear(options, { ...options, identities: [identity('rsa-2048')] })
    overheard.run.start()
    talk(overheard)
    expectSame(overheard)
  })

  test('HelloRetryRequest, client certificates, ALPN, KeyUpdate both ways', () => {
    const overheard = overhear(
      { keyShares: ['x25519'], identities: [identity('p-256')], alpn: ['h2'] },
      { groups: ['secp384r1'], clientAuth: 'require', judge, alpn: ['h2'], paddingUnit: 64 },
    )
    const { run } = overheard
    run.start()
    run.feed('client', run.client.updateKeys(true)).feed('server', run.server.updateKeys(false))
    talk(overheard)
    const observer = expectSame(overheard)
    expect(told(observer.events).filter((line) => line.includes('ClientHello'))).toHaveLength(2)
    expect(told(observer.events).filter((line) => line.includes('KeyUpdate'))).toHaveLength(3)
  })

  test.each(['accepted', 'rejected'] as const)('early data that is %s', (how) => {
    const config = { tickets: new TicketSealer(rng), maxEarlyData: 1000, replay: new ReplayGuard() }
    const { run: first } = overhear({}, config)
    const { session } = first.start().find('client', 'session')!
    const again = how === 'accepted' ? config : { tickets: config.tickets }
    const overheard = overhear({ session, earlyData: true }, again)
    const { run } = overheard
    const start = [...run.client.start(run.now)]
    run.feed('client', [...start, ...run.client.writeEarly(utf8('GET /early'))])
    expect(run.find('client', 'connected')?.connected).toMatchObject({ resumed: true, earlyData: how })
    talk(overheard)
    const observer = expectSame(overheard)
    expect(observer.events).toContainEqual(expect.objectContaining({ subject: 'pre-shared key', chosen: 'a ticket' }))
  })
})

describe('an onlooker', () => {
  test('without the key log sees what is plain, and says what is not', () => {
    const overheard = overhear()
    overheard.run.start()
    const observer = observe(overheard, 700, '# nothing\nrubbish\n')
    expect(told(observer.events).map((line) => line.split(' ')[2])).toEqual(['ClientHello', 'ServerHello'])
    const notes = observer.events.flatMap((event) => (event.kind === 'tls-note' ? [event.text] : []))
    expect(notes).toContainEqual(expect.stringContaining('no secrets of this connection'))
  })

  test('with bytes that were changed on their way neither crashes nor reads on', () => {
    const overheard = overhear()
    overheard.run.start()
    talk(overheard)
    const total = overheard.wire.reduce((sum, { bytes }) => sum + bytes.length, 0)
    fc.assert(
      fc.property(fc.nat(total - 1), fc.integer({ min: 1, max: 255 }), (position, mask) => {
        let at = position
        const wire = overheard.wire.map(({ from, bytes }) => {
          const copy = bytes.slice()
          if (at >= 0 && at < copy.length) copy[at] ^= mask
          at -= copy.length
          return { from, bytes: copy }
        })
        const observer = observe({ run: overheard.run, wire }, 5000)
        const original = toHex(overheard.run.received('client'))
        expect(original.startsWith(toHex(concat(observer.data.server)))).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})
