import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { address, formatAddress } from '../../util/address.ts'
import { formatPrefix, prefix } from '../../util/prefix.ts'
import { HostLocal, type RangeConfig } from './ipam.ts'
import { NodeIpam } from './node-ipam.ts'

const pool = (
  subnet: string,
  more: Partial<Record<'rangeStart' | 'rangeEnd' | 'gateway', string>> = {},
): RangeConfig => ({
  subnet: prefix(subnet),
  ...Object.fromEntries(Object.entries(more).map(([key, text]) => [key, address(text)])),
})

function give(ipam: HostLocal, owner: string): string {
  const allocation = ipam.allocate(owner)
  return allocation.kind === 'address' ? formatAddress(allocation.address) : allocation.message
}

describe('host-local', () => {
  it('goes on from the last reserved address, so a replaced pod gets the next one', () => {
    const ipam = new HostLocal([pool('10.244.1.0/24')])
    expect(['a', 'b', 'c'].map((owner) => give(ipam, owner))).toEqual(['10.244.1.2', '10.244.1.3', '10.244.1.4'])
    ipam.release('b')
    expect(give(ipam, 'b2')).toBe('10.244.1.5')
    ipam.release('b2')
    expect(give(ipam, 'b3')).toBe('10.244.1.6')
  })

  it('comes round to what was released, and says when nothing is left', () => {
    const ipam = new HostLocal([pool('10.1.0.0/29')])
    expect(['a', 'b', 'c', 'd', 'e'].map((owner) => give(ipam, owner)).at(-1)).toBe('10.1.0.6')
    expect(give(ipam, 'f')).toBe('no IP addresses available in range set: 10.1.0.1-10.1.0.6')
    ipam.release('c')
    expect(give(ipam, 'f')).toBe('10.1.0.4')
  })

  it('goes from one range of its set to the next', () => {
    const ipam = new HostLocal([
      pool('10.1.0.0/24', { rangeStart: '10.1.0.10', rangeEnd: '10.1.0.11' }),
      pool('10.2.0.0/30'),
    ])
    expect(['a', 'b', 'c', 'd'].map((owner) => give(ipam, owner))).toEqual([
      '10.1.0.10',
      '10.1.0.11',
      '10.2.0.2',
      'no IP addresses available in range set: 10.1.0.10-10.1.0.11,10.2.0.1-10.2.0.2',
    ])
  })

  it('leaves exclusions out, and steps over large ones at once', () => {
    const ipam = new HostLocal([pool('10.0.0.0/8')], [prefix('10.0.0.0/9'), prefix('10.128.0.0/30')])
    expect(give(ipam, 'a')).toBe('10.128.0.4')
    const none = new HostLocal([pool('10.1.0.0/24')], [prefix('10.1.0.0/24')])
    expect(give(none, 'a')).toMatch(/^no IP addresses available/)
    const around = new HostLocal([pool('10.1.0.0/28')], [prefix('10.1.0.4/30'), prefix('10.1.0.8/30')])
    expect(around.reserve('last', address('10.1.0.6')).kind).toBe('address')
    const rest = ['a', 'b', 'c', 'd', 'e', 'f'].map((owner) => give(around, owner))
    expect(rest.slice(0, 5)).toEqual(['10.1.0.12', '10.1.0.13', '10.1.0.14', '10.1.0.2', '10.1.0.3'])
    expect(rest[5]).toMatch(/^no IP addresses available/)
  })

  it('gives the last IPv6 address but no broadcast address of IPv4', () => {
    const six = new HostLocal([pool('fd00:10:244:1::/126')])
    expect(['a', 'b', 'c'].map((owner) => give(six, owner))).toEqual([
      'fd00:10:244:1::2',
      'fd00:10:244:1::3',
      'no IP addresses available in range set: fd00:10:244:1::1-fd00:10:244:1::3',
    ])
    expect(give(new HostLocal([pool('fd00:10:244::/64')]), 'a')).toBe('fd00:10:244::2')
  })

  it('keeps its state over a restart', () => {
    const before = new HostLocal([pool('10.244.1.0/24')])
    give(before, 'a')
    give(before, 'b')
    before.release('b')
    const after = new HostLocal([pool('10.244.1.0/24')])
    after.restore(before.state)
    expect(after.ownerOf(address('10.244.1.2'))).toBe('a')
    expect(give(after, 'c')).toBe('10.244.1.4')
  })

  it('refuses reservations that would break its promises', () => {
    const ipam = new HostLocal([pool('10.244.1.0/24')])
    const refusal = (owner: string, text: string): string => {
      const allocation = ipam.reserve(owner, address(text))
      return allocation.kind === 'refused' ? allocation.message : 'given'
    }
    expect(refusal('a', '10.244.1.9')).toBe('given')
    expect(refusal('b', '10.244.1.9')).toContain('a has it')
    expect(refusal('b', '10.244.1.1')).toBe("requested ip 10.244.1.1 is subnet's gateway")
    expect(refusal('b', '10.244.2.9')).toContain('is not in range set')
    expect(refusal('b', '10.244.1.255')).toContain('is not in range set')
    expect(give(ipam, 'b')).toBe('10.244.1.10')
    expect(give(ipam, 'b')).toContain('duplicate allocation is not allowed')
    expect(() => new HostLocal([pool('10.1.1.0/31')])).toThrow('Network 10.1.1.0/31 too small to allocate from')
    expect(() => new HostLocal([pool('10.1.1.0/24', { gateway: '10.1.2.1' })])).toThrow('10.1.2.1 not in network')
  })

  it('never gives an address twice, nor gateway, network or broadcast, and repeats late', () => {
    const steps = fc.array(fc.record({ release: fc.boolean(), owner: fc.nat(12) }), { maxLength: 80 })
    fc.assert(
      fc.property(steps, fc.integer({ min: 28, max: 30 }), (todo, length) => {
        const ipam = new HostLocal([pool(`10.9.0.0/${length}`)])
        const size = 2 ** (32 - length)
        const held = new Map<number, string>()
        const order: string[] = []
        for (const { release, owner } of todo) {
          if (release || held.has(owner)) {
            ipam.release(String(owner))
            held.delete(owner)
            continue
          }
          const given = give(ipam, String(owner))
          if (given.startsWith('no IP')) {
            expect(held.size).toBe(size - 3)
            continue
          }
          const last = Number(given.split('.')[3])
          expect(last).toBeGreaterThan(1)
          expect(last).toBeLessThan(size - 1)
          expect([...held.values()]).not.toContain(given)
          // With free addresses left over, one comes again only after every other that was free came.
          const previous = order.lastIndexOf(given)
          if (previous >= 0) expect(new Set(order.slice(previous)).size + held.size).toBeGreaterThanOrEqual(size - 3)
          order.push(given)
          held.set(owner, given)
        }
      }),
    )
  })
})

describe('node ranges', () => {
  it('are cut from the cluster CIDRs, the lowest free one of each family', () => {
    const ipam = new NodeIpam([prefix('10.244.0.0/16'), prefix('fd00:10:244::/56')])
    ipam.occupy([prefix('10.244.1.0/24')])
    const next = (): string => {
      const ranges = ipam.allocate()
      return typeof ranges === 'string' ? ranges : ranges.map(formatPrefix).join(' ')
    }
    expect(next()).toBe('10.244.0.0/24 fd00:10:244::/64')
    expect(next()).toBe('10.244.2.0/24 fd00:10:244:1::/64')
  })

  it('run out with a message', () => {
    const ipam = new NodeIpam([prefix('10.244.0.0/23')])
    ipam.allocate()
    ipam.allocate()
    expect(ipam.allocate()).toBe(
      'CIDR allocation failed; there are no remaining CIDRs left to allocate in 10.244.0.0/23 (/24 a node)',
    )
  })
})
