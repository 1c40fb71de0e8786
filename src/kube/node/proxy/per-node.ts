import { type Address, type Family, familyOf } from '../../../util/address.ts'
import type { ProxyNode } from './config.ts'
import { type Categories, categorize, type Place } from './endpoints.ts'
import type { PortState, ServiceModel } from './model.ts'
import { admitsNode, type ServicePortInfo, usesClusterEndpoints, usesLocalEndpoints } from './service-port.ts'

/** Makes what a mode needs of one Service port. */
export interface Make<T> {
  /** For all nodes, which serve it alike. */
  shared(port: PortState): T
  /** For nodes that use these endpoints. */
  local(info: ServicePortInfo, endpoints: Categories, nodeAddress: Address | null): T
}

/** One way to make both. */
export const alike = <T>(make: Make<T>['local']): Make<T> => ({
  shared: (port) => make(port.info, everywhere(port), null),
  local: make,
})

/** A place that no endpoint is at: for Services that do not care. */
const NOWHERE: Place = { name: '', zone: '' }

/**
 * What nodes make of Services, in any mode: once for Services that all nodes serve alike, and for the others once for each
 * set of endpoints that some node uses. A change of one Service touches its slot alone.
 */
export class PerNodeServices<T extends object> {
  private version = 0
  /** What each Service gives all nodes. */
  private readonly slots: (readonly T[])[] = []
  /** Of Services that not all nodes serve alike: the ports that each node has to look at. */
  private readonly looked = new Map<number, readonly PortState[]>()
  private perNode: readonly PortState[] = []
  private variants = new WeakMap<PortState, Map<string, T>>()
  private readonly ids = new WeakMap<T, number>()
  private nextId = 1

  constructor(
    private readonly model: ServiceModel,
    private readonly family: Family,
    private readonly make: Make<T>,
  ) {}

  /** Forgets everything: what is made has changed. */
  reset(): void {
    this.version = 0
    this.variants = new WeakMap()
  }

  /** Takes up what has changed since. `onShared` gets the items of each slot that changed, before and after. */
  refresh(onShared: (before: readonly T[], after: readonly T[]) => void): { readonly perNodeChanged: boolean } {
    let perNodeChanged = false
    if (this.version === this.model.version) return { perNodeChanged }
    for (const slot of this.model.changedSince(this.version)) {
      const ports = this.model.ports(slot, this.family)
      const perNode = ports.filter((port) => port.perNode)
      const before = this.slots[slot] ?? []
      const after = ports.filter((port) => !port.perNode).map((port) => this.make.shared(port))
      this.slots[slot] = after
      perNodeChanged = this.look(slot, perNode) || perNodeChanged
      onShared(before, after)
    }
    if (perNodeChanged) this.perNode = this.slots.flatMap((_, slot) => this.looked.get(slot) ?? [])
    this.version = this.model.version
    return { perNodeChanged }
  }

  /** What all nodes have, in the order of the Services. */
  shared(): readonly T[] {
    const all: T[] = []
    for (const shared of this.slots) for (const item of shared) all.push(item)
    return all
  }

  /** What one node has besides; equal keys mean equal items. */
  local(node: ProxyNode): { readonly key: string; readonly items: readonly T[] } {
    const address = node.addresses.find((a) => familyOf(a) === this.family) ?? null
    const items = this.perNode.map((port) => this.variant(port, node, address))
    return { key: items.map((item) => this.ids.get(item)).join(), items }
  }

  /** True when a slot has or had ports that each node looks at. */
  private look(slot: number, ports: readonly PortState[]): boolean {
    const had = this.looked.delete(slot)
    if (ports.length > 0) this.looked.set(slot, ports)
    return had || ports.length > 0
  }

  private variant(port: PortState, node: ProxyNode, nodeAddress: Address | null): T {
    let variants = this.variants.get(port)
    if (variants === undefined) this.variants.set(port, (variants = new Map()))
    const found = endpointsAt(port, node)
    const texts = (list: PortState['endpoints']): string => list.map(({ text }) => text).join()
    const key = `${admitsNode(port.info, nodeAddress)} ${texts(found.cluster)} ${texts(found.local)}`
    const known = variants.get(key)
    if (known !== undefined) return known
    const made = this.make.local(port.info, found, nodeAddress)
    variants.set(key, made)
    this.ids.set(made, this.nextId++)
    return made
  }
}

/** The endpoints of a Service that nodes serve alike. */
export const everywhere = (port: PortState): Categories => new Later(port)

/** Sorted out when somebody asks for more than whether there are any. */
class Later implements Categories {
  readonly any: boolean
  readonly local = []
  private found: Categories | null = null

  constructor(private readonly port: PortState) {
    this.any = port.any
  }

  get cluster(): Categories['cluster'] {
    this.found ??= endpointsAt(this.port, NOWHERE)
    return this.found.cluster
  }
}

function endpointsAt({ info, endpoints }: PortState, place: Place): Categories {
  return categorize(endpoints, { cluster: usesClusterEndpoints(info), local: usesLocalEndpoints(info) }, place)
}
