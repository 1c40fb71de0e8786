import { nameOf } from '../kube/api/meta.ts'
import type { Pod } from '../kube/api/pod.ts'
import { DEFAULT_PROXY_CONFIG } from '../kube/api/proxy-config.ts'
import type { EndpointSlice, Service } from '../kube/api/service.ts'
import { type PodPlace, slicesOf } from '../kube/control/endpoint-slices.ts'
import { PodIndex } from '../kube/control/pod-index.ts'
import { ServiceAllocator } from '../kube/control/service-allocator.ts'
import { gatewayOf } from '../kube/node/ipam.ts'
import type { RulePart } from '../kube/node/node-rules.ts'
import { type ProxyNode, proxyOptions } from '../kube/node/proxy/config.ts'
import { IptablesProxy } from '../kube/node/proxy/iptables/proxy.ts'
import { ServiceModel } from '../kube/node/proxy/model.ts'
import { NftablesProxy } from '../kube/node/proxy/nftables/proxy.ts'
import type { NftTable } from '../linux/netfilter/nft/table.ts'
import { type Address, type Family, v4 } from '../util/address.ts'
import type { Rng } from '../util/rng.ts'
import { apiServerSlices } from './addons.ts'
import type { Inventory } from './load/inventory.ts'
import type { ClusterPlan, NodePlan } from './plan.ts'
import { say } from './sentences.ts'

const LOOPBACK = v4('127.0.0.1')

/** The cluster's Services as the control plane would have completed them, their endpoints, and kube-proxy's rules for them. */
export class Services {
  readonly all: readonly Service[]
  readonly slices: readonly EndpointSlice[]
  /** Sentences for `assumed`. */
  readonly assumed: readonly string[]
  private readonly proxy: IptablesProxy | NftablesProxy
  /** What kube-proxy knows. */
  readonly model = new ServiceModel()

  constructor(inventory: Inventory, plan: ClusterPlan, addressesOf: (pod: Pod) => readonly Address[], rng: Rng) {
    const allocator = new ServiceAllocator(plan.path.serviceCIDRs, rng.fork('service addresses'), inventory.services)
    this.all = inventory.services.map((service) => allocator.complete(service))
    const derived = this.derive(inventory, plan, addressesOf)
    this.slices = [...inventory.slices, ...apiServerSlices(plan, inventory.slices), ...derived]
    this.assumed = this.doubts(inventory, plan, derived)
    const { model } = this
    for (const service of this.all) model.setService(service)
    for (const slice of this.slices) model.setSlice(slice)
    const config = inventory.hints.proxy ?? DEFAULT_PROXY_CONFIG
    const clusterCIDRs = config.clusterCIDRs.length > 0 ? config.clusterCIDRs : plan.path.podCIDRs
    const options = { ...proxyOptions({ ...config, clusterCIDRs }), serviceCIDRs: plan.path.serviceCIDRs }
    this.proxy =
      plan.path.proxyMode === 'nftables' ? new NftablesProxy(model, options) : new IptablesProxy(model, options)
  }

  /** kube-proxy's iptables rules on one node: none in nftables mode. */
  rules(node: NodePlan, family: Family): RulePart | null {
    return this.proxy instanceof IptablesProxy ? this.proxy.part(proxyNode(node), family) : null
  }

  /** kube-proxy's nftables table on one node: none in other modes. */
  tables(node: NodePlan, family: Family): readonly NftTable[] {
    return this.proxy instanceof NftablesProxy ? [this.proxy.table(proxyNode(node), family)] : []
  }

  /** Services with a selector that no EndpointSlice and no Endpoints object speaks of. */
  private derive(
    inventory: Inventory,
    plan: ClusterPlan,
    addressesOf: (pod: Pod) => readonly Address[],
  ): EndpointSlice[] {
    const served = new Set(inventory.slices.map((slice) => `${slice.meta.namespace}/${slice.service}`))
    const lacking = this.all.filter((service) => service.selector !== null && !served.has(nameOf(service.meta)))
    if (lacking.length === 0) return []
    const places = [...plan.nodes.values()].flatMap(({ record, pods }) =>
      pods.map((pod): PodPlace => ({ pod, addresses: addressesOf(pod), zone: record.zone })),
    )
    const index = new PodIndex(
      places,
      lacking.map((service) => service.selector!),
    )
    return lacking.flatMap((service) => slicesOf(service, index.candidates(service.meta.namespace, service.selector!)))
  }

  /** A dump's own endpoints would have been the truth; of a manifest nothing has to be assumed. */
  private doubts(inventory: Inventory, plan: ClusterPlan, derived: readonly EndpointSlice[]): string[] {
    const { proxyMode } = plan.path
    const dumped = inventory.pods.some((pod) => pod.addresses.length > 0)
    const services = new Set(derived.map((slice) => `${slice.meta.namespace}/${slice.service}`)).size
    return [
      ...(dumped && services > 0 ? [say.derivedEndpoints(services)] : []),
      ...(proxyMode !== 'ipvs' || this.all.length === 0 ? [] : [say.proxyMode(proxyMode)]),
    ]
  }
}

/** What kube-proxy finds on its node: the address it is known by first, then those of its other interfaces. */
const proxyNode = ({ name, record, addresses, podCIDRs }: NodePlan): ProxyNode => ({
  name,
  zone: record.zone,
  addresses: [...addresses, ...podCIDRs.map(gatewayOf), ...podCIDRs.map((range) => range.address), LOOPBACK],
  podCIDRs,
})
