import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Codec, encode, Reader, type Span } from '../../src/util/bytes.ts'
import { Malformed } from '../../src/util/malformed.ts'

/** What every codec keeps to, whatever its protocol. `values` makes values that a program may write. */
export function codecLaws<T>(codec: Codec<T>, values: fc.Arbitrary<T>): void {
  describe('laws', () => {
    test('reads what it wrote', () => {
      fc.assert(
        fc.property(values, (value) => {
          const bytes = encode(codec, value)
          const r = new Reader(bytes, codec.name)
          expect(codec.read(r)).toEqual(value)
          expect(r.remaining).toBe(0)
        }),
      )
    })

    test('names every byte it read, once or as bits', () => {
      fc.assert(
        fc.property(values, (value) => {
          const bytes = encode(codec, value)
          const spans: Span[] = []
          codec.read(new Reader(bytes, codec.name, 0, bytes.length, spans))
          expect(gaps(spans, bytes.length)).toEqual([])
        }),
      )
    })

    test('a truncation is Malformed or a shorter value, and sees nothing beyond its window', () => {
      fc.assert(
        fc.property(values, fc.boolean(), (value, partial) => {
          const bytes = encode(codec, value)
          for (let end = 0; end < bytes.length; end++) {
            const within = outcome(codec, bytes, end, partial)
            expect(within).toEqual(outcome(codec, bytes.slice(0, end), end, partial))
          }
        }),
        { numRuns: 40 },
      )
    })

    test('other bytes are Malformed, or a value that can be written and read again', () => {
      const damaged = fc
        .tuple(values, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
        .map(([value, at]) => {
          const bytes = encode(codec, value)
          for (const [where, byte] of at) bytes[where % bytes.length] = byte
          return bytes
        })
      fc.assert(
        fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })), fc.boolean(), (bytes, partial) => {
          const read = outcome(codec, bytes, bytes.length, partial)
          if ('malformed' in read) return
          const again = outcome(codec, encode(codec, read.value), undefined, false)
          expect(again).toEqual({ value: read.value })
        }),
        { numRuns: 500 },
      )
    })
  })
}

type Outcome<T> = { readonly value: T } | { readonly malformed: string }

/** Anything thrown that is not Malformed, or that points outside the window, fails the test. */
function outcome<T>(codec: Codec<T>, bytes: Uint8Array, end = bytes.length, partial = false): Outcome<T> {
  try {
    return { value: codec.read(new Reader(bytes, codec.name, 0, end, null, partial)) }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    expect(error.offset).toBeGreaterThanOrEqual(0)
    expect(error.offset).toBeLessThanOrEqual(end)
    return { malformed: error.message }
  }
}

/** Offsets that no span covers. */
function gaps(spans: readonly Span[], length: number): number[] {
  const covered = new Uint8Array(length)
  for (const { offset, length: size } of spans) covered.fill(1, offset, offset + size)
  return [...covered.keys()].filter((at) => covered[at] === 0)
}
