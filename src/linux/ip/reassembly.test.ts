import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SECOND } from '../../sim/time.ts'
import type { V4, V6 } from '../../util/address.ts'
import { equalBytes } from '../../util/bytes.ts'
import { Rng } from '../../util/rng.ts'
import * as ipv4 from '../../wire/fast/ipv4.ts'
import * as ipv6 from '../../wire/fast/ipv6.ts'
import { Layout, locate } from '../../wire/fast/layout.ts'
import { checksumOk } from '../../wire/fast/transport.ts'
import { writeUdp } from '../../wire/fast/udp.ts'
import { Frame } from '../../wire/frame.ts'
import { Skb } from '../skb.ts'
import { Lab } from '../testing/lab.ts'
import { fragmentV4 } from './fragment.ts'
import { fragmentV6 } from './fragment6.ts'

/** A UDP datagram of this payload size to the pod of a fresh lab, as an IP packet. */
function packet(family: 4 | 6, size: number, flags = 0) {
  const lab = new Lab()
  const { namespace, ...to } = lab.pod(1, 1)
  const from = lab.pod(1, 2)
  const frame = Frame.allocate(size)
  const at = frame.put(size)
  for (let i = 0; i < size; i++) frame.bytes[at + i] = (i * 7) & 255
  writeUdp(frame, from[`v${family}`], to[`v${family}`], 1, 2)
  if (family === 4) ipv4.writeIpv4(frame, from.v4 as V4, to.v4 as V4, 17, 64, 0, 99, flags)
  else ipv6.writeIpv6(frame, from.v6 as V6, to.v6 as V6, 17, 64)
  return { lab, namespace, skb: new Skb(frame, 1, 0) }
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const rng = new Rng(seed)
  return items
    .map((item) => [rng.u32(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)
}

function reasons(lab: Lab): string[] {
  return lab.steps().flatMap(({ event }) => (event.kind === 'drop' ? [event.reason] : []))
}

describe('fragments', () => {
  it('come together again, in any order and with repeats, byte for byte', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(4 as const, 6 as const),
        fc.integer({ min: 1, max: 9000 }),
        fc.integer({ min: 1280, max: 1500 }),
        fc.integer(),
        (family, size, mtu, seed) => {
          const { namespace, skb } = packet(family, size)
          const before = skb.frame.copy()
          const parts = family === 4 ? fragmentV4(namespace, skb, mtu)! : fragmentV6(namespace, skb, mtu)
          for (const { frame } of parts) expect(frame.length).toBeLessThanOrEqual(mtu)
          if (parts.length === 1) return
          const layout = new Layout()
          const repeat = new Skb(parts[0].frame.clone(), 1, 0)
          const whole = shuffled([...parts.slice(1), repeat], seed).map((part) =>
            namespace.defragment(part, family, 'local'),
          )
          const last = namespace.defragment(parts[0], family, 'local')
          const made = [...whole, last].filter((found) => found !== null)
          expect(made).toHaveLength(1)
          const { frame } = made[0]
          expect(locate(frame.bytes, frame.start, frame.end, layout) && checksumOk(frame.bytes, layout)).toBe(true)
          expect(
            equalBytes(frame.copy().subarray(family === 4 ? 20 : 40), before.subarray(family === 4 ? 20 : 40)),
          ).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('that overlap end the whole packet (RFC 5722)', () => {
    const { lab, namespace, skb } = packet(4, 4000)
    const [first, second, third] = fragmentV4(namespace, skb, 1500)!
    const { frame } = second
    ipv4.seal(frame, frame.start)
    frame.bytes[frame.start + 7] -= 1
    ipv4.seal(frame, frame.start)
    for (const part of [first, second, third]) expect(namespace.defragment(part, 4, 'local')).toBeNull()
    expect(reasons(lab)).toEqual(['fragment-overlap', 'fragment-overlap'])
  })

  it('that wait for 30 seconds are dropped, and their sender is told when the first was there', () => {
    for (const [kept, told] of [
      [0, 1],
      [1, 0],
    ]) {
      const { lab, namespace, skb } = packet(4, 4000)
      namespace.defragment(fragmentV4(namespace, skb, 1500)![kept], 4, 'local')
      lab.run()
      const { now } = lab.kernel.simulation
      expect(now).toBeGreaterThanOrEqual(30 * SECOND)
      expect(lab.steps().filter(({ event }) => event.kind === 'icmp-error')).toHaveLength(told)
      expect(reasons(lab)).toContain('fragment-timeout')
    }
  })

  it('keep apart what is collected for different users', () => {
    const { namespace, skb } = packet(4, 2000)
    const [first, second] = fragmentV4(namespace, skb, 1500)!
    expect(namespace.defragment(first, 4, 'conntrack-in')).toBeNull()
    expect(namespace.defragment(second, 4, 'local')).toBeNull()
  })

  it('of a packet with DF keep it, and it may leave in the same sizes only', () => {
    const { namespace, skb } = packet(4, 2000)
    const parts = fragmentV4(namespace, skb, 1400)!
    for (const { frame } of parts) {
      frame.bytes[frame.start + 6] |= 0x40
      ipv4.seal(frame, frame.start)
    }
    const sizes = parts.map(({ frame }) => frame.length)
    const whole = parts.map((part) => namespace.defragment(part, 4, 'conntrack-in')).find((found) => found !== null)!
    expect(ipv4.dontFragment(whole.frame.bytes, whole.frame.start)).toBe(true)
    expect(whole.fragmentSize).toBe(1396)
    expect(fragmentV4(namespace, whole, 1300)).toBeNull()
    const again = fragmentV4(namespace, whole, 1500)!
    expect(again.map(({ frame }) => frame.length)).toEqual(sizes)
    expect(again.every(({ frame }) => ipv4.dontFragment(frame.bytes, frame.start))).toBe(true)
  })
})
