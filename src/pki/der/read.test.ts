import fc from 'fast-check'
import forge from 'node-forge'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../util/bytes.ts'
import { Malformed } from '../../util/malformed.ts'
import { type Element, readDer, TAG } from './read.ts'
import { asBits, asBoolean, asInteger, asNamedBits, asOid, asTime } from './values.ts'
import {
  type Asn1,
  bits,
  bool,
  encode,
  int,
  namedBits,
  nul,
  octets,
  oid,
  seq,
  setOf,
  tagged,
  taggedOf,
  time,
  utf8String,
} from './write.ts'

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

  it.each([
    [oid('2.999.3'), '0603 883703'],
    [oid('1.2.840.113549.1.1.11'), '0609 2a864886f70d01010b'],
    [octets(new Uint8Array(0x7f)).subarray(0, 2), '047f'],
    [octets(new Uint8Array(0x80)).subarray(0, 3), '048180'],
    [octets(new Uint8Array(0x100)).subarray(0, 4), '04820100'],
    [setOf(int(300), nul(), int(2)), '3109 020102 0202012c 0500'],
    [seq(null, tagged(2, 'a'), taggedOf(0, bool(true))), '3008 820161 a0030101ff'],
  ])('X.690 has it so: %#', (der, hex) => {
    expect(toHex(der)).toBe(hex.replaceAll(' ', ''))
  })

  it('is what node-forge reads, and writes', () => {
    const leaf = fc.oneof(
      fc.bigInt({ min: -(1n << 2000n), max: 1n << 2000n }).map((n) => int(n)),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => octets(bytes)),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => bits(bytes)),
      fc.string({ unit: 'grapheme' }).map((text) => utf8String(text)),
      fc.array(fc.nat(0xffffff), { maxLength: 8 }).map((arcs) => oid(['1.3', ...arcs].join('.'))),
    )
    const { value } = fc.letrec<{ value: Asn1 }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('value'), { maxLength: 5 }).map((items) => seq(...items)),
        fc.tuple(fc.nat(30), tie('value')).map(([n, item]) => taggedOf(n, item)),
      ),
    }))
    fc.assert(
      fc.property(value, (written) => {
        const der = encode(written)
        const back = forge.asn1.fromDer(Buffer.from(der).toString('latin1'))
        expect(Buffer.from(forge.asn1.toDer(back).getBytes(), 'latin1').equals(der)).toBe(true)
      }),
      { numRuns: 300 },
    )
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
