import { describe, expect, test } from 'vitest'
import type { SchedulerName } from '../../../trace/steps/packet.ts'
import { type V4, v4, v6 } from '../../../util/address.ts'
import { ServiceState } from './service-state.ts'
import { hsiphash } from './siphash.ts'
import type { VirtualServer } from './virtual-server.ts'

const CLIENT = v4('10.244.1.2')

function server(scheduler: SchedulerName, weights: readonly number[], hashPorts = false): VirtualServer {
  return {
    protocol: 6,
    address: v4('10.96.0.80'),
    port: 80,
    scheduler,
    hashPorts,
    persistence: 0,
    origin: 'Service default/web',
    reals: weights.map((weight, i) => ({ address: v4(`10.244.2.${i + 1}`), port: 8080, weight })),
  }
}

/** Which real servers, from 1, get the next connections; those of odd turns become active. */
function turns(state: ServiceState, count: number): number[] {
  return Array.from({ length: count }, () => {
    const chosen = state.schedule(CLIENT, 40_000)!
    return (chosen.address as V4) & 0xff
  })
}

describe('rr', () => {
  test('goes round the list, and over those that take none', () => {
    expect(turns(new ServiceState(server('rr', [1, 1, 1])), 7)).toEqual([1, 2, 3, 1, 2, 3, 1])
    expect(turns(new ServiceState(server('rr', [1, 0, 1])), 4)).toEqual([1, 3, 1, 3])
    expect(new ServiceState(server('rr', [0, 0])).schedule(CLIENT, 1)).toBeNull()
    expect(new ServiceState(server('rr', [])).schedule(CLIENT, 1)).toBeNull()
  })

  test('when the last one is deleted, goes on after the one before it (ip_vs_rr_del_dest)', () => {
    const all = server('rr', [1, 1, 1])
    const state = new ServiceState(all)
    expect(turns(state, 2)).toEqual([1, 2])
    state.update({ ...all, reals: [all.reals[0], all.reals[2]] })
    expect(turns(state, 2)).toEqual([3, 1])
  })

  test('a new real server stands at the head of the list', () => {
    const all = server('rr', [1, 1, 1])
    const state = new ServiceState({ ...all, reals: all.reals.slice(0, 2) })
    expect(turns(state, 1)).toEqual([1])
    state.update(all)
    expect(state.destinations.map(({ address }) => (address as V4) & 0xff)).toEqual([3, 1, 2])
    expect(turns(state, 3)).toEqual([2, 3, 1])
  })
})

test('wrr takes the heavier more often, in passes with a falling threshold', () => {
  // The example of the LVS documentation: weights 4, 3, 2 give AABABCABC.
  expect(turns(new ServiceState(server('wrr', [4, 3, 2])), 9)).toEqual([1, 1, 2, 1, 2, 3, 1, 2, 3])
  expect(turns(new ServiceState(server('wrr', [1, 1])), 4)).toEqual([1, 2, 1, 2])
  expect(new ServiceState(server('wrr', [0])).schedule(CLIENT, 1)).toBeNull()
})

describe('the least loaded', () => {
  const loaded = (
    scheduler: SchedulerName,
    loads: readonly (readonly [active: number, inactive: number])[],
    weights: number[],
  ) => {
    const state = new ServiceState(server(scheduler, weights))
    state.destinations.forEach((d, i) => {
      ;[d.active, d.inactive] = loads[i]
    })
    return turns(state, 1)[0]
  }

  test.each<readonly [SchedulerName, readonly (readonly [number, number])[], number[], number]>([
    // An active connection counts as 256 others.
    [
      'lc',
      [
        [1, 0],
        [0, 255],
      ],
      [1, 1],
      2,
    ],
    [
      'lc',
      [
        [1, 0],
        [0, 257],
      ],
      [1, 1],
      1,
    ],
    [
      'lc',
      [
        [2, 0],
        [2, 0],
      ],
      [1, 9],
      1,
    ],
    [
      'wlc',
      [
        [2, 0],
        [8, 0],
      ],
      [1, 9],
      2,
    ],
    [
      'sed',
      [
        [0, 0],
        [1, 0],
      ],
      [1, 3],
      2,
    ],
    [
      'nq',
      [
        [0, 0],
        [1, 0],
      ],
      [1, 3],
      1,
    ],
    [
      'lc',
      [
        [0, 0],
        [5, 0],
      ],
      [0, 1],
      2,
    ],
  ])('%s %j weights %j: %i', (scheduler, loads, weights, expected) => {
    expect(loaded(scheduler, loads, weights)).toBe(expected)
  })
})

describe('hashing', () => {
  test('sh: hash_32 of the address, in a table dealt out by weight', () => {
    const state = new ServiceState(server('sh', [1, 1]))
    // 0x0af40102 * 0x61c88647 is 0x4dc3538e mod 2^32: bucket 0x4d of 256, which is odd, so the second of two.
    expect(turns(state, 3)).toEqual([2, 2, 2])
    expect(state.shares(CLIENT)).toHaveLength(1)
    const both = new Set(Array.from({ length: 32 }, (_, i) => state.schedule(v4(`10.244.3.${i}`), 1)))
    expect(both.size).toBe(2)
    expect(state.schedule(v6('fd00::1'), 1)).not.toBeNull()
  })

  test('sh refuses those whose server takes none: there is no fallback', () => {
    const state = new ServiceState(server('sh', [1, 0]))
    const got = Array.from({ length: 32 }, (_, i) => state.schedule(v4(`10.244.3.${i}`), 1))
    expect(new Set(got.map((d) => d === null)).size).toBe(2)
  })

  test('mh moves few clients when a real server goes', () => {
    const all = server('mh', [1, 1, 1, 1])
    const state = new ServiceState(all)
    const clients = Array.from({ length: 400 }, (_, i) => v4(`10.${i >> 8}.${i & 255}.9`))
    const pick = (): number[] => clients.map((c) => (state.schedule(c, 1)!.address as V4) & 0xff)
    const before = pick()
    const counts = [1, 2, 3, 4].map((n) => before.filter((x) => x === n).length)
    for (const count of counts) expect(count).toBeGreaterThan(60)
    state.update({ ...all, reals: all.reals.slice(0, 3) })
    const after = pick()
    const moved = before.filter((x, i) => x !== 4 && x !== after[i]).length
    expect(moved).toBeLessThan(40)
  })

  test("mh with ports spreads one client's connections", () => {
    const state = new ServiceState(server('mh', [1, 1], true))
    const got = new Set(Array.from({ length: 32 }, (_, i) => state.schedule(CLIENT, 40_000 + i)))
    expect(got.size).toBe(2)
    const shares = state.shares(CLIENT)
    expect(shares).toHaveLength(2)
    expect(shares[0].share + shares[1].share).toBeCloseTo(1)
  })

  // CPython hashes bytes with SipHash-1-3; with PYTHONHASHSEED=0 its key is 0: hash(b'abcd') & 0xffffffff.
  test.each([
    [0x64636261, 0xd52aae89],
    [0x04030201, 0x360ba9d4],
  ])('SipHash-1-3 of %i', (word, expected) => {
    expect(hsiphash(word, 0n)).toBe(expected)
  })
})
