import { describe, expect, it } from 'vitest'
import { dump, taps } from './testing/dump.ts'
import { Lab } from './testing/lab.ts'
import { ping } from './testing/probe.ts'

/** What taps see from the ping on, once all neighbours are known. */
function warm(lab: Lab, from: [number, number], to: [number, number]): string[] {
  const { namespace } = lab.pod(...from)
  ping(namespace, lab.pod(...to).v4)
  lab.run()
  const before = lab.steps().length
  expect(ping(namespace, lab.pod(...to).v4, { sequence: 2 })).toBeNull()
  lab.run()
  return taps(lab.kernel.recorder, lab.steps().slice(before))
}

describe('an echo request', () => {
  it('asks for a neighbour on the same node, is bridged and answered by the kernel', () => {
    const lab = new Lab()
    expect(ping(lab.pod(1, 1).namespace, lab.pod(1, 2).v4)).toBeNull()
    lab.run()
    expect(dump(lab.kernel.recorder).slice(0, 24)).toEqual([
      'pod-11 route output dev eth0',
      'pod-11 eth0 neighbour wait 10.244.1.3',
      'pod-11 eth0 out arp who-has 10.244.1.3 tell 10.244.1.2',
      'node-1 veth11 in arp who-has 10.244.1.3 tell 10.244.1.2',
      'node-1 cni0 bridge flood veth11 > veth12 veth11 cni0 learned',
      'node-1 veth12 out arp who-has 10.244.1.3 tell 10.244.1.2',
      'node-1 veth11 out arp who-has 10.244.1.3 tell 10.244.1.2',
      'node-1 cni0 in arp who-has 10.244.1.3 tell 10.244.1.2',
      'pod-12 eth0 in arp who-has 10.244.1.3 tell 10.244.1.2',
      'pod-12 eth0 neighbour learned 10.244.1.2',
      'pod-12 eth0 out arp 10.244.1.3 is-at',
      'pod-11 eth0 in arp who-has 10.244.1.3 tell 10.244.1.2',
      'node-1 veth12 in arp 10.244.1.3 is-at',
      'node-1 cni0 bridge forward veth12 > veth11 learned',
      'node-1 veth11 out arp 10.244.1.3 is-at',
      'pod-11 eth0 in arp 10.244.1.3 is-at',
      'pod-11 eth0 neighbour learned 10.244.1.3',
      'pod-11 eth0 neighbour resolved 10.244.1.3',
      'pod-11 eth0 out 10.244.1.2 > 10.244.1.3 icmp 8/0 ttl 64 len 84 DF',
      'node-1 veth11 in 10.244.1.2 > 10.244.1.3 icmp 8/0 ttl 64 len 84 DF',
      'node-1 cni0 bridge forward veth11 > veth12',
      'node-1 veth12 out 10.244.1.2 > 10.244.1.3 icmp 8/0 ttl 64 len 84 DF',
      'pod-12 eth0 in 10.244.1.2 > 10.244.1.3 icmp 8/0 ttl 64 len 84 DF',
      'pod-12 route local dev lo',
    ])
  })

  it('crosses nodes over VXLAN with TTL 64, 63, 62', () => {
    const inner = (ttl: number): string => `10.244.1.2 > 10.244.2.2 icmp 8/0 ttl ${ttl} len 84 DF`
    const outer = `192.168.56.11 > 192.168.56.12 vxlan ttl 64 len 134 { ${inner(63)} }`
    expect(warm(new Lab(), [1, 1], [2, 1]).slice(0, 9)).toEqual([
      `pod-11 eth0 out ${inner(64)}`,
      `node-1 veth11 in ${inner(64)}`,
      `node-1 cni0 in ${inner(64)}`,
      `node-1 flannel.1 out ${inner(63)}`,
      `node-1 eth0 out ${outer}`,
      `node-2 eth0 in ${outer}`,
      `node-2 flannel.1 in ${inner(63)}`,
      `node-2 cni0 out ${inner(62)}`,
      `node-2 veth21 out ${inner(62)}`,
    ])
  })

  it('crosses nodes over host routes with TTL 64, 63, 62', () => {
    const packet = (ttl: number): string => `10.244.1.2 > 10.244.2.2 icmp 8/0 ttl ${ttl} len 84 DF`
    expect(warm(new Lab({ overlay: 'host-gw' }), [1, 1], [2, 1]).slice(0, 7)).toEqual([
      `pod-11 eth0 out ${packet(64)}`,
      `node-1 veth11 in ${packet(64)}`,
      `node-1 cni0 in ${packet(64)}`,
      `node-1 eth0 out ${packet(63)}`,
      `node-2 eth0 in ${packet(63)}`,
      `node-2 cni0 out ${packet(62)}`,
      `node-2 veth21 out ${packet(62)}`,
    ])
  })

  it('has every packet of its journey lead back to it by causes', () => {
    const lab = new Lab()
    ping(lab.pod(1, 1).namespace, lab.pod(2, 1).v4)
    lab.run()
    const steps = lab.steps()
    const roots = steps.filter(({ cause }) => cause === 0)
    expect(roots.map(({ id }) => id)).toEqual([1])
  })
})
