import { podNetns } from '../../src/export/netns.ts'
import type {
  NetnsDescription,
  NetnsMachine,
  NetnsNode,
  NetnsOverlay,
  NetnsPod,
} from '../../src/export/netns-description.ts'
import { masquerade } from '../../src/export/netns-masquerade.ts'
import { addBridge, addNic, addVeth, addVxlan } from '../../src/linux/device/create.ts'
import { Segment } from '../../src/linux/device/segment.ts'
import type { Vxlan } from '../../src/linux/device/vxlan.ts'
import type { Kernel } from '../../src/linux/kernel.ts'
import { Namespace } from '../../src/linux/namespace.ts'
import { parseIptables } from '../../src/linux/netfilter/rules/parse.ts'
import { NetfilterStack } from '../../src/linux/netfilter/stack.ts'
import { Sockets } from '../../src/linux/socket/table.ts'
import { Simulation } from '../../src/sim/simulation.ts'
import { Recorder } from '../../src/trace/recorder.ts'
import { address, isV4, mac } from '../../src/util/address.ts'
import { prefix } from '../../src/util/prefix.ts'
import { Rng } from '../../src/util/rng.ts'

/** A machine or pod of the emulated cluster. */
export interface Host {
  readonly namespace: Namespace
  readonly sockets: Sockets
  readonly netfilter: NetfilterStack | null
}

/** The cluster of a description, emulated: each line of the exported script has its counterpart here. */
export class Emulated {
  readonly kernel: Kernel
  /** By namespace name, as the lab calls it. */
  readonly hosts = new Map<string, Host>()
  private readonly segments = new Map<string, Segment>()
  private readonly six: boolean

  constructor(
    readonly description: NetnsDescription,
    seed = 1,
  ) {
    this.kernel = { simulation: new Simulation(), recorder: new Recorder('frames'), rng: new Rng(seed) }
    this.six = description.clusterCidrs.some((c) => c.includes(':'))
    for (const { name } of description.networks) this.segments.set(name, new Segment(this.kernel))
    for (const m of description.machines) this.machine(m, [])
    for (const n of description.nodes) this.node(n)
    for (const n of description.nodes) for (const o of n.overlays) this.overlay(n, o)
    for (const p of description.pods) this.pod(p)
  }

  host(netns: string): Host {
    return this.hosts.get(netns)!
  }

  private add(netns: string, namespace: Namespace, rules: readonly string[]): Host {
    const sockets = new Sockets(namespace)
    namespace.transport = sockets
    let netfilter: NetfilterStack | null = null
    if (rules.length > 0) {
      netfilter = new NetfilterStack(namespace, this.kernel.rng.fork(`netfilter ${netns}`))
      namespace.netfilter = netfilter
      for (const [i, text] of rules.entries()) netfilter.setRules(i === 0 ? 4 : 6, parseIptables(text))
    }
    const host = { namespace, sockets, netfilter }
    this.hosts.set(netns, host)
    return host
  }

  private machine(m: NetnsMachine, rules: readonly string[]): Namespace {
    const namespace = new Namespace(this.kernel, m.name, 'host')
    namespace.configure({ ipForward: m.forwards, ipv6Forward: m.forwards && this.six, icmpRateLimit: 0 })
    this.add(m.name, namespace, rules)
    for (const i of m.interfaces) {
      const device = addNic(namespace, i.name, this.segments.get(i.network)!, { mtu: i.mtu, mac: mac(i.mac) })
      for (const a of i.addresses) namespace.addAddress(device, a)
    }
    for (const r of m.routes) {
      const destination = r.to === 'default' ? prefix(r.via?.includes(':') ? '::/0' : '0.0.0.0/0') : prefix(r.to)
      const device = r.device === null ? null : namespace.device(r.device)
      namespace.addRoute({ destination, via: r.via === null ? null : address(r.via), device })
    }
    return namespace
  }

  private node(n: NetnsNode): void {
    const namespace = this.machine(n, rulesOf(n, this.description))
    const { device } = addBridge(namespace, n.bridge.name, { mtu: n.bridge.mtu, mac: mac(n.bridge.mac) })
    for (const a of n.bridge.addresses) namespace.addAddress(device, a)
  }

  private overlay(n: NetnsNode, o: NetnsOverlay): void {
    const { namespace } = this.host(n.name)
    const peers = this.description.nodes.filter((peer) => peer !== n).flatMap((peer) => peer.overlays)
    if (o.kind === 'host-gw') {
      for (const peer of peers) {
        if (peer.kind !== 'host-gw' || isSix(peer.podCidr) !== isSix(o.podCidr)) continue
        namespace.addRoute({ destination: prefix(peer.podCidr), via: address(peer.address) })
      }
      return
    }
    const spec = { vni: o.vni, port: o.port, local: address(o.local) }
    const tunnel: Vxlan = addVxlan(namespace, o.device, spec, { mtu: o.mtu, mac: mac(o.mac) })
    namespace.addAddress(tunnel.device, { address: address(o.address), length: isV4(address(o.address)) ? 32 : 128 })
    for (const peer of peers) {
      if (peer.kind !== 'vxlan' || peer.device !== o.device) continue
      const via = address(peer.address)
      tunnel.device.neighbours.setPermanent(via, mac(peer.mac))
      tunnel.addFdb(mac(peer.mac), address(peer.local))
      namespace.addRoute({ destination: prefix(peer.podCidr), via, device: tunnel.device })
    }
  }

  private pod(p: NetnsPod): void {
    const node = this.host(p.node).namespace
    const namespace = new Namespace(this.kernel, p.node, `${p.namespace}/${p.name}`)
    namespace.configure({ icmpRateLimit: 0 })
    this.add(podNetns(p), namespace, [])
    const macs = { mac: mac(p.mac), peerMac: mac(p.vethMac) }
    const [device, port] = addVeth(namespace, 'eth0', node, p.veth, { mtu: p.mtu, ...macs })
    const { bridge } = this.description.nodes.find((n) => n.name === p.node)!
    const driver = node.device(bridge.name)!.driver as ReturnType<typeof addBridge>
    driver.addPort(port, { hairpin: true })
    for (const a of p.addresses) namespace.addAddress(device, a)
    for (const gateway of bridge.addresses.map((a) => a.replace(/\/.*/, ''))) {
      const destination = prefix(isSix(gateway) ? '::/0' : '0.0.0.0/0')
      if (p.addresses.some((a) => isSix(a) === isSix(gateway))) {
        namespace.addRoute({ destination, via: address(gateway), device })
      }
    }
  }
}

/** flannel's rules, as the script gives them to iptables-restore: IPv4, then IPv6. */
function rulesOf(n: NetnsNode, d: NetnsDescription): string[] {
  const lines = masquerade(n, d.clusterCidrs)
  const starts = lines.flatMap((line, i) => (line.endsWith('<<EOF') ? [i] : []))
  const builtin = new Map([
    ['*nat', ':POSTROUTING ACCEPT [0:0]'],
    ['*filter', ':FORWARD ACCEPT [0:0]'],
  ])
  return starts.map((start) =>
    lines
      .slice(start + 1, lines.indexOf('EOF', start))
      .flatMap((line) => (builtin.has(line) ? [line, builtin.get(line)!] : [line]))
      .join('\n'),
  )
}

const isSix = (text: string): boolean => text.includes(':')
