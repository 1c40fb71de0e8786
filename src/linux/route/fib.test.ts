import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Address, type V4, V6, v4 } from '../../util/address.ts'
import { inPrefix, networkOf, type Prefix, prefix } from '../../util/prefix.ts'
import { Fib } from './fib.ts'
import { compareRoutes, Route } from './route.ts'

/** Few distinct words, so that prefixes share bits and lookups hit. */
const word = fc.constantFrom(0, -1, 0x0a000000, 0x0af40000, 0x0af40100, 0x0af40102, 0xc0a83800 | 0, 1, 0x80000000 | 0)
const address4 = fc.oneof(word, fc.integer()) as fc.Arbitrary<V4>
const address6 = fc.tuple(word, word, word, word).map(([a, b, c, d]) => new V6(a, b, c, d))

function routes(address: fc.Arbitrary<Address>, bits: number): fc.Arbitrary<Route[]> {
  const one = fc.record({ address, length: fc.integer({ min: 0, max: bits }), metric: fc.integer({ min: 0, max: 2 }) })
  return fc.array(
    one.map(({ address, length, metric }) => new Route({ destination: { address, length }, metric })),
    { maxLength: 60 },
  )
}

/** What the table should say, looked for the long way round. */
function naive(list: readonly Route[], address: Address): Prefix | null {
  const matching = list.filter(({ destination }) => inPrefix(address, destination))
  matching.sort(compareRoutes)
  return matching[0]?.destination ?? null
}

describe('the forwarding table', () => {
  it.each([
    ['IPv4', address4 as fc.Arbitrary<Address>, 32],
    ['IPv6', address6 as fc.Arbitrary<Address>, 128],
  ] as const)('finds the longest match, as a search of the whole list does (%s)', (_, address, bits) => {
    fc.assert(
      fc.property(routes(address, bits), fc.array(address, { maxLength: 20 }), (list, asked) => {
        const fib = new Fib()
        for (const route of list) fib.add(route)
        for (const at of [...asked, ...list.map(({ destination }) => destination.address)]) {
          expect(fib.lookup(at)?.destination ?? null).toEqual(naive(list, at))
        }
      }),
      { numRuns: 300 },
    )
  })

  it('knows again when routes go, in tables small and large', () => {
    for (const count of [4, 400]) {
      const fib = new Fib()
      for (let i = 0; i < count; i++) fib.add(new Route({ destination: { address: (i << 8) as V4, length: 24 } }))
      fib.add(new Route({ destination: prefix('0.0.0.0/0') }))
      expect(fib.lookupV4(0x203 as V4)?.destination.length).toBe(24)
      expect(fib.remove(({ destination }) => destination.address === 0x200)).toBe(1)
      expect(fib.lookupV4(0x203 as V4)?.destination.length).toBe(0)
    }
  })

  it('prefers the local table, then the lower metric, and replaces what is equal', () => {
    const fib = new Fib()
    const destination = prefix('10.0.0.1/32')
    const kind = (metric: number, table: 'local' | 'main') =>
      fib.add(new Route({ destination, metric, table, kind: table === 'local' ? 'local' : 'unicast' }))
    kind(5, 'main')
    kind(1, 'main')
    expect(fib.lookupV4(v4('10.0.0.1'))?.metric).toBe(1)
    kind(7, 'local')
    expect(fib.lookupV4(v4('10.0.0.1'))?.kind).toBe('local')
    kind(1, 'main')
    expect(fib.list()).toHaveLength(3)
  })

  it('clears bits that lie beyond the prefix', () => {
    const route = new Route({ destination: { address: v4('10.1.2.3'), length: 8 } })
    expect(route.destination.address).toBe(networkOf(v4('10.0.0.0'), 8))
  })
})
