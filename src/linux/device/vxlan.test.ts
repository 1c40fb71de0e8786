import { describe, expect, it } from 'vitest'
import { type Address, address, mac, type V4, v4 } from '../../util/address.ts'
import { writeEthernet } from '../../wire/fast/ethernet.ts'
import * as ipv4 from '../../wire/fast/ipv4.ts'
import { writeUdp } from '../../wire/fast/udp.ts'
import { writeVxlan } from '../../wire/fast/vxlan.ts'
import { Frame } from '../../wire/frame.ts'
import { Skb } from '../skb.ts'
import { taps } from '../testing/dump.ts'
import { Lab } from '../testing/lab.ts'
import { datagram, ping } from '../testing/probe.ts'
import { addVxlan } from './create.ts'
import { flowPort } from './flow-port.ts'

const A = v4('10.244.1.2')
const B = v4('10.244.2.2')

/** An Ethernet frame with a UDP datagram. */
function frame(from: Address, to: Address, fromPort: number, toPort: number): Frame {
  const made = Frame.allocate(4)
  made.put(4)
  writeUdp(made, from, to, fromPort, toPort)
  ipv4.writeIpv4(made, from as V4, to as V4, 17, 64)
  writeEthernet(made, mac('02:00:00:00:00:02'), mac('02:00:00:00:00:01'), 0x0800)
  return made
}

/** What node 1's tunnel makes of a frame that comes wrapped from node 2. */
function arrive(lab: Lab, options: { vni?: number; spoil?: boolean; source?: 'own' } = {}): string[] {
  const { eth0, flannel } = lab.nodes[0]
  const inner = frame(B, A, 1, 2)
  if (options.source === 'own') writeSource(inner, flannel!.device.mac)
  writeVxlan(inner, options.vni ?? 1)
  writeUdp(inner, v4('192.168.56.12'), v4('192.168.56.11'), 40000, 8472)
  if (options.spoil) inner.bytes[inner.end - 1] ^= 1
  ipv4.writeIpv4(inner, v4('192.168.56.12'), v4('192.168.56.11'), 17, 64)
  writeEthernet(inner, eth0.mac, mac('02:00:00:00:00:09'), 0x0800)
  eth0.receive(new Skb(inner, lab.kernel.recorder.packet(), 0))
  lab.run()
  return lab
    .steps()
    .flatMap(({ event }) => (event.kind === 'drop' ? [event.reason] : event.kind === 'decap' ? ['decap'] : []))
}

function writeSource(of: Frame, source: number): void {
  for (let i = 0; i < 6; i++) of.bytes[of.start + 6 + i] = Math.floor(source / 2 ** (8 * (5 - i)))
}

describe('a VXLAN end', () => {
  it('takes frames of its VNI only, whole ones, and not its own', () => {
    expect(arrive(new Lab())[0]).toBe('decap')
    expect(arrive(new Lab(), { vni: 2 })).toEqual(['vxlan-vni'])
    expect(arrive(new Lab(), { spoil: true })).toEqual(['udp-checksum'])
    expect(arrive(new Lab(), { source: 'own' })).toEqual(['tunnel-loop'])
  })

  it('knows where to send by its FDB alone; all zeros stands for the rest', () => {
    const lab = new Lab()
    const { flannel } = lab.nodes[0]
    const far = lab.nodes[1].flannel!.device.mac
    flannel!.removeFdb(far)
    ping(lab.pod(1, 1).namespace, B)
    lab.run()
    expect(lab.steps().at(-1)?.event).toMatchObject({ kind: 'drop', reason: 'vxlan-no-remote' })
    flannel!.addFdb(mac('00:00:00:00:00:00'), v4('192.168.56.12'))
    ping(lab.pod(1, 1).namespace, B)
    lab.run()
    expect(lab.steps().some(({ event }) => event.kind === 'decap')).toBe(true)
  })

  it('does not wrap what leads into itself', () => {
    const lab = new Lab()
    const { namespace, flannel } = lab.nodes[0]
    namespace.addRoute({ destination: { address: v4('192.168.56.12'), length: 32 }, device: flannel!.device })
    ping(lab.pod(1, 1).namespace, B)
    lab.run()
    expect(lab.steps().at(-1)?.event).toMatchObject({ kind: 'drop', reason: 'tunnel-loop' })
  })

  it('of IPv6 stands beside one of IPv4 with the same port and VNI', () => {
    const lab = new Lab()
    const ends = lab.nodes.map(({ namespace, eth0 }, i) => {
      const local = eth0.addresses[1].address
      const end = addVxlan(namespace, 'flannel-v6.1', { vni: 1, local })
      expect(end.device.mtu).toBe(1430)
      namespace.addAddress(end.device, `fd00:99::${i + 1}/64`)
      return end
    })
    for (const [here, there, node] of [
      [ends[0], ends[1], 1],
      [ends[1], ends[0], 0],
    ] as const) {
      here.device.neighbours.setPermanent(address(`fd00:99::${node + 1}`), there.device.mac)
      here.addFdb(there.device.mac, there.spec.local)
    }
    ping(lab.nodes[0].namespace, address('fd00:99::2'))
    lab.run()
    expect(taps(lab.kernel.recorder)).toContain(
      'node-1 flannel-v6.1 in fd00:99::2 > fd00:99::1 icmp 129/0 ttl 64 len 104',
    )
    lab.nodes[1].namespace.removeDevice(ends[1].device)
    ping(lab.pod(1, 1).namespace, B)
    lab.run()
    expect(taps(lab.kernel.recorder).at(-1)).toContain('10.244.2.2 > 10.244.1.2 icmp 0/0')
  })

  it('learns that a path is narrow from what it had to send in pieces', () => {
    const lab = new Lab()
    for (const node of lab.nodes) node.flannel!.device.mtu = 1500
    datagram(lab.nodes[0].namespace, B, { size: 1472 })
    lab.run()
    expect(lab.nodes[0].namespace.route(B)).toMatchObject({ mtu: 1450 })
  })
})

describe('the outer source port', () => {
  const port = (made: Frame): number => flowPort(made, 99)

  it('stands for the flow, the same both ways', () => {
    expect(port(frame(A, B, 1000, 80))).toBe(port(frame(B, A, 80, 1000)))
    const many = new Set(Array.from({ length: 200 }, (_, i) => port(frame(A, B, 1000 + i, 80))))
    expect(many.size).toBeGreaterThan(195)
  })

  it('is in the local port range', () => {
    for (let i = 0; i < 500; i++) {
      const made = port(frame(A, B, i, 80))
      expect(made >= 32_768 && made < 60_999).toBe(true)
    }
  })
})
