import { Chain, type Rule, RuleBlock, type Target } from '../../../../linux/netfilter/rules/rule.ts'
import { type Address, type Family, familyOf, isV4 } from '../../../../util/address.ts'
import { inPrefix, parsePrefix, prefix } from '../../../../util/prefix.ts'
import type { RulePart } from '../../node-rules.ts'
import { localPods, type ProxyNode, type ProxyOptions } from '../config.ts'
import { type Categories, categorize, type Place } from '../endpoints.ts'
import type { PortState, ServiceModel } from '../model.ts'
import { usesClusterEndpoints, usesLocalEndpoints } from '../service-port.ts'
import { comment, rule, state, to, toLocal } from './matches.ts'
import { admitsNode, type RuleContext, type ServiceRules, serviceRules } from './service-rules.ts'
import { type TopChains, topChains } from './top-chains.ts'

/** largeClusterEndpointsThreshold. */
const LARGE_CLUSTER = 1000

type Kind = keyof ServiceRules
type Blocks = Record<Kind, RuleBlock | null>

const KINDS: readonly Kind[] = [
  'natServices',
  'natNodePorts',
  'filterServices',
  'filterExternal',
  'filterNodePorts',
  'filterFirewall',
]

const NO_BLOCKS: Readonly<Blocks> = {
  natServices: null,
  natNodePorts: null,
  filterServices: null,
  filterExternal: null,
  filterNodePorts: null,
  filterFirewall: null,
}

/**
 * kube-proxy in iptables mode, for all nodes at once. Services that every node serves alike make rules once; the others once
 * for each set of endpoints that some node uses.
 */
export class IptablesProxy {
  private readonly groups = new Map<string, Group>()

  constructor(
    private readonly model: ServiceModel,
    readonly options: ProxyOptions,
  ) {}

  /** The rules of one node, as of now. */
  part(node: ProxyNode, family: Family): RulePart {
    const local = localPods(this.options, node, family)
    const key = `${family} ${JSON.stringify(local)}`
    let group = this.groups.get(key)
    if (group === undefined) {
      const top = topChains(this.options, family)
      group = new Group(this.model, family, {
        options: this.options,
        top,
        localPods: local,
        nodeAddress: null,
        largeCluster: false,
      })
      this.groups.set(key, group)
    }
    return group.part(node)
  }
}

/** What a Service gives to a group of nodes: rules for all of them, and ports that each has to look at. */
interface Slot {
  readonly shared: readonly ServiceRules[]
  readonly perNode: readonly PortState[]
}

const EMPTY: Slot = { shared: [], perNode: [] }

/** Nodes of one family whose rules tell local pods alike: all of them, unless detectLocalMode is NodeCIDR. */
class Group {
  private version = 0
  private readonly slots: Slot[] = []
  private shared: Blocks = { ...NO_BLOCKS }
  private perNode: readonly PortState[] = []
  /** Of Services that nodes serve in different ways, by the endpoints used. */
  private variants = new WeakMap<PortState, Map<string, ServiceRules>>()
  /** Blocks for those Services, by the rules that a node takes of each. */
  private readonly local = new Map<string, Blocks>()
  private readonly ids = new WeakMap<ServiceRules, number>()
  private nextId = 1

  constructor(
    private readonly model: ServiceModel,
    private readonly family: Family,
    private context: RuleContext,
  ) {}

  part(node: ProxyNode): RulePart {
    if (this.version !== this.model.version) this.refresh()
    const blocks = this.perNode.length === 0 ? null : this.blocksFor(node)
    return assemble(this.context, this.family, node, this.shared, blocks)
  }

  private refresh(): void {
    const largeCluster = this.model.endpointCount(this.family) > LARGE_CLUSTER
    if (largeCluster !== this.context.largeCluster) {
      this.context = { ...this.context, largeCluster }
      this.variants = new WeakMap()
      this.version = 0
    }
    const stale = new Set<Kind | 'perNode'>()
    for (const slot of this.model.changedSince(this.version)) {
      const before = this.slots[slot] ?? EMPTY
      const after = this.slotOf(slot)
      this.slots[slot] = after
      for (const { shared, perNode } of [before, after]) {
        if (perNode.length > 0) stale.add('perNode')
        for (const rules of shared) for (const kind of KINDS) if (rules[kind].length > 0) stale.add(kind)
      }
    }
    for (const kind of KINDS) if (stale.has(kind)) this.shared[kind] = blockOf(this.sharedRules(), kind)
    if (stale.has('perNode')) {
      this.perNode = this.slots.flatMap(({ perNode }) => perNode)
      this.local.clear()
    }
    this.version = this.model.version
  }

  private slotOf(slot: number): Slot {
    const ports = this.model.ports(slot, this.family)
    if (ports.length === 0) return EMPTY
    const perNode = ports.filter((port) => port.perNode)
    const shared = ports.filter((port) => !port.perNode)
    return { shared: shared.map((port) => serviceRules(port.info, endpointsAt(port, NOWHERE), this.context)), perNode }
  }

  private *sharedRules(): Generator<ServiceRules> {
    for (const { shared } of this.slots) yield* shared
  }

  private blocksFor(node: ProxyNode): Blocks {
    const address = node.addresses.find((a) => familyOf(a) === this.family) ?? null
    const rules = this.perNode.map((port) => this.variant(port, node, address))
    const key = rules.map((r) => this.ids.get(r)).join()
    const known = this.local.get(key)
    if (known !== undefined) return known
    const blocks = { ...NO_BLOCKS }
    for (const kind of KINDS) blocks[kind] = blockOf(rules, kind)
    this.local.set(key, blocks)
    return blocks
  }

  private variant(port: PortState, node: ProxyNode, nodeAddress: Address | null): ServiceRules {
    let variants = this.variants.get(port)
    if (variants === undefined) this.variants.set(port, (variants = new Map()))
    const found = endpointsAt(port, node)
    const texts = (list: PortState['endpoints']): string => list.map(({ text }) => text).join()
    const key = `${admitsNode(port.info, nodeAddress)} ${texts(found.cluster)} ${texts(found.local)}`
    const known = variants.get(key)
    if (known !== undefined) return known
    const rules = serviceRules(port.info, found, { ...this.context, nodeAddress })
    variants.set(key, rules)
    this.ids.set(rules, this.nextId++)
    return rules
  }
}

/** A place that no endpoint is at: for Services that do not care. */
const NOWHERE: Place = { name: '', zone: '' }

function endpointsAt({ info, endpoints }: PortState, place: Place): Categories {
  return categorize(endpoints, { cluster: usesClusterEndpoints(info), local: usesLocalEndpoints(info) }, place)
}

function blockOf(services: Iterable<ServiceRules>, kind: Kind): RuleBlock | null {
  const rules: Rule[] = []
  for (const service of services) for (const one of service[kind]) rules.push(one)
  return rules.length === 0 ? null : new RuleBlock(rules)
}

function assemble(
  { options, top }: RuleContext,
  family: Family,
  node: ProxyNode,
  shared: Blocks,
  local: Blocks | null,
): RulePart {
  const chain = (name: string, kind: Kind, last: readonly Rule[] = []): Chain => {
    const blocks = [shared[kind], local?.[kind] ?? null, last.length === 0 ? null : new RuleBlock(last)]
    return Chain.ofBlocks(
      name,
      blocks.filter((block) => block !== null),
    )
  }
  const nodePorts = chain('KUBE-NODEPORTS', 'natNodePorts')
  const natServices = chain('KUBE-SERVICES', 'natServices', nodePortJumps(options, family, node, nodePorts))
  const services = chain('KUBE-SERVICES', 'filterServices')
  const external = chain('KUBE-EXTERNAL-SERVICES', 'filterExternal')
  const healthChecks = chain('KUBE-NODEPORTS', 'filterNodePorts')
  const firewall = chain('KUBE-PROXY-FIREWALL', 'filterFirewall')
  const canary = [Chain.of('KUBE-PROXY-CANARY', []), Chain.of('KUBE-KUBELET-CANARY', [])]
  return {
    hooks: {
      nat: {
        PREROUTING: [jump(natServices, 'kubernetes service portals')],
        OUTPUT: [jump(natServices, 'kubernetes service portals')],
        POSTROUTING: [jump(top.postrouting, 'kubernetes postrouting rules')],
      },
      filter: filterHooks(top, { services, external, healthChecks, firewall }),
    },
    unused: { mangle: canary, nat: canary, filter: canary },
  }
}

/** Each is prepended as kube-proxy starts, so they stand in the opposite of its order; kubelet's came before. */
function filterHooks(
  top: TopChains,
  chains: { services: Chain; external: Chain; healthChecks: Chain; firewall: Chain },
): RulePart['hooks']['filter'] {
  const fresh = [state('NEW')]
  const firewall = jump(chains.firewall, 'kubernetes load balancer firewall', fresh)
  const external = jump(chains.external, 'kubernetes externally-visible service portals', fresh)
  const services = jump(chains.services, 'kubernetes service portals', fresh)
  const healthChecks = jump(chains.healthChecks, 'kubernetes health check service ports')
  const localnet = rule({ kind: 'jump', chain: top.firewall }, [])
  return {
    INPUT: [firewall, healthChecks, external, localnet],
    FORWARD: [firewall, jump(top.forward, 'kubernetes forwarding rules'), services, external],
    OUTPUT: [firewall, services, localnet],
  }
}

const jump = (chain: Chain, text: string, matches: Rule['matches'] = []): Rule =>
  rule({ kind: 'jump', chain }, [...matches, comment(text)])

const NODEPORT_NOTE = 'kubernetes service nodeports; NOTE: this must be the last rule in this chain'
const LOOPBACK = { 4: prefix('127.0.0.0/8'), 6: prefix('::1/128') } as const

function nodePortJumps(options: ProxyOptions, family: Family, node: ProxyNode, nodePorts: Chain): Rule[] {
  const target: Target = { kind: 'jump', chain: nodePorts }
  const note = comment(NODEPORT_NOTE)
  const localhost = family === 4 && options.localhostNodePorts
  const addresses = nodePortAddresses(options, family, node)
  if (addresses === null) {
    const others = { kind: 'destination', prefix: LOOPBACK[family], negate: true } as const
    return [rule(target, localhost ? [note, toLocal] : [note, toLocal, others])]
  }
  const open = addresses.filter((address) => localhost || !inPrefix(address, LOOPBACK[family]))
  return open.map((address) => rule(target, [note, to(address)]))
}

/** The addresses that NodePorts are open on; null for all local ones. `primary` is the node's own address. */
export function nodePortAddresses(options: ProxyOptions, family: Family, node: ProxyNode): readonly Address[] | null {
  const { nodePortAddresses: ranges } = options
  const own = node.addresses.filter((address) => familyOf(address) === family)
  if (ranges.includes('primary')) return own.slice(0, 1)
  const prefixes = ranges.map(parsePrefix).filter((p) => p !== null && isV4(p.address) === (family === 4))
  if (prefixes.length === 0 || prefixes.some((p) => p?.length === 0)) return null
  return own.filter((address) => prefixes.some((p) => p !== null && inPrefix(address, p)))
}
