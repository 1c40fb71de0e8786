import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatMac, mac, v4, v6 } from './address.ts'
import { type Codec, concat, decode, encode, equalBytes, fromHex, Reader, type Span, toHex, Writer } from './bytes.ts'
import { Malformed, Truncated } from './malformed.ts'

const reader = (hex: string, spans: Span[] | null = null): Reader =>
  new Reader(fromHex(hex), 'test', 0, undefined, spans)

describe('Reader', () => {
  test('reads every width, big-endian', () => {
    const r = reader('01 0203 040506 ffffffff ffffffff 0a580af40102')
    expect([r.u8('a'), r.u16('b'), r.u24('c'), r.u32('d'), r.i32('e')]).toEqual([1, 0x203, 0x40506, 0xffffffff, -1])
    expect(formatMac(r.mac('f'))).toBe('0a:58:0a:f4:01:02')
    expect(r.remaining).toBe(0)
    r.done()
  })

  test('names what it cannot read, and where', () => {
    const r = reader('0102')
    r.u8('first')
    expect(() => r.u16('second')).toThrow(new Truncated('test', 'second', 2, 1, 1))
    expect(() => r.take(-1, 'length')).toThrow(Malformed)
    expect(() => r.done()).toThrow('test.end at offset 1')
  })

  test('fail points at the field read last', () => {
    const r = reader('0102')
    r.u8('first')
    const second = r.u8('second')
    expect(() => r.fail('second', '3', second)).toThrow('test.second at offset 1: expected 3, got 2')
  })

  test('a window hides what lies beyond it', () => {
    const r = new Reader(fromHex('00010203'), 'test', 1, 3)
    const inner = r.sub(1, 'inner')
    expect(inner.u8('x')).toBe(1)
    expect(() => inner.u8('y')).toThrow('inner.y at offset 2')
    expect(toHex(r.rest('z'))).toBe('02')
  })

  test('a length field that exceeds the window fails, except where the window is partial', () => {
    const whole = reader('0005 ff')
    expect(() => whole.ensure(whole.u16('length'), 'length')).toThrow(
      'test.length at offset 0: expected 5 bytes to follow, got 1 bytes',
    )
    const quoted = new Reader(fromHex('0005 ff'), 'test', 0, 3, null, true)
    expect(quoted.ensure(quoted.u16('length'), 'length')).toBe(1)
    expect(quoted.sub(1).partial).toBe(true)
  })

  test('records a span a field, in its shape', () => {
    const spans: Span[] = []
    const r = reader(`0a000001 fd00${'00'.repeat(13)}01 abcd`, spans)
    expect(r.v4('source')).toBe(v4('10.0.0.1'))
    expect(r.v6('target')).toEqual(v6('fd00::1'))
    r.u16('checksum', 'hex')
    expect(spans.map(({ field, offset, length, shape }) => [field, offset, length, shape])).toEqual([
      ['source', 0, 4, 'v4'],
      ['target', 4, 16, 'v6'],
      ['checksum', 20, 2, 'hex'],
    ])
  })

  test('bit fields know which bits of which bytes they are', () => {
    const spans: Span[] = []
    const r = reader('6c 0a bc de', spans)
    expect(r.bits({ version: 4, trafficClass: 8, flowLabel: 20 })).toEqual({
      version: 6,
      trafficClass: 0xc0,
      flowLabel: 0xabcde,
    })
    expect(spans.map(({ offset, length, bits }) => [offset, length, bits])).toEqual([
      [0, 1, { first: 0, count: 4 }],
      [0, 2, { first: 4, count: 8 }],
      [1, 3, { first: 4, count: 20 }],
    ])
  })
})

describe('Writer', () => {
  test('writes what Reader reads', () => {
    const word = fc.nat(0xffffffff)
    fc.assert(
      fc.property(fc.nat(255), fc.nat(0xffff), fc.nat(0xffffff), word, fc.maxSafeNat(), (a, b, c, d, e) => {
        const six = e % 2 ** 48
        const w = new Writer(1).u8(a).u16(b).u24(c).u32(d).u48(six)
        const r = new Reader(w.finish(), 'test')
        expect([r.u8('a'), r.u16('b'), r.u24('c'), r.u32('d'), r.u48('e')]).toEqual([a, b, c, d, six])
      }),
    )
  })

  test('patches what is known only at the end, and pads', () => {
    const w = new Writer().u16(0).u24(0).u8(7).pad(4, 1)
    w.patch16(0, 0x0102).patch24(2, 0x030405)
    expect(toHex(w.finish())).toBe('010203040507000000')
    expect(toHex(w.v6(v6('::1')).view(9))).toBe(`${'00'.repeat(15)}01`)
    expect(toHex(new Writer().u48(mac('ff:ff:ff:ff:ff:fe')).finish())).toBe('fffffffffffe')
  })
})

describe('codecs', () => {
  const pair: Codec<readonly [number, number]> = {
    name: 'pair',
    read: (r) => [r.u8('left'), r.u8('right')],
    write: (w, [left, right]) => w.u8(left).u8(right),
  }

  test('decode takes all bytes or none', () => {
    expect(decode(pair, encode(pair, [1, 2]))).toEqual([1, 2])
    expect(() => decode(pair, fromHex('01'))).toThrow('pair.right at offset 1')
    expect(() => decode(pair, fromHex('010203'))).toThrow('pair.end at offset 2')
  })
})

test('hexadecimal and comparison', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      expect(equalBytes(fromHex(toHex(a)), a)).toBe(true)
      expect(toHex(concat([a, b]))).toBe(toHex(a) + toHex(b))
      expect(equalBytes(a, b)).toBe(toHex(a) === toHex(b))
    }),
  )
  expect(() => fromHex('0g')).toThrow('not hexadecimal')
  expect(() => fromHex('012')).toThrow('not hexadecimal')
})
