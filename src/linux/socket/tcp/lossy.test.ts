import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Process, sleep, spawn } from '../../../sim/process.ts'
import { MICROSECOND, MILLISECOND, SECOND } from '../../../sim/time.ts'
import { equalBytes } from '../../../util/bytes.ts'
import { Rng } from '../../../util/rng.ts'
import { A6, B4, B6, type Pair, pair } from '../testing/hosts.ts'
import { readAll } from '../testing/streams.ts'
import type { TcpOptions } from './connection.ts'
import type { TcpStream } from './stream.ts'

const options = fc.record({
  sack: fc.boolean(),
  timestamps: fc.boolean(),
  windowScaling: fc.boolean(),
  noDelay: fc.boolean(),
  receiveSpace: fc.constantFrom(3_000, 20_000, 65_536),
  sendSpace: fc.constantFrom(1_000, 87_040),
})

const faults = fc.record({
  delay: fc.constantFrom(50 * MICROSECOND, 5 * MILLISECOND, 80 * MILLISECOND),
  jitter: fc.constantFrom(0, 100 * MICROSECOND, 20 * MILLISECOND),
  loss: fc.constantFrom(0, 0.01, 0.1, 0.25),
  duplication: fc.constantFrom(0, 0.1),
})

/** Writes in pieces of all sizes, with pauses; then ends its half and reads on, or the other way round. */
function* talk(stream: TcpStream, mine: Uint8Array, rng: Rng, net: Pair): Process<Uint8Array> {
  const reader = spawn(net.kernel.simulation, readAll(stream, 1 + rng.below(9_000)), 'reader')
  for (let at = 0; at < mine.length; ) {
    const piece = mine.subarray(at, at + 1 + rng.below(rng.below(2) === 0 ? 100 : 20_000))
    yield* stream.write(piece)
    at += piece.length
    if (rng.below(4) === 0) yield* sleep(rng.below(30 * MILLISECOND))
  }
  stream.shutdown()
  // Closed earlier, it would be an orphan, which gives up after eight retries.
  while (reader.outcome === null || !(stream.state === 'TIME-WAIT' || stream.state === 'CLOSED'))
    yield* sleep(MILLISECOND)
  stream.close()
  if (reader.outcome.kind !== 'returned') throw reader.outcome
  return reader.outcome.value
}

/** Sends `up` and `down` at once; returns what arrived at either end. */
function exchange(net: Pair, up: Uint8Array, down: Uint8Array, client: TcpOptions, server: TcpOptions, v6: boolean) {
  const { simulation } = net.kernel
  const rng = net.kernel.rng.fork('talk')
  let above: Uint8Array | null = null
  let below: Uint8Array | null = null
  const listener = net.b.sockets.listen(
    'any',
    80,
    (stream) =>
      spawn(
        simulation,
        (function* () {
          above = yield* talk(stream, down, rng.fork('server'), net)
        })(),
        'server',
      ),
    server,
  )
  spawn(
    simulation,
    (function* () {
      const stream = yield* net.a.sockets.connect(v6 ? B6 : B4, 80, client)
      below = yield* talk(stream, up, rng.fork('client'), net)
    })(),
    'client',
  )
  simulation.runWhile(() => above === null || below === null, 20_000 * SECOND)
  listener.close()
  simulation.run(simulation.now + 400 * SECOND)
  return { above: above as Uint8Array | null, below: below as Uint8Array | null }
}

describe('TCP over a bad link', () => {
  it('delivers every byte in order both ways, and ends in order, whatever is lost, doubled or overtaken', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0 }),
        faults,
        options,
        options,
        fc.nat(60_000),
        fc.nat(60_000),
        fc.boolean(),
        (seed, link, client, server, up, down, v6) => {
          const net = pair(seed, link)
          const bytes = new Rng(seed).fork('bytes')
          const mine = bytes.bytes(up)
          const theirs = bytes.bytes(down)
          const { above, below } = exchange(net, mine, theirs, client, server, v6)
          expect(above !== null && equalBytes(above, mine)).toBe(true)
          expect(below !== null && equalBytes(below, theirs)).toBe(true)
          const ends = net.steps('tcp-state').filter(({ event }) => event.to === 'CLOSED')
          expect(ends.length).toBeGreaterThanOrEqual(2)
          expect(net.steps('socket-error')).toEqual([])
          expect(net.steps('drop').filter(({ event }) => event.reason === 'tcp-checksum')).toEqual([])
        },
      ),
      { numRuns: 60, seed: 793 },
    )
  })

  it('never takes corrupted data for good', () => {
    const net = pair(3)
    const chance = new Rng(3)
    const corrupt = ({ frame }: { frame: { bytes: Uint8Array; start: number; end: number } }): void => {
      if (chance.below(10) === 0)
        frame.bytes[frame.start + chance.below(frame.end - frame.start)] ^= 1 + chance.below(255)
    }
    net.a.tamper = corrupt
    net.b.tamper = corrupt
    const mine = chance.bytes(100_000)
    const { above, below } = exchange(net, mine, mine, {}, {}, false)
    expect(above !== null && equalBytes(above, mine) && below !== null && equalBytes(below, mine)).toBe(true)
    const reasons = new Set(net.steps('drop').map(({ event }) => event.reason))
    expect(reasons.has('tcp-checksum')).toBe(true)
  })

  it('is the same again for the same seed, and another for another', () => {
    const trace = (seed: number): string => {
      const net = pair(seed, { delay: MILLISECOND, jitter: MILLISECOND, loss: 0.05, duplication: 0.05 })
      exchange(net, new Uint8Array(30_000), new Uint8Array(30_000), {}, {}, false)
      return JSON.stringify(net.kernel.recorder.steps)
    }
    expect(trace(1)).toBe(trace(1))
    expect(trace(1)).not.toBe(trace(2))
  })

  it('runs the same over IPv6', () => {
    const net = pair(6)
    const { above } = exchange(net, new Uint8Array(5_000).fill(6), new Uint8Array(0), {}, {}, true)
    expect(above?.length).toBe(5_000)
    expect(net.a.sent[0].options.source).toBe(A6)
  })
})
