import type { BaseChain, NftTable } from '../../../../linux/netfilter/nft/table.ts'
import type { AddressSet, Match } from '../../../../linux/netfilter/rules/match.ts'
import {
  Chain,
  type MapElement,
  type MapKey,
  type Rule,
  type VerdictMap,
} from '../../../../linux/netfilter/rules/rule.ts'
import { addElement } from '../../../../linux/netfilter/rules/verdict-map.ts'
import type { HookName } from '../../../../trace/steps/packet.ts'
import { type Family, familyOf } from '../../../../util/address.ts'
import { inPrefix, prefix } from '../../../../util/prefix.ts'
import { localPods, nodePortAddresses, type ProxyNode, type ProxyOptions } from '../config.ts'
import * as m from '../iptables/matches.ts'
import type { ServiceModel } from '../model.ts'
import { alike, PerNodeServices } from '../per-node.ts'
import { type ElementContext, type Entry, type ServiceElements, serviceElements } from './service-elements.ts'

const MAPS = ['serviceIPs', 'nodePorts', 'noEndpointServices', 'noEndpointNodePorts', 'firewallIPs'] as const
type MapName = (typeof MAPS)[number]

/** Maps and the set of cluster addresses, for all nodes or for what one has besides. */
interface Layer {
  readonly maps: Readonly<Record<MapName, ReadonlyMap<string, MapElement>>>
  readonly clusterIPs: AddressSet['prefixes']
}

const NAMED: Readonly<Record<MapName, { name: string; key: MapKey; comment: string }>> = {
  firewallIPs: {
    name: 'firewall-ips',
    key: 'daddr . l4proto . dport',
    comment: 'destinations that are subject to LoadBalancerSourceRanges',
  },
  noEndpointNodePorts: {
    name: 'no-endpoint-nodeports',
    key: 'l4proto . dport',
    comment: 'vmap to drop or reject packets to service nodeports with no endpoints',
  },
  noEndpointServices: {
    name: 'no-endpoint-services',
    key: 'daddr . l4proto . dport',
    comment: 'vmap to drop or reject packets to services with no endpoints',
  },
  serviceIPs: {
    name: 'service-ips',
    key: 'daddr . l4proto . dport',
    comment: 'ClusterIP, ExternalIP and LoadBalancer IP traffic',
  },
  nodePorts: { name: 'service-nodeports', key: 'l4proto . dport', comment: 'NodePort traffic' },
}

/** kube-proxy in nftables mode, for all nodes at once: one table of its own, in which maps lead to the chains of Services. */
export class NftablesProxy {
  private readonly groups = new Map<string, Group>()

  constructor(
    private readonly model: ServiceModel,
    readonly options: ProxyOptions,
  ) {}

  /** The table `kube-proxy` of one node, as of now. */
  table(node: ProxyNode, family: Family): NftTable {
    const local = localPods(this.options, node, family)
    const key = `${family} ${JSON.stringify(local)}`
    let group = this.groups.get(key)
    if (group === undefined) this.groups.set(key, (group = new Group(this.model, family, this.options, local)))
    return group.table(node)
  }
}

class Group {
  private readonly context: ElementContext
  private readonly services: PerNodeServices<ServiceElements>
  private shared: Layer | null = null
  private readonly local = new Map<string, Layer>()
  private readonly markMasq: Chain

  constructor(
    model: ServiceModel,
    private readonly family: Family,
    private readonly options: ProxyOptions,
    pods: Match | null,
  ) {
    const mark = 1 << options.masqueradeBit
    this.markMasq = Chain.of('mark-for-masquerade', [
      m.rule({ kind: 'mark', value: mark, mask: mark, written: 'or' }, []),
    ])
    this.context = {
      options,
      jumpToMarkMasq: { kind: 'jump', chain: this.markMasq },
      rejectChain: Chain.of('reject-chain', [m.rule(m.REJECT, [])]),
      localPods: pods,
      nodeAddress: null,
    }
    this.services = new PerNodeServices(
      model,
      family,
      alike((info, endpoints, nodeAddress) => serviceElements(info, endpoints, { ...this.context, nodeAddress })),
    )
  }

  table(node: ProxyNode): NftTable {
    let changed = this.shared === null
    const { perNodeChanged } = this.services.refresh(() => {
      changed = true
    })
    if (changed) this.shared = layerOf(this.services.shared())
    if (perNodeChanged) this.local.clear()
    const { key, items } = this.services.local(node)
    let local = this.local.get(key)
    if (local === undefined) this.local.set(key, (local = layerOf(items)))
    return this.assemble(node, [this.shared as Layer, local])
  }

  private assemble(node: ProxyNode, layers: readonly Layer[]): NftTable {
    const map = (name: MapName): VerdictMap => ({ ...NAMED[name], layers: layers.map(({ maps }) => maps[name]) })
    const maps = {
      serviceIPs: map('serviceIPs'),
      nodePorts: map('nodePorts'),
      noEndpointServices: map('noEndpointServices'),
      noEndpointNodePorts: map('noEndpointNodePorts'),
      firewallIPs: map('firewallIPs'),
    }
    const clusterIPs: AddressSet = {
      name: 'cluster-ips',
      comment: 'Active ClusterIPs',
      prefixes: layers.flatMap(({ clusterIPs }) => clusterIPs),
    }
    const open = openAddresses(this.options, this.family, node)
    const sets = open === null ? [clusterIPs] : [clusterIPs, open]
    const { rejectChain } = this.context
    return {
      name: 'kube-proxy',
      comment: 'rules for kube-proxy',
      chains: baseChains(this.options, this.family, maps, clusterIPs, open),
      sets,
      maps: Object.values(maps),
      otherChains: [rejectChain, this.markMasq],
      chainComments: new Map([[rejectChain.name, 'helper for @no-endpoint-services / @no-endpoint-nodeports']]),
    }
  }
}

function layerOf(items: Iterable<ServiceElements>): Layer {
  const all = [...items]
  const filled = (name: MapName): ReadonlyMap<string, MapElement> => {
    const elements = new Map<string, MapElement>()
    const add = ({ address, protocol, port, verdict, comment }: Entry): void =>
      addElement(elements, address, protocol, port, verdict, comment)
    for (const item of all) item[name].forEach(add)
    return elements
  }
  return {
    maps: {
      serviceIPs: filled('serviceIPs'),
      nodePorts: filled('nodePorts'),
      noEndpointServices: filled('noEndpointServices'),
      noEndpointNodePorts: filled('noEndpointNodePorts'),
      firewallIPs: filled('firewallIPs'),
    },
    clusterIPs: [...new Set(all.map(({ clusterIP }) => clusterIP))].map(m.hostPrefix),
  }
}

const LOOPBACK = { 4: prefix('127.0.0.0/8'), 6: prefix('::1/128') } as const

/** Unlike iptables mode, `primary` is the default; never localhost. Null: every local address. */
function openAddresses(options: ProxyOptions, family: Family, node: ProxyNode): AddressSet | null {
  const ranges = options.nodePortAddresses.length === 0 ? ['primary'] : options.nodePortAddresses
  const addresses = nodePortAddresses({ ...options, nodePortAddresses: ranges }, family, node)
  if (addresses === null) return null
  const open = addresses.filter((address) => !inPrefix(address, LOOPBACK[family]))
  return { name: 'nodeport-ips', comment: 'IPs that accept NodePort traffic', prefixes: open.map(m.hostPrefix) }
}

function baseChains(
  options: ProxyOptions,
  family: Family,
  maps: Readonly<Record<MapName, VerdictMap>>,
  clusterIPs: AddressSet,
  open: AddressSet | null,
): BaseChain[] {
  const mark = 1 << options.masqueradeBit
  const vmap = (map: VerdictMap, ...matches: Match[]): Rule => m.rule({ kind: 'vmap', map }, matches)
  const notLocalhost: Match = { kind: 'destination', prefix: LOOPBACK[family], negate: true }
  const toOpen: Match[] = open === null ? [notLocalhost] : [{ kind: 'destination-in', set: open }]
  const local: Match[] = open === null ? [m.toLocal] : []
  const cidrs = options.serviceCIDRs.filter(({ address }) => familyOf(address) === family)
  const services = Chain.of('services', [vmap(maps.serviceIPs), vmap(maps.nodePorts, ...local, ...toOpen)])
  const serviceCheck = Chain.of('service-endpoints-check', [vmap(maps.noEndpointServices)])
  const nodePortCheck = Chain.of('nodeport-endpoints-check', [vmap(maps.noEndpointNodePorts, ...toOpen)])
  const firewall = Chain.of('firewall-check', [vmap(maps.firewallIPs)])
  const clusterCheck = Chain.of('cluster-ips-check', [
    m.rule(m.REJECT, [
      { kind: 'destination-in', set: clusterIPs },
      m.comment('Reject traffic to invalid ports of ClusterIPs'),
    ]),
    ...(cidrs.length === 0
      ? []
      : [
          m.rule(m.DROP, [
            { kind: 'destination-in', set: { prefixes: cidrs } },
            m.comment('Drop traffic to unallocated ClusterIPs'),
          ]),
        ]),
  ])
  const masquerading = Chain.of('masquerading', [
    m.rule(m.RETURN, [{ kind: 'mark', value: 0, mask: mark }]),
    m.rule({ kind: 'mark', value: mark, mask: 0, written: 'xor' }, []),
    m.rule({ kind: 'masquerade', ports: null, choice: 'random-fully' }, []),
  ])
  const filter = (name: string, hook: HookName, priority: number, ...to: Chain[]): BaseChain => ({
    chain: Chain.of(
      name,
      to.map((chain) => m.rule({ kind: 'jump', chain }, [m.state('NEW')])),
      'ACCEPT',
    ),
    type: 'filter',
    hook,
    priority,
  })
  const nat = (name: string, hook: HookName, priority: number, chain: Chain): BaseChain => ({
    chain: Chain.of(name, [m.rule({ kind: 'jump', chain }, [])], 'ACCEPT'),
    type: 'nat',
    hook,
    priority,
  })
  return [
    // Source ranges are for the address that the client meant, so they are looked at before DNAT.
    filter('filter-prerouting-pre-dnat', 'PREROUTING', -110, firewall),
    filter('filter-output-pre-dnat', 'OUTPUT', -110, firewall),
    filter('filter-input', 'INPUT', 0, nodePortCheck, serviceCheck),
    filter('filter-forward', 'FORWARD', 0, serviceCheck, clusterCheck),
    filter('filter-output', 'OUTPUT', 0, serviceCheck, clusterCheck),
    nat('nat-prerouting', 'PREROUTING', -100, services),
    nat('nat-output', 'OUTPUT', -100, services),
    nat('nat-postrouting', 'POSTROUTING', 100, masquerading),
  ]
}
