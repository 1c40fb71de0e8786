import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { address, formatAddress, type V4, V6 } from './address.ts'
import {
  formatPrefix,
  inPrefix,
  networkOf,
  overlaps,
  type Prefix,
  parseInterfaceAddress,
  parsePrefix,
  prefix,
} from './prefix.ts'

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
/** Few differing bits, so that prefixes meet. */
const near = fc.constantFrom(0, 1, 0x100, 0x10000, -(2 ** 31))
const v4s = fc.oneof(word, near).map((value) => value as V4)
const v6s = fc.tuple(near, near, near, near).map(([a, b, c, d]) => new V6(a, b, c, d))
const prefixes: fc.Arbitrary<Prefix> = fc.oneof(
  fc.tuple(v4s, fc.nat(32)).map(([a, length]) => ({ address: networkOf(a, length), length })),
  fc.tuple(v6s, fc.nat(128)).map(([a, length]) => ({ address: networkOf(a, length), length })),
)

test.each(['10.244.0.0/16', '0.0.0.0/0', '10.0.0.1/32', 'fd00:10:244::/64', '::/0', 'fd00::1/128'])('%s', (text) => {
  expect(formatPrefix(prefix(text))).toBe(text)
})

test.each(['10.244.1.0/15', '10.0.0.0/33', '::/129', '10.0.0.0', '10.0.0.0/', '10.0.0.0/-1', '10.0.0/8', 'fd00::1/64'])(
  '%s is no prefix',
  (text) => {
    expect(parsePrefix(text)).toBeNull()
    expect(() => prefix(text)).toThrow('not a CIDR')
  },
)

test('an address on an interface may have host bits', () => {
  expect(parseInterfaceAddress('192.168.56.11/24')).toEqual({ address: address('192.168.56.11'), length: 24 })
  expect(parseInterfaceAddress('192.168.56.11/33')).toBeNull()
})

describe('membership', () => {
  test("is that of Node's BlockList", () => {
    fc.assert(
      fc.property(prefixes, fc.oneof(v4s, v6s), (p, a) => {
        const family = (of: typeof a): 'ipv4' | 'ipv6' => (typeof of === 'number' ? 'ipv4' : 'ipv6')
        const list = new BlockList()
        list.addSubnet(formatAddress(p.address), p.length, family(p.address))
        const same = family(a) === family(p.address)
        expect(inPrefix(a, p)).toBe(same && list.check(formatAddress(a), family(a)))
      }),
      { numRuns: 1000 },
    )
  })

  test('a network is in itself, and two overlap when one holds the other', () => {
    fc.assert(
      fc.property(prefixes, prefixes, (p, q) => {
        expect(inPrefix(p.address, p)).toBe(true)
        expect(overlaps(p, q)).toBe(overlaps(q, p))
        expect(overlaps(p, q)).toBe(inPrefix(p.address, q) || inPrefix(q.address, p))
      }),
    )
    expect(overlaps(prefix('10.244.0.0/16'), prefix('10.244.3.0/24'))).toBe(true)
    expect(overlaps(prefix('10.244.0.0/16'), prefix('10.245.0.0/16'))).toBe(false)
    expect(overlaps(prefix('0.0.0.0/0'), prefix('::/0'))).toBe(false)
  })
})
