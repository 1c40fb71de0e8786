import { ByName } from '../kube/api/by-name.ts'
import { nameOf } from '../kube/api/meta.ts'
import type { Pod } from '../kube/api/pod.ts'
import { DEFAULT_PROXY_CONFIG, type ProxyMode } from '../kube/api/proxy-config.ts'
import type { EndpointSlice, Service } from '../kube/api/service.ts'
import { type PodPlace, slicesOf } from '../kube/control/endpoint-slices.ts'
import { PodIndex } from '../kube/control/pod-index.ts'
import { ServiceAllocator } from '../kube/control/service-allocator.ts'
import { gatewayOf } from '../kube/node/ipam.ts'
import type { RulePart } from '../kube/node/node-rules.ts'
import { type ProxyNode, type ProxyOptions, proxyOptions } from '../kube/node/proxy/config.ts'
import { IptablesProxy } from '../kube/node/proxy/iptables/proxy.ts'
import { type IpvsPart, IpvsProxy } from '../kube/node/proxy/ipvs/proxy.ts'
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
  readonly byName = new ByName<Service>()
  private readonly known = new ByName<EndpointSlice>()
  /** Those that the input or the API server itself says, beside what selectors give. */
  readonly given: readonly EndpointSlice[]
  /** Sentences for `assumed`. */
  readonly assumed: readonly string[]
  private readonly allocator: ServiceAllocator
  private readonly proxy: IptablesProxy | NftablesProxy | IpvsProxy
  /** What kube-proxy knows. */
  readonly model = new ServiceModel()

  constructor(inventory: Inventory, plan: ClusterPlan, addressesOf: (pod: Pod) => readonly Address[], rng: Rng) {
    const allocator = new ServiceAllocator(plan.path.serviceCIDRs, rng.fork('service addresses'), inventory.services)
    for (const service of inventory.services) this.setService(allocator.complete(service))
    this.given = [...inventory.slices, ...apiServerSlices(plan, inventory)]
    const derived = this.derive(inventory, plan, addressesOf)
    for (const slice of [...this.given, ...derived]) this.setSlice(slice)
    this.assumed = this.doubts(inventory, derived)
    this.allocator = allocator
    const { model } = this
    for (const service of this.all) model.setService(service)
    for (const slice of this.slices) model.setSlice(slice)
    const config = inventory.hints.proxy ?? DEFAULT_PROXY_CONFIG
    const clusterCIDRs = config.clusterCIDRs.length > 0 ? config.clusterCIDRs : plan.path.podCIDRs
    const options = { ...proxyOptions({ ...config, clusterCIDRs }), serviceCIDRs: plan.path.serviceCIDRs }
    this.proxy = proxyOf(plan.path.proxyMode, model, options)
  }

  get all(): readonly Service[] {
    return this.byName.values()
  }

  get slices(): readonly EndpointSlice[] {
    return this.known.values()
  }

  /** With what the API server adds to it: its address, its node ports. */
  complete(service: Service): Service {
    return this.allocator.complete(service)
  }

  /** What informers know: CoreDNS answers from it. kube-proxy takes it into its own model when it syncs. */
  setService(service: Service): void {
    this.byName.set(service.meta, service)
  }

  deleteService(service: Service): void {
    this.byName.delete(service.meta)
  }

  setSlice(slice: EndpointSlice): void {
    this.known.set(slice.meta, slice)
  }

  deleteSlice(slice: EndpointSlice): void {
    this.known.delete(slice.meta)
  }

  /** kube-proxy's iptables rules on one node: null in other modes, of which ipvs has its own. */
  rules(node: NodePlan, family: Family): RulePart | null {
    return this.proxy instanceof IptablesProxy ? this.proxy.part(proxyNode(node), family) : null
  }

  /** kube-proxy's nftables table on one node: none in other modes. */
  tables(node: NodePlan, family: Family): readonly NftTable[] {
    return this.proxy instanceof NftablesProxy ? [this.proxy.table(proxyNode(node), family)] : []
  }

  /** Virtual servers, sets and rules on one node: null in other modes. */
  ipvs(node: NodePlan, family: Family): IpvsPart | null {
    return this.proxy instanceof IpvsProxy ? this.proxy.part(proxyNode(node), family) : null
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
  private doubts(inventory: Inventory, derived: readonly EndpointSlice[]): string[] {
    const dumped = inventory.pods.some((pod) => pod.addresses.length > 0)
    const services = new Set(derived.map((slice) => `${slice.meta.namespace}/${slice.service}`)).size
    return [...(dumped && services > 0 ? [say.derivedEndpoints(services)] : [])]
  }
}

function proxyOf(
  mode: ProxyMode,
  model: ServiceModel,
  options: ProxyOptions,
): IptablesProxy | NftablesProxy | IpvsProxy {
  switch (mode) {
    case 'iptables':
      return new IptablesProxy(model, options)
    case 'nftables':
      return new NftablesProxy(model, options)
    case 'ipvs':
      return new IpvsProxy(model, options)
  }
}

/** What kube-proxy finds on its node: the address it is known by first, then those of its other interfaces. */
const proxyNode = ({ name, record, addresses, podCIDRs }: NodePlan): ProxyNode => ({
  name,
  zone: record.zone,
  addresses: [...addresses, ...podCIDRs.map(gatewayOf), ...podCIDRs.map((range) => range.address), LOOPBACK],
  podCIDRs,
})
