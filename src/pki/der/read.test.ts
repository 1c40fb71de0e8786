import fc from 'fast-check'
import forge from 'node-forge'
import { describe, expect, it } from 'vitest'
import { fromHex } from '../../util/bytes.ts'
import { Malformed } from '../../util/malformed.ts'
import { type Element, readDer, TAG } from './read.ts'
import { asBits, asBoolean, asInteger, asNamedBits, asOid, asTime } from './values.ts'
import { bits, encode, int, namedBits, octets, oid, seq, time } from './write.ts'

const read = (hex: string, tag: number): Element => readDer(fromHex(hex), 'test', 'value', tag)

describe('X.690', () => {
  it.each([
    ['30', 'a length'],
    ['3080 0000', 'a definite length'],
    ['3081 00', 'shortest form'],
    ['3081 7f', 'shortest form'],
    ['3082 0080', 'shortest form'],
    ['3085 0100000000', 'at most 4 bytes'],
    ['3003 0201', '3 bytes'],
    ['3000 00', 'no further element'],
    ['3100', 'sequence, got set'],
  ])('%s is refused: %s', (hex, why) => {
    expect(() => read(hex, TAG.sequence)).toThrow(why)
  })

  it('names the element and its offset in the whole buffer', () => {
    const inner = read('3005 3003 020200', TAG.sequence)
    expect(() => inner.items().next('a', TAG.sequence).items().next('b', TAG.integer)).toThrow(
      /^test\.a\.b at offset 6: expected 2 bytes, got 1 bytes$/,
    )
  })

  it('integers are minimal', () => {
    expect(asInteger(read('0201 80', TAG.integer))).toBe(-128n)
    expect(asInteger(read('0202 0080', TAG.integer))).toBe(128n)
    for (const bad of ['0200', '0202 007f', '0202 ff80'])
      expect(() => asInteger(read(bad, TAG.integer))).toThrow(Malformed)
  })

  it('booleans, bit strings, object identifiers', () => {
    expect(asBoolean(read('0101 ff', TAG.boolean))).toBe(true)
    expect(() => asBoolean(read('0101 01', TAG.boolean))).toThrow('00 or ff')
    expect(asNamedBits(read('0302 05a0', TAG.bitString))).toEqual([0, 2])
    for (const bad of ['0300', '0301 01', '0302 08ff', '0302 01ff']) {
      expect(() => asBits(read(bad, TAG.bitString))).toThrow(Malformed)
    }
    expect(asOid(read('0603 883703', TAG.oid))).toBe('2.999.3')
    for (const bad of ['0600', '0602 8001', '0601 80']) expect(() => asOid(read(bad, TAG.oid))).toThrow(Malformed)
  })

  it('times are in GMT, with seconds, and exist', () => {
    const at = (text: string, tag: number): number => {
      const bytes = new TextEncoder().encode(text)
      return asTime(readDer(Uint8Array.of(tag, bytes.length, ...bytes), 'test', 'time', tag))
    }
    expect(at('491231235959Z', TAG.utcTime)).toBe(Date.UTC(2049, 11, 31, 23, 59, 59))
    expect(at('500101000000Z', TAG.utcTime)).toBe(Date.UTC(1950, 0, 1))
    expect(at('99991231235959Z', TAG.generalizedTime)).toBe(Date.UTC(9999, 11, 31, 23, 59, 59))
    for (const bad of ['2602290000Z', '260229000000Z', '260101240000Z', '260101000060Z', '260101000000+0100']) {
      expect(() => at(bad, TAG.utcTime)).toThrow(Malformed)
    }
    expect(() => at('20260101000000.5Z', TAG.generalizedTime)).toThrow(Malformed)
  })
})

describe('what we write', () => {
  it('integers of any size come back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 200n), max: 1n << 200n }), (n) => {
        expect(asInteger(readDer(encode(int(n)), 'test', 'value', TAG.integer))).toBe(n)
      }),
    )
  })

  it('object identifiers, named bits and times come back', () => {
    const arcs = fc.array(fc.nat(0x7fffffff), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(
        arcs,
        fc.uniqueArray(fc.nat(20)),
        fc.integer({ min: -631152000, max: 253402300799 }),
        (a, set, seconds) => {
          const [id, b, t] = [encode(oid(`1.3.${a.join('.')}`)), encode(namedBits(set)), encode(time(seconds * 1000))]
          expect(asOid(readDer(id, 'test', 'oid', TAG.oid))).toBe(`1.3.${a.join('.')}`)
          expect(asNamedBits(readDer(b, 'test', 'bits', TAG.bitString))).toEqual(set.toSorted((x, y) => x - y))
          expect(asTime(readDer(t, 'test', 'time', t[0]))).toBe(seconds * 1000)
        },
      ),
    )
  })

  it('is what node-forge reads', () => {
    const der = encode(seq(int(5), octets(fromHex('00ff')), bits(fromHex('01'))))
    const back = forge.asn1.fromDer(Buffer.from(der).toString('latin1'))
    expect(Buffer.from(forge.asn1.toDer(back).getBytes(), 'latin1').equals(der)).toBe(true)
  })
})

it('random bytes end in Malformed, never in another error or outside the buffer', () => {
  const walk = (element: Element): void => {
    const items = element.items()
    while (items.more) {
      const item = items.any('item')
      expect(item.end).toBeLessThanOrEqual(element.end)
      if (item.tag & 0x20) walk(item)
    }
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        walk(readDer(Uint8Array.of(0x30, bytes.length, ...bytes), 'test', 'value', TAG.sequence))
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed)
      }
    }),
    { numRuns: 1000 },
  )
})
