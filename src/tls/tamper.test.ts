import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emulatedSigner, generateKey, parsePublicKey } from '../pki/keys.ts'
import { utf8 } from '../util/bytes.ts'
import { Rng } from '../util/rng.ts'
import { ALERTS } from './alert.ts'
import { client } from './client/start.ts'
import type { CertificateJudge } from './judge.ts'
import { Loopback, type Wire } from './loopback.ts'
import { CONTENT } from './numbers.ts'
import { server } from './server/start.ts'
import { TicketSealer } from './session/ticket.ts'

const judge: CertificateJudge = {
  judge: ({ chain }) => ({ ok: true, key: parsePublicKey(chain[0]), detail: null, events: [] }),
}
const keys = new Rng('tamper')
const key = generateKey('p-256', keys)
const identity = { chain: [key.public.spki], signer: emulatedSigner(key, keys) }
const PING = utf8('ping from the client')
const VARIANTS = [
  { versions: ['TLS 1.3'], groups: ['x25519', 'secp256r1'] },
  { versions: ['TLS 1.3'], groups: ['secp256r1'], suites: ['TLS_CHACHA20_POLY1305_SHA256'], retry: true },
  { versions: ['TLS 1.2'], groups: ['secp256r1'] },
  { versions: ['TLS 1.2'], groups: ['secp256r1'], suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'] },
] as const

/** A handshake, a line each way, and close, over a wire that may do anything. */
function converse(variant: (typeof VARIANTS)[number], seed: string, wire: Wire, clientAuth = false): Loopback {
  const rng = new Rng(seed)
  const common = { ...variant, judge, trace: seed.length % 2 === 0, secrets: true }
  const keyShares = 'retry' in variant ? { keyShares: [] } : {}
  const run = new Loopback(
    client({ ...common, ...keyShares, random: rng.fork('c'), serverName: 'web.test', identities: [identity] }),
    server({
      ...common,
      random: rng.fork('s'),
      identities: [identity],
      tickets: new TicketSealer(rng.fork('t')),
      clientAuth: clientAuth ? 'require' : 'none',
    }),
    1000,
    wire,
  )
  run.start()
  if (run.client.open) run.feed('client', run.client.write(PING))
  if (run.server.open) run.feed('server', run.server.write(PING))
  run.feed('client', run.client.end()).feed('server', run.server.end())
  return run
}

/** Records, one a piece. */
function records(bytes: Uint8Array): Uint8Array[] {
  const all: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + ((bytes[at + 3] << 8) | bytes[at + 4])
    all.push(bytes.subarray(at, end))
    at = end
  }
  return all
}

const heard = (run: Loopback): string[] => [
  Buffer.from(run.received('client')).toString(),
  Buffer.from(run.received('server')).toString(),
]
const PREFIXES = ['', Buffer.from(PING).toString()]

/** Whatever happened: only what was sent was heard, and whoever gave up said so with a real alert. */
function expectSafe(run: Loopback): void {
  for (const text of heard(run)) expect(PREFIXES).toContain(text)
  for (const role of ['client', 'server'] as const) {
    const failed = run.find(role, 'failed')
    if (failed === undefined) continue
    expect(Object.keys(ALERTS)).toContain(failed.fault.alert)
    expect(failed.fault.rule.length).toBeGreaterThan(0)
    expect(failed.fault.rfc).toMatch(/^RFC \d+ /)
  }
}

/** The client's ping was lost or altered on the way: the server must not have heard another. */
const altered = fc.record({
  variant: fc.constantFrom(...VARIANTS),
  auth: fc.boolean(),
  piece: fc.nat(13),
  position: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  flip: fc.integer({ min: 1, max: 255 }),
  seed: fc.string({ minLength: 1, maxLength: 6 }),
})
const RUNS = Number(process.env.PODWIRE_FUZZ ?? 25)

describe('a wire that cannot be trusted', () => {
  test('no bytes altered: everything is heard, in pieces of any size', () => {
    fc.assert(
      fc.property(altered, fc.integer({ min: 1, max: 700 }), ({ variant, auth, seed }, size) => {
        const cut: Wire = (_from, bytes) =>
          Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
        const run = converse(variant, seed, cut, auth)
        expect(heard(run)).toEqual([PREFIXES[1], PREFIXES[1]])
        expect(run.find('client', 'failed')).toBe(undefined)
      }),
      { numRuns: RUNS },
    )
  })

  test('a flipped bit ends in an alert, or changes nothing that counts', () => {
    fc.assert(
      fc.property(altered, ({ variant, auth, piece, position, flip, seed }) => {
        let n = 0
        let done = false
        const wire: Wire = (_from, bytes) =>
          records(bytes).map((record) => {
            if (n++ !== piece) return record
            const copy = record.slice()
            copy[Math.floor(position * copy.length)] ^= flip
            done = true
            return copy
          })
        const run = converse(variant, seed, wire, auth)
        expectSafe(run)
        // Everything a handshake says is covered by its Finished, so both cannot be content with it.
        const content = ['client', 'server'].every((role) => run.find(role as 'client', 'failed') === undefined)
        if (done && content) expect(heard(run).join('')).not.toBe('')
      }),
      { numRuns: RUNS * 4 },
    )
  })

  test('a stream cut short is never taken for a whole one', () => {
    fc.assert(
      fc.property(altered, fc.constantFrom('client', 'server'), ({ variant, auth, position, seed }, from) => {
        let left = Math.floor(position * 1500)
        const wire: Wire = (sender, bytes) => {
          if (sender !== from) return [bytes]
          const part = bytes.subarray(0, left)
          left -= part.length
          return part.length === 0 ? [] : [part]
        }
        const run = converse(variant, seed, wire, auth)
        expectSafe(run)
        const victim = from === 'client' ? 'server' : 'client'
        expect(run.find(victim, 'failed') ?? run.find(victim, 'closed')).toMatchObject(
          run.find(victim, 'failed') !== undefined ? {} : { how: 'truncated' },
        )
      }),
      { numRuns: RUNS },
    )
  })

  test.each([
    [
      'swapped',
      (all: Uint8Array[], i: number) => [...all.slice(0, i), ...all.slice(i, i + 2).reverse(), ...all.slice(i + 2)],
    ],
    ['repeated', (all: Uint8Array[], i: number) => [...all.slice(0, i + 1), ...all.slice(i)]],
    ['lost', (all: Uint8Array[], i: number) => [...all.slice(0, i), ...all.slice(i + 1)]],
  ])('records %s', (_how, change) => {
    fc.assert(
      fc.property(altered, ({ variant, auth, piece, seed }) => {
        const wire: Wire = (_from, bytes) => change(records(bytes), piece % 4)
        expectSafe(converse(variant, seed, wire, auth))
      }),
      { numRuns: RUNS },
    )
  })

  test('records made up by someone else are not taken for data', () => {
    const types = [...Object.values(CONTENT), 0, 24, 255]
    const injected = fc.record({
      type: fc.constantFrom(...types),
      version: fc.constantFrom(0x0303, 0x0301, 0x0200, 0x7f00),
      payload: fc.uint8Array({ maxLength: 40 }),
    })
    fc.assert(
      fc.property(altered, injected, ({ variant, auth, piece, seed }, { type, version, payload }) => {
        const made = Uint8Array.of(type, version >>> 8, version, payload.length >>> 8, payload.length, ...payload)
        let n = 0
        const wire: Wire = (_from, bytes) => (n++ === piece % 6 ? [made, bytes] : [bytes])
        expectSafe(converse(variant, seed, wire, auth))
      }),
      { numRuns: RUNS * 2 },
    )
  })

  test('noise from the first byte on', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 2000 }),
        fc.constantFrom('client', 'server'),
        (noise, role) => {
          const rng = new Rng('noise')
          const end =
            role === 'client'
              ? client({ random: rng, serverName: 'x', judge })
              : server({ random: rng, identities: [identity] })
          end.start(0)
          const outputs = end.receive(noise, 0)
          expect(outputs.some(({ kind }) => kind === 'data' || kind === 'connected')).toBe(false)
        },
      ),
      { numRuns: RUNS * 2 },
    )
  })

  test('handshake messages of any content', () => {
    const types = [0, 1, 2, 4, 5, 8, 11, 12, 13, 14, 15, 16, 20, 22, 24]
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.uint8Array({ maxLength: 300 }),
        fc.boolean(),
        (type, body, isClient) => {
          const rng = new Rng('messages')
          const end = isClient
            ? client({ random: rng, serverName: 'x', judge })
            : server({ random: rng, identities: [identity] })
          end.start(0)
          const length = body.length + 4
          const message = Uint8Array.of(
            22,
            3,
            3,
            length >>> 8,
            length,
            type,
            0,
            body.length >>> 8,
            body.length,
            ...body,
          )
          const outputs = end.receive(message, 0)
          expect(outputs.filter(({ kind }) => kind === 'failed').length).toBe(1)
          expect(end.at).toBe('FAILED')
        },
      ),
      { numRuns: RUNS * 4 },
    )
  })
})
