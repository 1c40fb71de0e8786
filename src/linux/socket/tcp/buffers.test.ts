import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Flight, type InFlight } from './flight.ts'
import { ReceiveBuffer } from './receive-buffer.ts'
import { SendBuffer } from './send-buffer.ts'
import { distance, after as isAfter } from './sequence.ts'

const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff)

describe('ReceiveBuffer', () => {
  it('puts any pieces of a stream together, in any order, across the wrap of sequence numbers', () => {
    const piece = fc.tuple(fc.nat(400), fc.nat(60))
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 80 }),
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        (pieces, start) => {
          const stream = pattern(460)
          const buffer = new ReceiveBuffer()
          const here = new Set<number>()
          let next = start
          for (const [offset, length] of pieces) {
            const seq = (start + offset) | 0
            const bytes = stream.slice(offset, offset + length)
            for (let i = offset; i < offset + length; i++) here.add(i)
            if (length === 0 || !isAfter((seq + length) | 0, next)) continue
            if (isAfter(seq, next)) buffer.hold(seq, bytes, false)
            else next = buffer.accept(next, seq, bytes)
            const reported = buffer.takeSack()
            for (let i = 0; i < reported.length; i += 2) {
              expect(isAfter(reported[i], next)).toBe(true)
              for (let at = distance(reported[i], start); at < distance(reported[i + 1], start); at++) {
                expect(here.has(at)).toBe(true)
              }
            }
          }
          let contiguous = 0
          while (here.has(contiguous)) contiguous++
          expect(distance(next, start)).toBe(contiguous)
          expect(buffer.available).toBe(contiguous)
          expect(buffer.hasGap).toBe([...here].some((i) => i > contiguous))
          const read: number[] = []
          for (let part = buffer.read(13); part !== null; part = buffer.read(13)) read.push(...part)
          expect(read).toEqual([...stream.subarray(0, contiguous)])
        },
      ),
    )
  })

  it('RFC 2018 4: reports the block that changed last first, three at most, a D-SACK before them and once', () => {
    const buffer = new ReceiveBuffer()
    for (const seq of [10, 30, 50, 70]) buffer.hold(seq, pattern(5), false)
    expect(buffer.takeSack()).toEqual([70, 75, 50, 55, 30, 35])
    buffer.hold(35, pattern(5), false)
    buffer.repeated(0, 5)
    expect(buffer.sackBlocks).toBe(3)
    expect(buffer.takeSack()).toEqual([0, 5, 30, 40, 70, 75])
    expect(buffer.takeSack()).toEqual([30, 40, 70, 75, 50, 55])
  })

  it('counts a FIN beyond a gap', () => {
    const buffer = new ReceiveBuffer()
    buffer.hold(10, pattern(5), true)
    expect(buffer.takeSack()).toEqual([10, 16])
    expect(buffer.accept(0, 0, pattern(10))).toBe(16)
    expect(buffer.available).toBe(15)
  })
})

describe('SendBuffer', () => {
  it('gives back what was written, wherever it is asked', () => {
    const step = fc.record({ write: fc.nat(50), release: fc.nat(40), offset: fc.nat(60), count: fc.nat(60) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const buffer = new SendBuffer()
        const model: number[] = []
        let written = 0
        for (const { write, release, offset, count } of steps) {
          const bytes = pattern(4000).subarray(written, written + write)
          written += write
          buffer.append(bytes)
          model.push(...bytes)
          const gone = Math.min(release, model.length)
          buffer.release(gone)
          model.splice(0, gone)
          expect(buffer.length).toBe(model.length)
          const from = Math.min(offset, model.length)
          const length = Math.min(count, model.length - from)
          const out = new Uint8Array(length + 2)
          buffer.copy(from, length, out, 1)
          expect([...out]).toEqual([0, ...model.slice(from, from + length), 0])
        }
      }),
    )
  })
})

describe('Flight', () => {
  const sent = (seq: number, end: number, flags = 0): InFlight => {
    return { seq, end, flags, sentAt: 0, order: seq, transmissions: 1, sacked: false, lost: false }
  }

  it('acknowledges whole segments and parts, and keeps the count of those selectively acknowledged', () => {
    const flight = new Flight()
    for (let i = 0; i < 5; i++) flight.add(sent(i * 10, i * 10 + 10))
    expect(flight.select([20, 40])).toHaveLength(2)
    expect([flight.pipe, flight.sackedCount, flight.highestSacked]).toEqual([3, 2, 40])
    expect(flight.select([20, 40])).toHaveLength(0)
    expect(flight.acknowledge(25).map(({ seq }) => seq)).toEqual([0, 10])
    expect(flight.head.seq).toBe(25)
    flight.markAllLost()
    expect(flight.nextLost()?.seq).toBe(40)
    flight.acknowledge(50)
    expect([flight.empty, flight.sackedCount]).toEqual([true, 0])
  })

  it('cut in two, a segment keeps its FIN at the end', () => {
    const flight = new Flight()
    flight.add(sent(0, 31, 1))
    flight.split(flight.head, 20)
    expect(flight.segments).toMatchObject([
      { seq: 0, end: 20, flags: 0 },
      { seq: 20, end: 31, flags: 1 },
    ])
  })
})
