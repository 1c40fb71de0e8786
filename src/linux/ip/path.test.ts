import { describe, expect, it } from 'vitest'
import { MINUTE, SECOND } from '../../sim/time.ts'
import { type Address, address, mac, type V4, v4 } from '../../util/address.ts'
import { prefix } from '../../util/prefix.ts'
import { writeEthernet } from '../../wire/fast/ethernet.ts'
import * as ipv4 from '../../wire/fast/ipv4.ts'
import { writeUdp } from '../../wire/fast/udp.ts'
import { Frame } from '../../wire/frame.ts'
import type { Namespace } from '../namespace.ts'
import { Skb } from '../skb.ts'
import { dump, taps } from '../testing/dump.ts'
import { Lab } from '../testing/lab.ts'
import { datagram, type ProbeOptions, ping } from '../testing/probe.ts'

/** A UDP packet as a wire brings it to a node's eth0, whatever its addresses say. */
function arrive(
  lab: Lab,
  from: Address,
  to: Address,
  options: { ttl?: number; proto?: number; spoil?: number } = {},
): void {
  const { eth0 } = lab.nodes[0]
  const frame = Frame.allocate(8)
  frame.put(8)
  writeUdp(frame, from, to, 1, 2)
  ipv4.writeIpv4(frame, from as V4, to as V4, options.proto ?? 17, options.ttl ?? 64)
  if (options.spoil !== undefined) frame.bytes[frame.start + options.spoil] ^= 1
  writeEthernet(frame, eth0.mac, mac('02:00:00:00:00:01'), 0x0800)
  eth0.receive(new Skb(frame, lab.kernel.recorder.packet(), 0))
  lab.run()
}

const reasons = (lab: Lab): string[] =>
  lab.steps().flatMap(({ event }) => (event.kind === 'drop' ? [event.reason] : []))
const errors = (lab: Lab): string[] =>
  lab.steps().flatMap(({ event }) => (event.kind === 'icmp-error' ? [`${event.type}/${event.code} ${event.why}`] : []))

function watch(lab: Lab, probe: () => unknown): string[] {
  const before = lab.steps().length
  probe()
  lab.run()
  return taps(lab.kernel.recorder, lab.steps().slice(before)).filter((line) => !line.includes(' arp '))
}

const NODE = v4('192.168.56.11')
const LAPTOP = v4('192.168.56.1')

describe('a packet that comes in', () => {
  it.each([
    ['from our own address', '192.168.56.11', '192.168.56.11', 'martian-source'],
    ['from 127/8', '127.0.0.1', '192.168.56.11', 'martian-source'],
    ['from a group', '224.0.0.1', '192.168.56.11', 'martian-source'],
    ['from 255.255.255.255', '255.255.255.255', '192.168.56.11', 'martian-source'],
    ['to 127/8', '192.168.56.1', '127.0.0.1', 'martian-source'],
    ['to 0/8', '192.168.56.1', '0.0.0.1', 'martian-source'],
    ['to a closed port', '192.168.56.1', '192.168.56.11', 'no-socket'],
    ['to the broadcast address', '192.168.56.1', '192.168.56.255', 'no-socket'],
    ['to 255.255.255.255', '192.168.56.1', '255.255.255.255', 'no-socket'],
  ])('%s is dropped for what it is', (_, from, to, reason) => {
    const lab = new Lab()
    arrive(lab, v4(from), v4(to))
    expect(reasons(lab)).toEqual([reason])
  })

  it('draws an error only when it was sent to us alone', () => {
    const alone = new Lab()
    arrive(alone, LAPTOP, NODE)
    expect(errors(alone)).toEqual(['3/3 no-socket'])
    const broadcast = new Lab()
    arrive(broadcast, LAPTOP, v4('192.168.56.255'))
    expect(errors(broadcast)).toEqual([])
  })

  it('of an unknown protocol draws 3/2', () => {
    const lab = new Lab()
    arrive(lab, LAPTOP, NODE, { proto: 99 })
    expect(errors(lab)).toEqual(['3/2 unknown-protocol'])
  })

  it('with a damaged header or length is dropped without a word', () => {
    for (const [spoil, reason] of [
      [10, 'ip-checksum'],
      [0, 'ip-header'],
    ] as const) {
      const lab = new Lab()
      arrive(lab, LAPTOP, NODE, { spoil })
      expect([reasons(lab), errors(lab)]).toEqual([[reason], []])
    }
  })

  it('passes rp_filter by the device its answer would take, or by any', () => {
    const dropped = (rpFilter: 0 | 1 | 2, from: string): boolean => {
      const lab = new Lab()
      lab.nodes[0].namespace.configure({ rpFilter })
      arrive(lab, v4(from), NODE)
      return reasons(lab).includes('reverse-path')
    }
    // 10.244.1.2 is behind cni0, 203.0.113.9 behind the default route by eth0.
    expect([0, 1, 2].map((mode) => dropped(mode as 0 | 1 | 2, '10.244.1.2'))).toEqual([false, true, false])
    expect([0, 1, 2].map((mode) => dropped(mode as 0 | 1 | 2, '203.0.113.9'))).toEqual([false, false, false])
  })

  it('is not forwarded by a host', () => {
    const lab = new Lab({ overlay: 'host-gw' })
    lab.nodes[0].namespace.configure({ ipForward: false })
    ping(lab.pod(1, 1).namespace, lab.pod(2, 1).v4)
    lab.run()
    expect(reasons(lab)).toEqual(['not-forwarding'])
    expect(errors(lab)).toEqual([])
  })
})

describe('routes', () => {
  const target = prefix('203.0.113.0/24')

  it.each([
    ['unreachable', '3/1 no-route-in', 'EHOSTUNREACH'],
    ['prohibit', '3/13 no-route-in', 'EACCES'],
    ['blackhole', undefined, 'EINVAL'],
  ] as const)('of kind %s tell the sender so', (kind, error, errno) => {
    const lab = new Lab()
    const node = lab.nodes[0].namespace
    node.addRoute({ destination: target, kind })
    ping(lab.pod(1, 1).namespace, v4('203.0.113.9'))
    lab.run()
    expect(errors(lab)[0]).toBe(error)
    expect(reasons(lab)[0]).toBe('no-route-in')
    expect(node.route(v4('203.0.113.9'))).toBe(errno)
  })

  it('that are missing: 3/0 from a router, ENETUNREACH at home', () => {
    const lab = new Lab()
    const node = lab.nodes[0].namespace
    node.removeRoute(prefix('0.0.0.0/0'))
    ping(lab.pod(1, 1).namespace, v4('203.0.113.9'))
    lab.run()
    expect(errors(lab)).toEqual(['3/0 no-route-in'])
    expect(node.route(v4('203.0.113.9'))).toBe('ENETUNREACH')
  })

  it('give their source: the next hop’s subnet, else the first address, else the one they name', () => {
    const lab = new Lab()
    const { namespace: node, eth0 } = lab.nodes[0]
    node.addAddress(eth0, '172.16.0.5/16')
    const sourceTo = (to: string) => (node.route(v4(to)) as { source: Address }).source
    expect(sourceTo('203.0.113.9')).toBe(NODE)
    node.addRoute({ destination: target, via: v4('172.16.0.1') })
    expect(sourceTo('203.0.113.9')).toBe(v4('172.16.0.5'))
    node.addRoute({ destination: target, device: eth0, source: v4('10.244.1.1') })
    expect(sourceTo('203.0.113.9')).toBe(v4('10.244.1.1'))
    expect(() => node.addRoute({ destination: target, via: v4('9.9.9.9'), kind: 'unicast', metric: 1 })).not.toThrow()
  })

  it('go with their device, and those of its addresses come back', () => {
    const lab = new Lab()
    const { namespace, device } = lab.pod(1, 1)
    namespace.setDown(device)
    expect(namespace.route(lab.pod(1, 2).v4)).toBe('ENETUNREACH')
    namespace.setUp(device)
    expect(namespace.route(lab.pod(1, 2).v4)).toMatchObject({ source: v4('10.244.1.2') })
    expect(namespace.route(lab.pod(2, 1).v4)).toBe('ENETUNREACH')
    namespace.removeAddress(device, v4('10.244.1.2'))
    expect(namespace.isLocal(v4('10.244.1.2'))).toBe(false)
    expect(namespace.route(lab.pod(1, 2).v4)).toBe('ENETUNREACH')
  })

  it('to oneself lead over lo, for one’s own addresses and 127/8', () => {
    for (const to of ['10.244.1.2', '127.0.0.1']) {
      const lab = new Lab()
      const seen = watch(lab, () => ping(lab.pod(1, 1).namespace, v4(to)))
      expect(seen.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
        'pod-11 lo out',
        'pod-11 lo in',
        'pod-11 lo out',
        'pod-11 lo in',
      ])
      expect(seen[0]).toContain(`${to} > ${to} icmp 8/0`)
    }
  })

  it('name types of addresses as `-m addrtype` asks for them', () => {
    const { namespace: node, eth0, cni0 } = new Lab().nodes[0]
    const type = (text: string, device = null as typeof eth0 | null) => node.addressType(address(text), device)
    expect(
      ['10.244.1.1', '10.244.1.255', '224.0.0.1', '203.0.113.9', '0.0.0.0', '255.255.255.255'].map((a) => type(a)),
    ).toEqual(['local', 'broadcast', 'multicast', 'unicast', 'broadcast', 'broadcast'])
    expect([type('10.244.1.1', cni0.device), type('10.244.1.1', eth0)]).toEqual(['local', 'unicast'])
    expect([type('fd00:56::11'), type('ff02::1'), type('2001:db8::1')]).toEqual(['local', 'multicast', 'unicast'])
  })
})

describe('ICMP errors', () => {
  const expired = (lab: Lab, count: number, options: ProbeOptions = {}): number => {
    const before = errors(lab).length
    const sent = taps(lab.kernel.recorder).length
    for (let i = 0; i < count; i++) datagram(lab.pod(1, 1).namespace, lab.pod(2, 1).v4, { ttl: 1, ...options })
    lab.run()
    expect(taps(lab.kernel.recorder).length).toBeGreaterThan(sent)
    return errors(lab).length - before
  }

  it('go to one peer six at once, then one a second', () => {
    const lab = new Lab()
    expect(expired(lab, 20)).toBe(6)
    lab.kernel.simulation.run(lab.kernel.simulation.now + 2 * SECOND)
    expect(expired(lab, 20)).toBe(2)
  })

  it('that say "too big" are never held back', () => {
    const lab = new Lab()
    expect(expired(lab, 20, { ttl: 64, size: 1472 })).toBe(20)
  })

  it('are not sent about ICMP errors', () => {
    const lab = new Lab()
    const { namespace, v4: from } = lab.pod(1, 1)
    datagram(lab.pod(2, 1).namespace, from, { port: 9 })
    const steps = lab.steps()
    lab.run()
    expect(errors(lab)).toEqual(['3/3 no-socket'])
    expect(steps.length).toBeGreaterThan(0)
    expect(namespace.transport).toBeNull()
  })

  it('redirect a neighbour to the shorter way, ever more rarely, and forward all the same', () => {
    const lab = new Lab({ overlay: 'host-gw' })
    lab.laptop.addRoute({ destination: prefix('10.244.0.0/16'), via: NODE })
    const seen = watch(lab, () => ping(lab.laptop, lab.pod(2, 1).v4))
    expect(seen).toContain('laptop eth0 in 192.168.56.11 > 192.168.56.1 icmp 5/1 ttl 64 len 112')
    expect(seen.at(-1)).toContain('laptop eth0 in 10.244.2.2 > 192.168.56.1 icmp 0/0')
    const redirect = lab.steps().find(({ event }) => event.kind === 'icmp-error')!
    const frame = lab.kernel.recorder.frame(
      lab.steps().find((s) => s.id > redirect.id && s.event.kind === 'transmit')!.frame!,
    )
    expect([...frame.subarray(14 + 24, 14 + 28)]).toEqual([192, 168, 56, 12])
    for (let i = 0; i < 50; i++) watch(lab, () => ping(lab.laptop, lab.pod(2, 1).v4))
    expect(errors(lab).length).toBeLessThan(4)
    lab.nodes[0].namespace.configure({ sendRedirects: false })
    const before = errors(lab).length
    lab.kernel.simulation.run(lab.kernel.simulation.now + MINUTE)
    watch(lab, () => ping(lab.laptop, lab.pod(2, 1).v4))
    expect(errors(lab)).toHaveLength(before)
  })
})

describe('a path MTU', () => {
  it('holds for ten minutes, and is never believed below 552', () => {
    const lab = new Lab()
    const { namespace } = lab.pod(1, 1)
    const to = lab.pod(2, 1).v4
    const known = () => (namespace.route(to) as { mtu: number }).mtu
    namespace.pmtu.learn(to, 1400, 4)
    namespace.pmtu.learn(to, 1450, 4)
    expect(known()).toBe(1400)
    lab.kernel.simulation.run(10 * MINUTE)
    expect(known()).toBe(1500)
    namespace.pmtu.learn(to, 68, 4)
    expect(known()).toBe(552)
    namespace.pmtu.clear()
    expect(known()).toBe(1500)
  })

  it('makes a datagram without DF leave in fragments', () => {
    const lab = new Lab({ overlay: 'host-gw' })
    const { namespace } = lab.pod(1, 1)
    namespace.pmtu.learn(lab.pod(1, 2).v4, 1000, 4)
    const seen = watch(lab, () => datagram(namespace, lab.pod(1, 2).v4, { size: 1200, dontFragment: false }))
    expect(seen.filter((line) => line.startsWith('pod-11 eth0 out'))).toHaveLength(2)
  })
})

describe('recording', () => {
  const run = (recording: 'off' | 'frames') => {
    const lab = new Lab({ recording, seed: 5 })
    const heard: number[] = []
    const probe = (namespace: Namespace, to: Address) => heard.push(Number(ping(namespace, to) === null))
    probe(lab.pod(1, 1).namespace, lab.pod(2, 1).v4)
    probe(lab.pod(1, 2).namespace, lab.pod(2, 2).v6)
    datagram(lab.pod(2, 1).namespace, lab.pod(1, 2).v4, { size: 3000, dontFragment: false })
    probe(lab.pod(2, 2).namespace, address('10.244.2.99'))
    lab.run()
    const { recorder, simulation } = lab.kernel
    return { text: dump(recorder), next: [recorder.packet(), recorder.skip(), simulation.fired, simulation.now] }
  }

  it('changes nothing, and two runs are the same', () => {
    const kept = run('frames')
    expect(run('frames')).toEqual(kept)
    expect(run('off').next).toEqual(kept.next)
    expect(kept.text.length).toBeGreaterThan(150)
  })
})
