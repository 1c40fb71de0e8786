import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judge } from '../../test/support/tamper/conversation.ts'
import { COURSES, type Course, identity } from '../../test/support/tamper/courses.ts'
import { recorded, trial } from '../../test/support/tamper/trial.ts'
import { utf8 } from '../util/bytes.ts'
import { Rng } from '../util/rng.ts'
import { ALERTS } from './alert.ts'
import { client } from './client/start.ts'
import { Loopback, type Wire } from './loopback.ts'
import { server } from './server/start.ts'
import { TicketSealer } from './session/ticket.ts'

const PING = utf8('ping from the client')
/** A handshake, a line each way, and close, over a wire that may do anything. */
function converse(course: Course, seed: string, wire: Wire, clientAuth = false): Loopback {
  const rng = new Rng(seed)
  const trace = seed.length % 2 === 0 ? 'told' : 'off'
  const common = { judge, trace, secrets: true } as const
  const run = new Loopback(
    client({ ...common, ...course.client, random: rng.fork('c'), serverName: 'web.test', identities: [identity] }),
    server({
      ...common,
      identities: [],
      ...course.server,
      random: rng.fork('s'),
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

const altered = fc.record({
  course: fc.constantFrom(...COURSES),
  auth: fc.boolean(),
  position: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  seed: fc.string({ minLength: 1, maxLength: 6 }),
})
const RUNS = Number(process.env.PODWIRE_FUZZ ?? 25)

describe('a wire that cannot be trusted', () => {
  test('no bytes altered: everything is heard, in pieces of any size', () => {
    fc.assert(
      fc.property(altered, fc.integer({ min: 1, max: 700 }), ({ course, auth, seed }, size) => {
        const cut: Wire = (_from, bytes) =>
          Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
        const run = converse(course, seed, cut, auth)
        expect(heard(run)).toEqual([PREFIXES[1], PREFIXES[1]])
        expect(run.find('client', 'failed')).toBe(undefined)
      }),
      { numRuns: RUNS },
    )
  })

  const ways = COURSES.flatMap((course) =>
    [false, true].flatMap((clientAuth) =>
      (course.earlyData === 'none' ? [false, true] : [true]).map((resumed) => ({
        name: `${course.name}${clientAuth ? ', mutual' : ''}${resumed ? ', resumed' : ''}`,
        how: { course, clientAuth, resumed, alpn: clientAuth },
      })),
    ),
  )
  // One record flipped, overwritten, cut, lost, repeated, swapped or forged, and the alert that the RFCs have for it.
  test.each(ways)('the right alert at the right moment: $name', ({ name, how }) => {
    const conversation = recorded(how, name, how.resumed)
    for (let i = 0; i < RUNS; i++) trial(conversation, new Rng(`${name} ${i}`))
  })

  test('a stream cut short is never taken for a whole one', () => {
    fc.assert(
      fc.property(altered, fc.constantFrom('client', 'server'), ({ course, auth, position, seed }, from) => {
        let left = Math.floor(position * 1500)
        const wire: Wire = (sender, bytes) => {
          if (sender !== from) return [bytes]
          const part = bytes.subarray(0, left)
          left -= part.length
          return part.length === 0 ? [] : [part]
        }
        const run = converse(course, seed, wire, auth)
        expectSafe(run)
        const victim = from === 'client' ? 'server' : 'client'
        expect(run.find(victim, 'failed') ?? run.find(victim, 'closed')).toMatchObject(
          run.find(victim, 'failed') !== undefined ? {} : { how: 'truncated' },
        )
      }),
      { numRuns: RUNS },
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
          // RFC 5246 7.4.1.1.
          const ignored = isClient && type === 0 && body.length === 0
          expect(outputs.filter(({ kind }) => kind === 'failed').length).toBe(ignored ? 0 : 1)
          expect(end.at).toBe(ignored ? 'WAIT_SH' : 'FAILED')
        },
      ),
      { numRuns: RUNS * 4 },
    )
  })
})
