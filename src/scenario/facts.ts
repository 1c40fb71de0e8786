import type { Facts, Owner } from '../explain/facts.ts'
import type { Service } from '../kube/api/service.ts'
import { gatewayOf } from '../kube/node/ipam.ts'
import { type Address, type AddressKey, keyOf } from '../util/address.ts'
import { type Cluster, LAPTOP } from './cluster.ts'
import type { NodePlan } from './plan.ts'
import type { Services } from './services.ts'

/** Names for the addresses of a cluster: pods, nodes with their bridges and tunnel ends, Services, and what is outside. */
export class ClusterFacts implements Facts {
  private readonly fixed = new Map<AddressKey, Owner>()

  constructor(
    private readonly cluster: Cluster,
    private readonly services: Services,
  ) {
    for (const service of services.all) this.addService(service)
    for (const node of cluster.plan.nodes.values()) this.addNode(node)
    for (const address of cluster.plan.lan.gateway) this.name(address, 'external', LAPTOP, '')
  }

  addNode({ name, addresses, podCIDRs }: NodePlan): void {
    for (const address of addresses) this.name(address, 'node', name, name)
    for (const subnet of podCIDRs) {
      this.name(gatewayOf(subnet), 'node', name, name)
      this.name(subnet.address, 'node', name, name)
    }
  }

  addService({ meta, clusterIPs }: Service): void {
    for (const address of clusterIPs) this.name(address, 'service', meta.name, '', meta.namespace)
  }

  get assumed(): readonly string[] {
    return [...this.cluster.plan.assumed, ...this.services.assumed]
  }

  get unmodelled(): readonly string[] {
    return this.cluster.plan.unmodelled
  }

  owner(address: Address): Owner | null {
    const known = this.fixed.get(keyOf(address))
    if (known !== undefined) return known
    const pod = this.cluster.podAt(address)
    if (pod === null) return null
    return { kind: 'pod', namespace: pod.meta.namespace, name: pod.meta.name, node: pod.node }
  }

  private name(address: Address, kind: Owner['kind'], name: string, node: string, namespace = ''): void {
    if (!this.fixed.has(keyOf(address))) this.fixed.set(keyOf(address), { kind, namespace, name, node })
  }
}
