import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  address,
  BROADCAST,
  familyOf,
  formatAddress,
  formatEndpoint,
  formatMac,
  formatV6,
  isMulticastMac,
  keyOf,
  mac,
  parseAddress,
  parseMac,
  parseV4,
  parseV6,
  sameAddress,
  V6,
  v4,
  v6,
  v6FromBigInt,
  v6ToBigInt,
} from './address.ts'

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
/** With runs of zeros, which is what the text forms are about. */
const v6s = fc
  .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((g) => new V6((g[0] << 16) | g[1], (g[2] << 16) | g[3], (g[4] << 16) | g[5], (g[6] << 16) | g[7]))

describe('IPv4', () => {
  test('text and number are one', () => {
    fc.assert(
      fc.property(word, (value) => {
        const text = formatAddress(value as never)
        expect(isIPv4(text)).toBe(true)
        expect(parseV4(text)).toBe(value)
      }),
    )
    expect(v4('255.255.255.255')).toBe(-1)
  })

  test('takes what Node takes', () => {
    const almost = fc.stringMatching(/^[0-9]{0,3}(\.[0-9]{0,3}){2,4}$/)
    fc.assert(
      fc.property(almost, (text) => {
        expect(parseV4(text) !== null).toBe(isIPv4(text))
      }),
      { numRuns: 2000 },
    )
  })

  test.each(['', '1.2.3', '1.2.3.4.5', '01.2.3.4', '256.1.1.1', '1.2.3.4 ', '-1.2.3.4', '1..2.3'])(
    'refuses %j',
    (text) => {
      expect(parseV4(text)).toBeNull()
      expect(() => v4(text)).toThrow('not an IPv4 address')
    },
  )
})

describe('IPv6', () => {
  test('prints as RFC 5952 wants, which is what URL does', () => {
    fc.assert(
      fc.property(v6s, (value) => {
        const text = formatV6(value)
        expect(`[${text}]`).toBe(new URL(`http://[${text}]/`).hostname)
        expect(parseV6(text)).toEqual(value)
      }),
      { numRuns: 1000 },
    )
  })

  test.each([
    ['2001:0DB8::0001', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1::', '1::'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ])('%s is %s', (text, canonical) => {
    expect(formatV6(v6(text))).toBe(canonical)
  })

  test('takes what Node takes', () => {
    const almost = fc.oneof(
      fc.stringMatching(/^(::)?[0-9a-f]{0,5}(:[0-9a-f]{0,5}){0,8}(::)?$/),
      fc.stringMatching(/^[0-9a-f:]{0,12}(([0-9]{1,3}\.){3}[0-9]{1,3})?$/),
    )
    fc.assert(
      fc.property(almost, (text) => {
        expect([text, parseV6(text) !== null]).toEqual([text, isIPv6(text)])
      }),
      { numRuns: 3000 },
    )
  })

  test.each(['', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', 'fe80::1%eth0', 'g::', '1.2.3.4', '::1.2.3.256', '12345::'])(
    'refuses %j',
    (text) => {
      expect(parseV6(text)).toBeNull()
      expect(() => v6(text)).toThrow('not an IPv6 address')
    },
  )

  test('words and 128 bits are one', () => {
    fc.assert(
      fc.property(v6s, (value) => {
        expect(v6FromBigInt(v6ToBigInt(value))).toEqual(value)
      }),
    )
  })
})

test('addresses of both families', () => {
  const four = address('10.0.0.1')
  const six = address('fd00::1')
  expect([familyOf(four), familyOf(six)]).toEqual([4, 6])
  expect(keyOf(six)).toBe(keyOf(v6('FD00:0::1')))
  expect(sameAddress(six, v6('fd00::1'))).toBe(true)
  expect(sameAddress(four, six)).toBe(false)
  expect(formatEndpoint(four, 80)).toBe('10.0.0.1:80')
  expect(formatEndpoint(six, 80)).toBe('[fd00::1]:80')
  expect(JSON.stringify({ six })).toBe('{"six":"fd00::1"}')
  expect(parseAddress('web')).toBeNull()
})

test('MAC addresses', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 48 - 1), (value) => {
      expect(parseMac(formatMac(value as never))).toBe(value)
    }),
  )
  expect(mac('FF:ff:ff:ff:ff:ff')).toBe(BROADCAST)
  expect(isMulticastMac(mac('01:00:5e:00:00:01'))).toBe(true)
  expect(isMulticastMac(mac('0a:58:0a:f4:01:02'))).toBe(false)
  for (const text of ['0a:58:0a:f4:01', '0a-58-0a-f4-01-02', '0a:58:0a:f4:01:0g']) expect(parseMac(text)).toBeNull()
  expect(() => mac('')).toThrow('not a MAC address')
})
