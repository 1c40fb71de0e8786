import { nameOf } from '../kube/api/meta.ts'
import type { Pod } from '../kube/api/pod.ts'
import { BridgeCni } from '../kube/node/bridge-cni.ts'
import { HostGwOverlay, type Lease, type Overlay, VxlanOverlay, vtepMacs } from '../kube/node/flannel.ts'
import { flannelMasquerade } from '../kube/node/flannel-masq.ts'
import { KUBELET_RULES } from '../kube/node/kubelet/iptables.ts'
import { Machine, type NicSpec } from '../kube/node/machine.ts'
import { combineRules, type RulePart } from '../kube/node/node-rules.ts'
import { PodAddresses } from '../kube/node/pod-addresses.ts'
import { bindAddresses } from '../kube/node/proxy/ipvs/bind-addresses.ts'
import { cleanStaleConnections } from '../kube/node/proxy/stale-connections.ts'
import { Segment } from '../linux/device/segment.ts'
import type { Kernel } from '../linux/kernel.ts'
import { Namespace } from '../linux/namespace.ts'
import { NetfilterStack } from '../linux/netfilter/stack.ts'
import { Sockets } from '../linux/socket/table.ts'
import { type Address, type AddressKey, familyOf, keyOf, v4 } from '../util/address.ts'
import { inPrefix } from '../util/prefix.ts'
import type { Host } from './host.ts'
import type { ClusterPlan, NodePlan } from './plan.ts'
import { PodSockets, type Serve } from './pod-sockets.ts'
import type { Services } from './services.ts'

/** A node that was touched: its machine and its pods' sandboxes exist. */
interface BuiltNode extends Host {
  readonly machine: Machine
  readonly overlay: Overlay
  readonly cni: BridgeCni
  readonly sandboxes: Map<string, PodSockets>
}

export const LAPTOP = 'laptop'
/** Clusters up to here are built whole, so that broadcasts reach every node as in life. */
const SMALL = 16
const NAT_ADDRESS = { address: v4('10.0.2.15'), length: 24 }
const NAT_GATEWAY = v4('10.0.2.2')

/**
 * The emulated cluster. A node's namespace and those of its pods are made when the node is first touched: by name, or by a
 * packet that asks the nodes' network for its address.
 */
export class Cluster {
  readonly segment: Segment
  private readonly built = new Map<string, BuiltNode>()
  private readonly addresses = new Map<string, PodAddresses>()
  private readonly leases = new Map<NodePlan, Lease>()
  private readonly foreign = new Map<string, Address[]>()
  private laptop: Host | null = null
  /** Set before the first node is built. */
  services: Services | null = null
  /** What a node runs besides its pods, to be started as it is built. */
  onBuilt: (node: Host) => void = () => {}

  constructor(
    readonly kernel: Kernel,
    readonly plan: ClusterPlan,
    private readonly serve: Serve,
  ) {
    this.segment = new Segment(kernel)
    for (const { node, address } of plan.foreign) {
      const own = this.foreign.get(node)
      if (own === undefined) this.foreign.set(node, [address])
      else own.push(address)
    }
  }

  /** Builds what is built at once: the laptop, and in small clusters every node. */
  start(): void {
    this.external()
    if (this.plan.nodes.size <= SMALL) {
      for (const name of this.plan.nodes.keys()) this.node(name)
      return
    }
    const owners = new Map<AddressKey, string>()
    for (const { name, addresses } of this.plan.nodes.values())
      for (const own of addresses) owners.set(keyOf(own), name)
    this.segment.absent = (address) => {
      const owner = owners.get(keyOf(address))
      if (owner !== undefined) this.node(owner)
    }
  }

  /** The node's own namespace. Throws when there is no such node. */
  node(name: string): BuiltNode {
    const known = this.built.get(name)
    if (known !== undefined) return known
    const plan = this.plan.nodes.get(name)
    if (plan === undefined) throw new Error(`no node ${name}`)
    return this.build(plan)
  }

  /** Whether a node was touched yet. */
  isBuilt(name: string): boolean {
    return this.built.has(name)
  }

  /** A node joins a running cluster: it is built at once, and the nodes that are built hear of it. */
  join(plan: NodePlan): void {
    const lease = this.lease(plan)
    for (const node of this.built.values()) node.overlay.addPeer(lease)
    this.node(plan.name)
  }

  /** The pod's sandbox: for a pod on the host network, its node. Null when it could not be given an address. */
  pod(pod: Pod): Host | null {
    const node = this.node(pod.node)
    return pod.hostNetwork ? node : (node.sandboxes.get(nameOf(pod.meta)) ?? null)
  }

  /** The machine outside the cluster, which is the nodes' gateway too. */
  external(): Host {
    if (this.laptop !== null) return this.laptop
    const { lan, path } = this.plan
    const addresses = lan.gateway.map((address, i) => ({ address, length: lan.subnets[i].length }))
    const nic = { name: 'eth0', segment: this.segment, mtu: path.mtu, addresses, onLink: lan.beside }
    const machine = new Machine(this.kernel, {
      name: LAPTOP,
      nics: [nic],
      gateway: [],
      gatewayNic: 'eth0',
      forwards: false,
    })
    this.laptop = { namespace: machine.host, sockets: attachSockets(machine.host) }
    return this.laptop
  }

  /** In the order of families; a pod on the host network has its node's. */
  addressesOf(pod: Pod): readonly Address[] {
    if (pod.hostNetwork) return this.plan.nodes.get(pod.node)?.addresses ?? []
    return this.tenants(pod.node).of(pod)
  }

  /** Who holds an address among the pods: found by its node's range, or among the foreign ones. */
  podAt(address: Address): Pod | null {
    for (const { name, podCIDRs, pods } of this.plan.nodes.values()) {
      if (!podCIDRs.some((range) => inPrefix(address, range))) continue
      return (
        pods.find(
          (pod) =>
            !pod.hostNetwork &&
            this.tenants(name)
              .of(pod)
              .some((own) => same(own, address)),
        ) ?? null
      )
    }
    const foreign = this.plan.foreign.find((entry) => same(entry.address, address))
    const candidates = foreign === undefined ? [] : (this.plan.nodes.get(foreign.node)?.pods ?? [])
    return candidates.find((pod) => pod.addresses.some((own) => same(own, address))) ?? null
  }

  /** CNI ADD for a pod that comes to a running cluster: its addresses, or why there are none. */
  attach(pod: Pod): readonly Address[] | string {
    const node = this.node(pod.node)
    const addresses = this.tenants(pod.node).add(pod)
    if (addresses.length === 0) return this.sandboxError(pod) ?? 'no IP addresses available'
    this.plan.nodes.get(pod.node)!.pods.push(pod)
    // Its containers open their ports as they start.
    this.addPod(node, pod, 'as its containers start')
    return addresses
  }

  /** CNI DEL: the interfaces go, and what is on its way to them is lost. Does nothing where there is no sandbox. */
  detach(pod: Pod): void {
    const node = this.built.get(pod.node)
    const sandbox = node?.sandboxes.get(nameOf(pod.meta))
    if (node === undefined || sandbox === undefined) return
    node.cni.remove(sandbox.namespace)
    node.sandboxes.delete(nameOf(pod.meta))
    this.tenants(pod.node).remove(pod)
    const { pods } = this.plan.nodes.get(pod.node)!
    const index = pods.findIndex(({ meta }) => nameOf(meta) === nameOf(pod.meta))
    if (index >= 0) pods.splice(index, 1)
  }

  /** kube-proxy writes its rules anew, on the nodes that `hears` lets; those it did so on, and how many stale entries went. */
  syncRules(hears: (node: string) => boolean): { readonly node: string; readonly stale: number }[] {
    const written: { readonly node: string; readonly stale: number }[] = []
    for (const [name, { namespace }] of this.built) {
      const netfilter = namespace.netfilter
      if (!hears(name) || !(netfilter instanceof NetfilterStack)) continue
      this.writeRules(namespace, netfilter, this.plan.nodes.get(name)!)
      written.push({ node: name, stale: this.cleanConntrack(netfilter) })
    }
    return written
  }

  private cleanConntrack({ conntrack }: NetfilterStack): number {
    const { services, plan } = this
    if (services === null || plan.settings.staleConntrack === true) return 0
    return ([4, 6] as const).reduce((sum, family) => sum + cleanStaleConnections(services.model, family, conntrack), 0)
  }

  /** Why a pod has no sandbox, or null when it has one. */
  sandboxError(pod: Pod): string | null {
    return this.tenants(pod.node).failed.get(nameOf(pod.meta)) ?? null
  }

  private tenants(node: string): PodAddresses {
    let tenants = this.addresses.get(node)
    if (tenants === undefined) {
      const { podCIDRs, pods } = this.plan.nodes.get(node)!
      this.addresses.set(node, (tenants = new PodAddresses(podCIDRs, pods)))
    }
    return tenants
  }

  private build(plan: NodePlan): BuiltNode {
    const { path } = this.plan
    const machine = new Machine(this.kernel, this.machineSpec(plan))
    const underlay = machine.nic(this.flannelNic)
    const overlay =
      path.overlay === 'vxlan'
        ? new VxlanOverlay(machine.host, this.lease(plan), underlay)
        : new HostGwOverlay(machine.host, underlay)
    const cni = new BridgeCni(machine.host, { podCIDRs: plan.podCIDRs, mtu: path.podMTU })
    this.attachNetfilter(machine.host, plan)
    const sockets = attachSockets(machine.host)
    const node: BuiltNode = { machine, namespace: machine.host, sockets, overlay, cni, sandboxes: new Map() }
    this.built.set(plan.name, node)
    for (const peer of this.plan.nodes.values()) if (peer !== plan) overlay.addPeer(this.lease(peer))
    for (const pod of plan.pods) this.addPod(node, pod, 'with the first packet')
    this.onBuilt(node)
    return node
  }

  /** Rules of the programs that run on a node: kube-proxy, kubelet and flannel. */
  private attachNetfilter(host: Namespace, plan: NodePlan): void {
    const netfilter = new NetfilterStack(host, this.kernel.rng.fork(`netfilter of ${plan.name}`))
    this.writeRules(host, netfilter, plan)
    // In this mode kube-proxy serves NodePorts on 127.0.0.1 too (iptables.localhostNodePorts).
    if (this.plan.path.proxyMode === 'iptables') host.configure({ routeLocalnet: true })
    host.netfilter = netfilter
  }

  private writeRules(host: Namespace, netfilter: NetfilterStack, plan: NodePlan): void {
    const { path } = this.plan
    const virtual: Address[] = []
    for (const family of [4, 6] as const) {
      const own = plan.podCIDRs.find((range) => familyOf(range.address) === family)
      const whole = path.podCIDRs.find((range) => familyOf(range.address) === family)
      const parts: RulePart[] = []
      const services = own === undefined ? null : this.services
      const rules = services?.rules(plan, family) ?? null
      if (rules !== null) parts.push(rules)
      const ipvs = services?.ipvs(plan, family) ?? null
      if (ipvs !== null) {
        parts.push(ipvs.rules)
        virtual.push(...ipvs.addresses)
        netfilter.setIpSets(family, ipvs.sets)
        netfilter.setVirtualServers(family, ipvs.servers)
      }
      if (own !== undefined) parts.push(KUBELET_RULES[family])
      if (own !== undefined && whole !== undefined && path.plugin === 'flannel')
        parts.push(flannelMasquerade(own, whole))
      if (parts.length > 0) netfilter.setRules(family, combineRules(parts))
      const tables = services?.tables(plan, family) ?? []
      if (tables.length > 0) netfilter.setNftables(family, tables)
    }
    if (path.proxyMode === 'ipvs') bindAddresses(host, virtual)
  }

  private addPod(node: BuiltNode, pod: Pod, serves: 'with the first packet' | 'as its containers start'): void {
    const waiting = serves === 'with the first packet' ? pod : null
    if (pod.hostNetwork) {
      if (waiting !== null) this.serve(waiting, node)
      return
    }
    const addresses = this.addressesOf(pod)
    if (addresses.length === 0) return
    const namespace = new Namespace(this.kernel, pod.node, nameOf(pod.meta))
    node.cni.add(namespace, addresses)
    const sockets = new PodSockets(namespace, waiting, this.serve)
    namespace.transport = sockets
    node.sandboxes.set(namespace.name, sockets)
  }

  private machineSpec(plan: NodePlan) {
    const { lan, path, settings } = this.plan
    const addresses = plan.addresses.map((address, i) => ({ address, length: lan.subnets[i].length }))
    const nic: NicSpec = { name: this.lanNic, segment: this.segment, mtu: path.mtu, addresses, onLink: lan.beside }
    const base = { name: plan.name, forwards: true }
    if (settings.natInterface !== true) return { ...base, nics: [nic], gateway: lan.gateway, gatewayNic: nic.name }
    const nat = { name: 'eth0', segment: new Segment(this.kernel), mtu: path.mtu, addresses: [NAT_ADDRESS] }
    return { ...base, nics: [nat, nic], gateway: [NAT_GATEWAY], gatewayNic: nat.name }
  }

  /** The same for whoever asks: each node that is built takes in those of all others. */
  private lease(plan: NodePlan): Lease {
    const known = this.leases.get(plan)
    if (known !== undefined) return known
    const foreign = this.foreign.get(plan.name) ?? []
    const onNat = this.flannelNic !== this.lanNic
    const lease = {
      node: plan.name,
      podCIDRs: plan.podCIDRs,
      publicAddresses: onNat ? [NAT_ADDRESS.address] : plan.addresses,
      vtepMacs: vtepMacs(plan.name, plan.record.meta.annotations),
      foreign,
    }
    this.leases.set(plan, lease)
    return lease
  }

  /** The card on the nodes' network. */
  get lanNic(): string {
    return this.plan.settings.natInterface === true ? 'eth1' : 'eth0'
  }

  /** flannel takes the interface of the default route unless told otherwise. */
  private get flannelNic(): string {
    return this.plan.settings.flannelInterface ?? 'eth0'
  }
}

function attachSockets(namespace: Namespace): Sockets {
  const sockets = new Sockets(namespace)
  namespace.transport = sockets
  return sockets
}

const same = (a: Address, b: Address): boolean =>
  a === b || (typeof a !== 'number' && typeof b !== 'number' && a.key === b.key)
