import type { Facts, Owner } from '../explain/facts.ts'
import type { Service } from '../kube/api/service.ts'
import { gatewayOf } from '../kube/node/ipam.ts'
import { type Address, type AddressKey, keyOf } from '../util/address.ts'
import { type Cluster, LAPTOP } from './cluster.ts'
import type { NodePlan } from './plan.ts'
import type { Services } from './services.ts'

/** Names for the addresses of a cluster: pods, nodes with their bridges and tunnel ends, Services, and what is outside. */
export class ClusterFacts implements Facts {
  /** Made when somebody asks, or before what is named changes: names outlive what they named. */
  private fixed: Map<AddressKey, Owner> | null = null

  constructor(
    private readonly cluster: Cluster,
    private readonly services: Services,
  ) {}

  addNode(node: NodePlan): void {
    nameNode(this.known(), node)
  }

  addService(service: Service): void {
    nameService(this.known(), service)
  }

  get assumed(): readonly string[] {
    return [...this.cluster.plan.assumed, ...this.services.assumed]
  }

  get unmodelled(): readonly string[] {
    return this.cluster.plan.unmodelled
  }

  owner(address: Address): Owner | null {
    const known = this.known().get(keyOf(address))
    if (known !== undefined) return known
    const pod = this.cluster.podAt(address)
    if (pod === null) return null
    return { kind: 'pod', namespace: pod.meta.namespace, name: pod.meta.name, node: pod.node }
  }

  private known(): Map<AddressKey, Owner> {
    if (this.fixed !== null) return this.fixed
    const { plan } = this.cluster
    const known = new Map<AddressKey, Owner>()
    for (const service of this.services.all) nameService(known, service)
    for (const node of plan.nodes.values()) nameNode(known, node)
    for (const address of plan.lan.gateway)
      add(known, address, { kind: 'external', namespace: '', name: LAPTOP, node: '' })
    this.fixed = known
    return known
  }
}

function nameNode(known: Map<AddressKey, Owner>, { name, addresses, podCIDRs }: NodePlan): void {
  const owner: Owner = { kind: 'node', namespace: '', name, node: name }
  for (const address of [...addresses, ...podCIDRs.map(gatewayOf), ...podCIDRs.map((subnet) => subnet.address)])
    add(known, address, owner)
}

function nameService(known: Map<AddressKey, Owner>, { meta, clusterIPs }: Service): void {
  const owner: Owner = { kind: 'service', namespace: meta.namespace, name: meta.name, node: '' }
  for (const address of clusterIPs) add(known, address, owner)
}

function add(known: Map<AddressKey, Owner>, address: Address, owner: Owner): void {
  if (!known.has(keyOf(address))) known.set(keyOf(address), owner)
}
