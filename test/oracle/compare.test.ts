import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { difference } from './compare.ts'
import { observedFile } from './labs.ts'
import { parse } from './observed.ts'
import type { Recording } from './record.ts'

const read = (name: string): Recording => parse(readFileSync(observedFile('vxlan', name), 'utf8'))
const edit = (r: Recording, at: number, change: (text: string) => string): Recording => ({
  ...r,
  seen: r.seen.map((s, i) => (i === at ? { ...s, text: change(s.text) } : s)),
})
const swap = (r: Recording, a: number, b: number): Recording => {
  const seen = [...r.seen]
  ;[seen[a], seen[b]] = [seen[b], seen[a]]
  return { ...r, seen }
}

describe('the comparison', () => {
  const icmp = read('across-icmp')

  it('finds nothing in a recording and itself', () => {
    expect(difference(icmp, icmp)).toBeNull()
  })

  it.each([
    ['a TTL', (t: string) => t.replace(/ttl \d+/, 'ttl 61')],
    ['a MAC', (t: string) => t.replace('default_a1:eth0 >', 'default_b1:eth0 >')],
    ['a length', (t: string) => t.replace(/len \d+/, 'len 85')],
    ['a flag', (t: string) => t.replace(' DF', '')],
  ])('finds %s that differs, at any tap', (_, change) => {
    for (const [i, { text }] of icmp.seen.entries()) {
      if (change(text) !== text) expect(difference(icmp, edit(icmp, i, change))).not.toBeNull()
    }
  })

  it('finds sightings that are lost, too many, or swapped within a namespace', () => {
    for (let i = 0; i < icmp.seen.length; i++) {
      expect(difference(icmp, { ...icmp, seen: icmp.seen.toSpliced(i, 1) })).not.toBeNull()
      expect(difference(icmp, { ...icmp, seen: icmp.seen.toSpliced(i, 0, icmp.seen[i]) })).not.toBeNull()
      const next = icmp.seen.findIndex((s, j) => j > i && s.netns === icmp.seen[i].netns)
      const same =
        next < 0 || (icmp.seen[next].text === icmp.seen[i].text && icmp.seen[next].device === icmp.seen[i].device)
      if (!same) expect(difference(icmp, swap(icmp, i, next))).not.toBeNull()
    }
  })

  it('does not mind the order of what two namespaces see', () => {
    const i = icmp.seen.findIndex((s, j) => j > 0 && s.netns !== icmp.seen[j - 1].netns)
    expect(difference(icmp, swap(icmp, i - 1, i))).toBeNull()
  })

  it('finds a connection that only one of them tracks', () => {
    expect(difference(icmp, { ...icmp, tracked: icmp.tracked.slice(1) })).toContain('only expected')
    expect(difference({ ...icmp, tracked: [] }, icmp)).toContain('only got')
  })

  it('lets fragments of a burst overtake, but not at one tap', () => {
    const burst = read('udp-3000-across')
    const at = (tap: string, offset: string) =>
      burst.seen.findIndex((s) => `${s.direction} ${s.netns}:${s.device}` === tap && s.text.includes(`frag ${offset}`))
    const [eth1, eth2, tunnel] = [
      at('in node-2:eth0', '0+'),
      at('in node-2:eth0', '1424+'),
      at('in node-2:flannel.1', '0+'),
    ]
    expect(difference(burst, swap(burst, eth1, eth2))).not.toBeNull()
    const early = burst.seen.toSpliced(tunnel, 1).toSpliced(eth1 + 1, 0, burst.seen[tunnel])
    expect(difference(burst, { ...burst, seen: early })).toBeNull()
    const before = burst.seen.toSpliced(tunnel, 1).toSpliced(eth1, 0, burst.seen[tunnel])
    expect(difference(burst, { ...burst, seen: before })).not.toBeNull()
  })
})
