import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { v4, v6 } from '../util/address.ts'
import { fromHex } from '../util/bytes.ts'
import { checksum, neverZero, pseudo, pseudoV4, pseudoV6, sum, update16, update32 } from './checksum.ts'

const evenBytes = fc
  .uint8Array({ minLength: 2, maxLength: 80 })
  .map((bytes) => (bytes.length % 2 === 0 ? bytes : bytes.slice(1)))
  .filter((bytes) => bytes.length > 0)

describe('RFC 1071', () => {
  const example = fromHex('0001 f203 f4f5 f6f7')

  test('the example of section 3', () => {
    expect(sum(example, 0, 8)).toBe(0xddf2)
    expect(checksum(example, 0, 8)).toBe(0x220d)
  })

  test('a header whose checksum is right sums to 0xffff', () => {
    const header = fromHex('4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7')
    expect(sum(header, 0, 20)).toBe(0xffff)
    header.fill(0, 10, 12)
    expect(checksum(header, 0, 20)).toBe(0xb861)
  })

  test('an odd byte counts as the upper half of a word', () => {
    expect(sum(fromHex('01'), 0, 1)).toBe(0x0100)
  })

  test('the largest datagram does not overflow', () => {
    expect(sum(new Uint8Array(65536).fill(0xff), 0, 65536)).toBe(0xffff)
  })

  test('is that of the RFC, word by word', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(9), fc.nat(0xffff), (bytes, start, seed) => {
        let total = seed
        for (let i = start; i < bytes.length; i += 2) total += bytes[i] * 256 + (bytes[i + 1] ?? 0)
        while (total > 0xffff) total = (total % 0x10000) + Math.floor(total / 0x10000)
        expect(sum(bytes, start, bytes.length, seed)).toBe(total)
      }),
    )
  })

  test('can be taken in parts, at even boundaries', () => {
    fc.assert(
      fc.property(evenBytes, fc.uint8Array({ maxLength: 40 }), (head, tail) => {
        const all = Uint8Array.of(...head, ...tail)
        expect(sum(tail, 0, tail.length, sum(head, 0, head.length))).toBe(sum(all, 0, all.length))
      }),
    )
  })
})

describe('RFC 1624', () => {
  test('the example of section 4, which RFC 1141 gets wrong', () => {
    expect(update16(0xdd2f, 0x5555, 0x3285)).toBe(0x0000)
  })

  test('an update equals a computation anew', () => {
    fc.assert(
      fc.property(evenBytes, fc.nat(), fc.integer({ min: 1, max: 0xffff }), (bytes, where, value) => {
        const at = (where % (bytes.length - 1)) & ~1
        bytes[0] |= 1 // not all zero, as no header is
        const before = checksum(bytes, 0, bytes.length)
        const old = (bytes[at] << 8) | bytes[at + 1]
        bytes[at] = value >>> 8
        bytes[at + 1] = value
        expect(update16(before, old, value)).toBe(checksum(bytes, 0, bytes.length))
      }),
    )
  })

  test('32 bits are two updates of 16', () => {
    const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xfffe }), word, word, (check, a, b) => {
        const high = update16(check, a >>> 16, b >>> 16)
        expect(update32(check, a, b)).toBe(update16(high, a & 0xffff, b & 0xffff))
      }),
    )
  })
})

describe('pseudo-headers', () => {
  test('are the sum of their bytes', () => {
    const bytes = fromHex('c0a80001 c0a800c7 0011 0014')
    expect(pseudoV4(v4('192.168.0.1'), v4('192.168.0.199'), 17, 20)).toBe(sum(bytes, 0, bytes.length))
    const long = fromHex(`fd00${'00'.repeat(13)}01 fe80${'00'.repeat(13)}ff 00012345 0000003a`)
    expect(pseudoV6(v6('fd00::1'), v6('fe80::ff'), 58, 0x12345)).toBe(sum(long, 0, long.length))
  })

  test('refuse a mixture of families', () => {
    expect(() => pseudo(v4('10.0.0.1'), v6('::1'), 6, 20)).toThrow(TypeError)
  })
})

test('RFC 768: zero is sent as all ones', () => {
  expect(neverZero(0)).toBe(0xffff)
  expect(neverZero(1)).toBe(1)
})
