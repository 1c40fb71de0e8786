import { Chain, type PendingRule, type Rule, RuleBlock, type Target } from '../../../../linux/netfilter/rules/rule.ts'
import type { Address, Family } from '../../../../util/address.ts'
import { inPrefix, prefix } from '../../../../util/prefix.ts'
import { TO_KUBE_FIREWALL } from '../../kubelet/iptables.ts'
import type { RulePart } from '../../node-rules.ts'
import { localPods, nodePortAddresses, type ProxyNode, type ProxyOptions } from '../config.ts'
import type { PortState, ServiceModel } from '../model.ts'
import { everywhere, PerNodeServices } from '../per-node.ts'
import { comment, rule, state, to, toLocal } from './matches.ts'
import { type RuleContext, type ServiceRules, serviceRules } from './service-rules.ts'
import { type TopChains, topChains } from './top-chains.ts'

/** largeClusterEndpointsThreshold. */
const LARGE_CLUSTER = 1000

type Kind = keyof ServiceRules
type Blocks = Record<Kind, RuleBlock | null>

/** Of a Service port that only has a cluster address: the one rule that it adds, made when a packet or a reader comes to it. */
class PlainRule implements PendingRule {
  private made: Rule | null = null

  constructor(
    private readonly port: PortState,
    private readonly context: RuleContext,
  ) {}

  get kind(): 'natServices' | 'filterServices' {
    return this.port.any ? 'natServices' : 'filterServices'
  }

  get destination(): Address {
    return this.port.clusterIP
  }

  make(): Rule {
    const { port, context } = this
    this.made ??= serviceRules(port.info, everywhere(port), context)[this.kind][0]
    return this.made
  }
}

type Rules = ServiceRules | PlainRule

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
      const top = topChains(this.options)
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

/** Nodes of one family whose rules tell local pods alike: all of them, unless detectLocalMode is NodeCIDR. */
class Group {
  private readonly services: PerNodeServices<Rules>
  private readonly shared: Blocks = { ...NO_BLOCKS }
  /** Blocks for Services that nodes serve in different ways. */
  private readonly local = new Map<string, Blocks>()

  constructor(
    private readonly model: ServiceModel,
    private readonly family: Family,
    private context: RuleContext,
  ) {
    this.services = new PerNodeServices<Rules>(model, family, {
      shared: (port) =>
        port.plain ? new PlainRule(port, this.context) : serviceRules(port.info, everywhere(port), this.context),
      local: (info, endpoints, nodeAddress) => serviceRules(info, endpoints, { ...this.context, nodeAddress }),
    })
  }

  part(node: ProxyNode): RulePart {
    this.refresh()
    const { key, items } = this.services.local(node)
    let blocks = this.local.get(key)
    if (blocks === undefined) {
      blocks = { ...NO_BLOCKS }
      for (const kind of KINDS) blocks[kind] = blockOf(items, kind)
      this.local.set(key, blocks)
    }
    return assemble(this.context, this.family, node, this.shared, blocks)
  }

  private refresh(): void {
    const largeCluster = this.model.endpointCount(this.family) > LARGE_CLUSTER
    if (largeCluster !== this.context.largeCluster) {
      this.context = { ...this.context, largeCluster }
      this.services.reset()
    }
    const stale = new Set<Kind>()
    const { perNodeChanged } = this.services.refresh((before, after) => {
      for (const rules of before) note(stale, rules)
      for (const rules of after) note(stale, rules)
    })
    const all = stale.size === 0 ? [] : this.services.shared()
    for (const kind of stale) this.shared[kind] = blockOf(all, kind)
    if (perNodeChanged) this.local.clear()
  }
}

/** Adds the kinds of rules that there are. */
function note(kinds: Set<Kind>, rules: Rules): void {
  if (rules instanceof PlainRule) kinds.add(rules.kind)
  else for (const kind of KINDS) if (rules[kind].length > 0) kinds.add(kind)
}

function blockOf(services: Iterable<Rules>, kind: Kind): RuleBlock | null {
  const rules: (Rule | PlainRule)[] = []
  for (const service of services) {
    if (!(service instanceof PlainRule)) for (const one of service[kind]) rules.push(one)
    else if (service.kind === kind) rules.push(service)
  }
  return rules.length === 0 ? null : new RuleBlock(rules)
}

function assemble(
  { options, top }: RuleContext,
  family: Family,
  node: ProxyNode,
  shared: Blocks,
  local: Blocks,
): RulePart {
  const chain = (name: string, kind: Kind, last: readonly Rule[] = []): Chain => {
    const blocks = [shared[kind], local[kind], last.length === 0 ? null : new RuleBlock(last)]
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
  const canary = [Chain.of('KUBE-PROXY-CANARY', [])]
  return {
    hooks: {
      nat: {
        PREROUTING: [jump(natServices, 'kubernetes service portals')],
        OUTPUT: [jump(natServices, 'kubernetes service portals')],
        POSTROUTING: [jump(top.postrouting, 'kubernetes postrouting rules')],
      },
      filter: filterHooks(family, top, { services, external, healthChecks, firewall }),
    },
    unused: { mangle: canary, nat: canary, filter: canary },
  }
}

/** Each is prepended as kube-proxy starts, so they stand in the opposite of its order; kubelet's came before. */
function filterHooks(
  family: Family,
  top: TopChains,
  chains: { services: Chain; external: Chain; healthChecks: Chain; firewall: Chain },
): RulePart['hooks']['filter'] {
  const fresh = [state('NEW')]
  const firewall = jump(chains.firewall, 'kubernetes load balancer firewall', fresh)
  const external = jump(chains.external, 'kubernetes externally-visible service portals', fresh)
  const services = jump(chains.services, 'kubernetes service portals', fresh)
  const healthChecks = jump(chains.healthChecks, 'kubernetes health check service ports')
  const localnet = TO_KUBE_FIREWALL[family]
  return {
    INPUT: [firewall, healthChecks, external, localnet],
    FORWARD: [firewall, jump(top.forward, 'kubernetes forwarding rules'), services, external],
    OUTPUT: [firewall, services, localnet],
  }
}

const jump = (chain: Chain, text: string, matches: Rule['matches'] = []): Rule =>
  rule({ kind: 'jump', chain }, matches.concat(comment(text)))

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
