import { describe, expect, it } from 'vitest'
import type { Step } from '../trace/step.ts'
import { type Address, address } from '../util/address.ts'
import { u16 } from '../wire/fast/bytes.ts'
import * as ipv4 from '../wire/fast/ipv4.ts'
import type { Errno } from './errno.ts'
import type { PathError } from './ip/layer.ts'
import type { Namespace } from './namespace.ts'
import { frameText } from './testing/dump.ts'
import { Lab, type LabOptions } from './testing/lab.ts'
import { datagram, type ProbeOptions, ping } from './testing/probe.ts'
import { type Service, track, VIP } from './testing/rules.ts'

/** A lab whose nodes track connections, and what a probe shows on the taps, ARP aside. */
class Facts {
  readonly lab: Lab
  readonly a: Namespace
  private seen: readonly Step[] = []

  constructor(options: LabOptions = {}, services: readonly Service[] = []) {
    this.lab = new Lab({ node: (namespace) => void track(namespace, services), ...options })
    this.a = this.lab.pod(1, 1).namespace
  }

  /** Runs a probe to its end; what taps saw of IPv4, in order. */
  watch(probe: () => Errno | null): string[] {
    const before = this.lab.steps().length
    probe()
    this.lab.run()
    this.seen = this.lab.steps().slice(before)
    return this.shown(({ event }) => event.kind === 'transmit' || event.kind === 'receive')
  }

  ping(to: Address, options: ProbeOptions = {}): string[] {
    return this.watch(() => ping(this.a, to, options))
  }

  datagram(to: Address, options: ProbeOptions = {}): string[] {
    return this.watch(() => datagram(this.a, to, { port: 80, ...options }))
  }

  /** The first frame of the last probe that a tap on this device saw, from its IP header on. */
  packet(place: string): Uint8Array {
    const found = this.seen.filter((step) => step.frame !== null && this.place(step) === place)
    const frames = found.map(({ frame }) => this.lab.kernel.recorder.frame(frame!))
    return frames.filter((b) => u16(b, 12) === 0x0800)[0].subarray(14)
  }

  errors(): PathError[] {
    const errors: PathError[] = []
    this.a.transport = { receive: () => 'no-socket', error: (error) => void errors.push(error) }
    return errors
  }

  private shown(keep: (step: Step) => boolean): string[] {
    return this.seen
      .filter((step) => keep(step) && step.frame !== null)
      .map((step) => [step, frameText(this.lab.kernel.recorder.frame(step.frame!))] as const)
      .filter(([, text]) => !text.startsWith('arp'))
      .map(([step, text]) => `${this.place(step)} ${step.event.kind === 'transmit' ? 'out' : 'in'} ${text}`)
  }

  private place(step: Step): string {
    const { node, netns, device } = this.lab.kernel.recorder.places[step.place]
    return `${netns === 'host' ? node : netns.replace('default/', '')} ${device}`
  }
}

const SAME = address('10.244.1.3')
const OTHER = address('10.244.2.2')
const SERVICES: readonly Service[] = [
  { vip: VIP(1), pod: SAME },
  { vip: VIP(2), pod: address('10.244.1.2'), masquerade: true },
  { vip: VIP(3), pod: null },
  { vip: VIP(4), pod: OTHER },
  { vip: VIP(5), pod: OTHER, masquerade: true },
]

describe.each(['vxlan', 'host-gw'] as const)('on a node (%s)', (overlay) => {
  it('a Service with a pod of the same node is bridged: same TTL, the source MAC stays the client’s', () => {
    const facts = new Facts({ overlay }, SERVICES)
    ping(facts.lab.nodes[0].namespace, SAME)
    facts.ping(SAME)
    expect(facts.datagram(VIP(1)).slice(0, 4)).toEqual([
      'pod-11 eth0 out 10.244.1.2 > 10.96.0.1 udp 40000 > 80 ttl 64 len 40 DF',
      'node-1 veth11 in 10.244.1.2 > 10.96.0.1 udp 40000 > 80 ttl 64 len 40 DF',
      'node-1 veth12 out 10.244.1.2 > 10.244.1.3 udp 40000 > 8080 ttl 64 len 40 DF',
      'pod-12 eth0 in 10.244.1.2 > 10.244.1.3 udp 40000 > 8080 ttl 64 len 40 DF',
    ])
    const last = facts.lab.steps().filter((s) => s.event.kind === 'receive' && s.frame !== null)
    const frame = last.map(({ frame }) => facts.lab.kernel.recorder.frame(frame!)).findLast((b) => b[14 + 9] === 17)!
    const mac = (namespace: Namespace): number => namespace.devices[0].mac
    expect(macs(frame)).toEqual([mac(facts.lab.pod(1, 2).namespace), mac(facts.a)])
  })

  it('a pod reaches itself through its Service by the hairpin, under cni0’s address', () => {
    const facts = new Facts({ overlay }, SERVICES)
    const seen = facts.datagram(VIP(2))
    const random = /10.244.1.1 > 10.244.1.2 udp (\d+) > 8080 ttl 64/
    const back = seen.find((line) => line.startsWith('node-1 veth11 out 10.244.1.1'))
    expect(back).toMatch(random)
    expect(back).not.toContain('udp 40000')
    expect(seen).toContain(back!.replace('node-1 veth11 out', 'pod-11 eth0 in'))
  })

  it('bridged packets go by PREROUTING, FORWARD and POSTROUTING, and cni0 sees none', () => {
    const facts = new Facts({ overlay })
    const seen = facts.ping(SAME)
    expect(seen.filter((line) => line.includes('cni0'))).toEqual([])
    expect(facts.lab.steps().filter(({ event }) => event.kind === 'conntrack').length).toBeGreaterThan(0)
  })

  it('no endpoint: the gateway answers 3/3 with TOS 0xc0, no DF, quoting TTL 63', () => {
    const facts = new Facts({ overlay }, SERVICES)
    const errors = facts.errors()
    expect(facts.datagram(VIP(3)).at(-1)).toBe('pod-11 eth0 in 10.244.1.1 > 10.244.1.2 icmp 3/3 ttl 64 len 68')
    const error = answers(facts, 'pod-11', 'eth0').at(-1)!
    expect(ipv4.tos(error, 0)).toBe(0xc0)
    expect(ipv4.dontFragment(error, 0)).toBe(false)
    expect(ipv4.ttl(error, 28)).toBe(63)
    expect(errors).toMatchObject([{ errno: 'ECONNREFUSED', remote: { address: VIP(3), port: 80 } }])
  })

  it('no endpoint, from the node: the error is on lo, quoting TTL 64, and the call fails', () => {
    const facts = new Facts({ overlay }, SERVICES)
    const node = facts.lab.nodes[0].namespace
    expect(datagram(node, VIP(3), { port: 80 })).toBe('EPERM')
    expect(facts.watch(() => null)).toEqual(['node-1 lo in 192.168.56.11 > 192.168.56.11 icmp 3/3 ttl 64 len 68'])
    expect(ipv4.ttl(facts.packet('node-1 lo'), 28)).toBe(64)
  })

  it('the masquerade source follows the route', () => {
    const facts = new Facts({ overlay }, SERVICES)
    const seen = facts.watch(() => datagram(facts.lab.nodes[0].namespace, VIP(5), { port: 80 }))
    const from = overlay === 'vxlan' ? '10.244.1.0' : '192.168.56.11'
    expect(seen.find((line) => line.startsWith('pod-21 eth0 in'))).toContain(`${from} > 10.244.2.2 udp`)
  })

  it('TTL exceeded quotes TTL 1; the hops of a traceroute are the gateway and the other node', () => {
    const facts = new Facts({ overlay })
    const one = facts.datagram(OTHER, { ttl: 1, dontFragment: false })
    expect(one.at(-1)).toContain('pod-11 eth0 in 10.244.1.1 > 10.244.1.2 icmp 11/0 ttl 64')
    const error = answers(facts, 'pod-11', 'eth0').at(-1)!
    expect([ipv4.tos(error, 0), ipv4.ttl(error, 28)]).toEqual([0xc0, 1])
    const hop = overlay === 'vxlan' ? '10.244.2.0' : '192.168.56.12'
    expect(facts.datagram(OTHER, { ttl: 2, dontFragment: false }).at(-1)).toContain(`${hop} > 10.244.1.2 icmp 11/0`)
    expect(facts.datagram(OTHER, { ttl: 3, dontFragment: false }).at(-1)).toContain(`10.244.2.2 > 10.244.1.2 icmp 3/3`)
  })

  it('a traceroute to a Service shows its address at every hop', () => {
    const facts = new Facts({ overlay }, SERVICES)
    for (const ttl of [2, 3]) {
      expect(facts.datagram(VIP(4), { ttl, dontFragment: false }).at(-1)).toContain('10.96.0.4 > 10.244.1.2 icmp')
    }
  })

  it('an absent neighbour is asked for three times, a second apart, and then is unreachable', () => {
    const facts = new Facts({ overlay })
    const errors = facts.errors()
    const seen = facts.ping(address('10.244.1.77'))
    expect(seen).toEqual([
      'pod-11 lo out 10.244.1.2 > 10.244.1.2 icmp 3/1 ttl 64 len 112',
      'pod-11 lo in 10.244.1.2 > 10.244.1.2 icmp 3/1 ttl 64 len 112',
    ])
    const asked = facts.lab
      .steps()
      .filter((s) => s.event.kind === 'transmit' && placeOf(facts.lab, s) === 'pod-11 eth0')
    expect(asked.map(({ at }) => at)).toEqual([0, 1e9, 2e9])
    expect(errors).toMatchObject([{ errno: 'EHOSTUNREACH', type: 3, code: 1, protocol: 1, local: { port: 7 } }])
  })

  it('an absent neighbour across nodes is reported by the other node, quoting TTL 62', () => {
    const facts = new Facts({ overlay })
    const seen = facts.ping(address('10.244.2.77'))
    const from = overlay === 'vxlan' ? '10.244.2.0' : '192.168.56.12'
    expect(seen.at(-1)).toBe(`pod-11 eth0 in ${from} > 10.244.1.2 icmp 3/1 ttl ${63} len 112`)
    expect(ipv4.ttl(answers(facts, 'pod-11', 'eth0').at(-1)!, 28)).toBe(62)
  })

  it('a reassembled datagram is one packet on cni0 and leaves in its old sizes', () => {
    const facts = new Facts({ overlay, podMtu: 1450 })
    const seen = facts.datagram(OTHER, { size: 3000, dontFragment: false })
    const lengths = (place: string): string[] =>
      seen.filter((line) => line.startsWith(place)).map((line) => /len (\d+)/.exec(line)![1])
    expect(lengths('pod-11 eth0 out')).toEqual(['1444', '1444', '180'])
    expect(lengths('node-1 cni0 in')[0]).toBe('3028')
    // Under host-gw too, where the way out has room for 1500.
    const out = lengths(overlay === 'vxlan' ? 'node-1 flannel.1 out' : 'node-1 eth0 out')
    expect(out.slice(0, 3)).toEqual(['1444', '1444', '180'])
  })

  it('fragments bridged on one node leave in their old sizes', () => {
    const facts = new Facts({ overlay })
    const seen = facts.datagram(SAME, { size: 3000, dontFragment: false })
    const out = seen.filter((line) => line.startsWith('node-1 veth12 out 10.244.1.2'))
    expect(out.map((line) => /len (\d+)/.exec(line)![1])).toEqual(['1500', '1500', '68'])
  })
})

describe('over VXLAN', () => {
  it('the outer header has TTL 64, TOS 0, no DF, a UDP checksum, and 50 bytes in all', () => {
    const facts = new Facts()
    facts.ping(OTHER)
    const outer = facts.packet('node-1 eth0')
    expect(ipv4.totalLength(outer, 0)).toBe(84 + 50)
    expect([ipv4.ttl(outer, 0), ipv4.tos(outer, 0), ipv4.dontFragment(outer, 0)]).toEqual([64, 0, false])
    expect(u16(outer, 22)).toBe(8472)
    expect(u16(outer, 26)).not.toBe(0)
    expect([...outer.subarray(28, 36)]).toEqual([8, 0, 0, 0, 0, 0, 1, 0])
  })

  it('too big for the path: a local EMSGSIZE at MTU 1450, an error of 576 bytes with mtu 1450 at MTU 1500', () => {
    const small = new Facts({ podMtu: 1450 })
    expect(ping(small.a, OTHER, { size: 1472 })).toBe('EMSGSIZE')
    expect(small.watch(() => null)).toEqual([])
    const large = new Facts({ podMtu: 1500 })
    const errors = large.errors()
    expect(large.ping(OTHER, { size: 1472 }).at(-1)).toBe(
      'pod-11 eth0 in 10.244.1.1 > 10.244.1.2 icmp 3/4 ttl 64 len 576',
    )
    const error = answers(large, 'pod-11', 'eth0').at(-1)!
    expect([u16(error, 26), ipv4.ttl(error, 28)]).toEqual([1450, 64])
    expect(errors).toMatchObject([{ errno: 'EMSGSIZE', mtu: 1450 }])
    expect(large.a.route(OTHER)).toMatchObject({ mtu: 1450 })
    expect(ping(large.a, OTHER, { size: 1472 })).toBe('EMSGSIZE')
  })

  it('a tunnel wider than the underlay sends its packets in outer fragments', () => {
    const facts = new Facts({ podMtu: 1500 })
    for (const node of facts.lab.nodes) node.flannel!.device.mtu = 1500
    const seen = facts.ping(OTHER, { size: 1472 })
    const outer = seen.filter((line) => line.startsWith('node-1 eth0 out'))
    expect(outer.map((line) => /len (\d+) ?(frag \d+\+?)/.exec(line)!.slice(1))).toEqual([
      ['1500', 'frag 0+'],
      ['70', 'frag 1480'],
    ])
    expect(seen.filter((line) => line.startsWith('pod-21 eth0 in'))).toHaveLength(1)
  })
})

const macs = (b: Uint8Array): number[] =>
  [0, 6].map((o) => u16(b, o) * 0x100000000 + u16(b, o + 2) * 0x10000 + u16(b, o + 4))

function placeOf(lab: Lab, step: Step): string {
  const { netns, device } = lab.kernel.recorder.places[step.place]
  return `${netns.replace('default/', '')} ${device}`
}

/** Every IPv4 packet that a pod's device received, from its IP header on. */
function answers(facts: Facts, pod: string, device: string): Uint8Array[] {
  const { lab } = facts
  return lab
    .steps()
    .filter((step) => step.event.kind === 'receive' && placeOf(lab, step) === `${pod} ${device}`)
    .map(({ frame }) => lab.kernel.recorder.frame(frame!))
    .filter((b) => u16(b, 12) === 0x0800)
    .map((b) => b.subarray(14))
}
