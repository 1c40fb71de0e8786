import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Simulation } from '../../../sim/simulation.ts'
import { MILLISECOND, SECOND } from '../../../sim/time.ts'
import { Reader } from '../../../util/bytes.ts'
import { writeTcp } from '../../../wire/fast/tcp.ts'
import { Frame } from '../../../wire/frame.ts'
import { tcp } from '../../../wire/tcp.ts'
import { EPHEMERAL, portByParity } from '../ephemeral.ts'
import { A4, B4 } from '../testing/hosts.ts'
import { hashTuple } from '../tuple.ts'
import { Cubic } from './cubic.ts'
import { Deadline } from './deadline.ts'
import { OptionWriter } from './options.ts'
import { RoundTrip } from './rtt.ts'
import { Segment } from './segment.ts'

describe('RFC 6298: round-trip time', () => {
  it('2.1 to 2.3, with the floor that Linux puts under the variance', () => {
    const rtt = new RoundTrip()
    expect(rtt.timeout).toBe(SECOND)
    rtt.measure(400 * MILLISECOND)
    expect(rtt.timeout).toBe((400 + 4 * 200) * MILLISECOND)
    rtt.measure(800 * MILLISECOND)
    expect(rtt.smoothed).toBe(450 * MILLISECOND)
    expect(rtt.timeout).toBe((450 + 4 * 250) * MILLISECOND)
    for (let i = 0; i < 200; i++) rtt.measure(MILLISECOND)
    expect(rtt.timeout).toBeLessThan(202 * MILLISECOND)
    expect(rtt.timeout).toBeGreaterThanOrEqual(201 * MILLISECOND)
  })

  it('5.5: doubles, to 120 s', () => {
    const rtt = new RoundTrip()
    rtt.backoff = 3
    expect(rtt.timeout).toBe(8 * SECOND)
    rtt.backoff = 20
    expect(rtt.timeout).toBe(120 * SECOND)
  })
})

describe('RFC 9438: CUBIC', () => {
  it('slow start adds what was acknowledged, a loss leaves 0.7, and the curve comes back to the top after K seconds', () => {
    const cubic = new Cubic()
    cubic.acknowledged(90, 0, 0)
    expect(cubic.cwnd).toBe(100)
    cubic.reduce()
    expect(cubic.cwnd).toBeCloseTo(70)
    const k = Math.cbrt(30 / 0.4)
    const rtt = 100 * MILLISECOND
    let now = 0
    while (now < k * SECOND) {
      cubic.acknowledged(Math.floor(cubic.cwnd), now, rtt)
      now += rtt
    }
    expect(cubic.cwnd).toBeGreaterThan(97)
    expect(cubic.cwnd).toBeLessThan(104)
  })

  it('4.3: never behind Reno on short paths', () => {
    const cubic = new Cubic()
    cubic.reduce()
    const start = cubic.cwnd
    for (let i = 0; i < 20; i++) cubic.acknowledged(Math.floor(cubic.cwnd), i * MILLISECOND, MILLISECOND)
    expect(cubic.cwnd).toBeGreaterThan(start + 20 * 0.5)
  })

  it('4.7: fast convergence lowers the top when the window did not get back to it', () => {
    const cubic = new Cubic()
    cubic.acknowledged(90, 0, 0)
    cubic.reduce()
    cubic.reduce()
    expect(cubic.ssthresh).toBeCloseTo(49)
    cubic.collapse(40)
    expect([cubic.cwnd, cubic.ssthresh]).toEqual([1, 28])
  })
})

describe('segments', () => {
  it('are read as the codec reads them', () => {
    const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    fc.assert(
      fc.property(
        word,
        word,
        word,
        word,
        fc.nat(65_535),
        fc.nat(14),
        fc.nat(50),
        (seq, ack, value, echo, mss, scale, size) => {
          const writer = new OptionWriter().syn(mss, true, true, value, echo, scale)
          const frame = Frame.of(new Uint8Array(size))
          const t = writeTcp(frame, A4, B4, 1, 2, seq, ack, 0x12, 77, writer.bytes, writer.length)
          const segment = new Segment(frame.bytes, t, frame.end)
          const read = tcp.read(new Reader(frame.copy(), 'tcp'))
          expect([segment.seq >>> 0, segment.ack >>> 0, segment.window]).toEqual([
            read.sequence,
            read.acknowledgment,
            read.window,
          ])
          expect([segment.mss, segment.windowScale, segment.sackPermitted]).toEqual([mss, scale, true])
          expect([segment.tsValue, segment.tsEcho, segment.dataLength]).toEqual([value, echo, size])
          expect(segment.length).toBe(size + 1)
        },
      ),
    )
  })

  it('with options that lie are read as far as they are right', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 40 }), (noise) => {
        const options = noise.slice(0, noise.length & ~3)
        const frame = Frame.of(new Uint8Array(3))
        const t = writeTcp(frame, A4, B4, 1, 2, 0, 0, 0x02, 77, options)
        expect(new Segment(frame.bytes, t, frame.end).dataLength).toBe(3)
      }),
    )
  })

  it('report no more SACK blocks than fit', () => {
    const edges = [1, 2, 3, 4, 5, 6, 7, 8]
    expect(new OptionWriter().sack(edges).length).toBe(36)
    expect(new OptionWriter().timestamps(1, 2).sack(edges).length).toBe(12 + 28)
  })
})

describe('Deadline', () => {
  it('fires once, at the time set last, however often it was moved', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(50)), { minLength: 1, maxLength: 20 }), (moves) => {
        const simulation = new Simulation()
        const fired: number[] = []
        const deadline = new Deadline<null>(simulation, () => fired.push(simulation.now), null)
        let end = -1
        const expected: number[] = []
        for (const [pause, delay] of moves) {
          if (end >= 0 && end <= simulation.now + pause) {
            expected.push(end)
            end = -1
          }
          simulation.run(simulation.now + pause)
          if (delay === 0) {
            deadline.clear()
            end = -1
          } else {
            deadline.set(delay)
            end = simulation.now + delay
          }
        }
        simulation.run()
        if (end >= 0) expected.push(end)
        expect(fired).toEqual(expected)
        expect(deadline.armed).toBe(false)
      }),
    )
  })
})

describe('ports and hashes', () => {
  it('the other parity is used when one is full, and null says that none is left', () => {
    expect(portByParity(7, 0, (port) => port % 2 === 1)! % 2).toBe(1)
    expect(portByParity(0, 1, () => true)).toBe(EPHEMERAL.first + 1)
    expect(portByParity(0, 0, () => false)).toBeNull()
    const seen = new Set<number>()
    portByParity(12345, 0, (port) => {
      seen.add(port)
      return false
    })
    expect(seen.size).toBe(EPHEMERAL.last - EPHEMERAL.first + 1)
  })

  it('tuples that differ anywhere hash apart, nearly always', () => {
    const hashes = new Set<number>()
    for (let port = 0; port < 20_000; port++) hashes.add(hashTuple(0, A4, port, B4, 80))
    for (let port = 0; port < 20_000; port++) hashes.add(hashTuple(1, A4, 80, B4, port))
    expect(hashes.size).toBeGreaterThan(39_980)
  })
})
