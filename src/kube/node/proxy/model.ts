import { type Address, type Family, familyOf } from '../../../util/address.ts'
import type { EndpointSlice, Service, ServicePort } from '../../api/service.ts'
import { type Endpoint, endpointsOf, endpointsOn, type Outlook, outlookOf } from './endpoints.ts'
import { isPlain, portInfo, type ServicePortInfo, servedAt, usesLocalEndpoints } from './service-port.ts'

/** One Service port with its endpoints: a value, replaced when either changes. What few ask for is made when they do. */
export class PortState implements Outlook {
  private sorted: readonly Endpoint[] | null = null
  private known: ServicePortInfo | null = null
  readonly count: number
  readonly any: boolean
  readonly hinted: boolean

  constructor(
    readonly service: Service,
    private readonly port: ServicePort,
    readonly clusterIP: Address,
    private readonly slices: readonly EndpointSlice[],
  ) {
    const { count, any, hinted } = outlookOf(port, this.family, slices)
    this.count = count
    this.any = any
    this.hinted = hinted
  }

  get family(): Family {
    return familyOf(this.clusterIP)
  }

  get info(): ServicePortInfo {
    this.known ??= portInfo(this.service, this.port, this.family, this.clusterIP)
    return this.known
  }

  /** Nothing leads to it but its cluster address, and all nodes serve it alike. */
  get plain(): boolean {
    return !this.hinted && this.port.nodePort === 0 && isPlain(this.service)
  }

  /** Nodes may use different endpoints, or admit different clients. */
  get perNode(): boolean {
    if (this.hinted) return true
    if (isPlain(this.service)) return false
    const { info } = this
    return usesLocalEndpoints(info) || (info.vips.length > 0 && info.sourceRanges.length > 0)
  }

  /** Those on one node. */
  on(node: string): readonly Endpoint[] {
    return this.sorted === null
      ? endpointsOn(node, this.info, this.slices)
      : this.sorted.filter(({ from }) => from.node === node)
  }

  /** In kube-proxy's order. */
  get endpoints(): readonly Endpoint[] {
    this.sorted ??= endpointsOf(this.info, this.slices)
    return this.sorted
  }
}

/** A Service and its slices; one may be known without the other. */
interface Entry {
  readonly slot: number
  service: Service | null
  /** Few, each with a name of its own; replaced when one changes. */
  slices: readonly EndpointSlice[]
}

const NONE: readonly PortState[] = []
const NO_SLICES: readonly EndpointSlice[] = []

/**
 * Services and EndpointSlices as kube-proxy caches them, for all nodes at once. Each Service has a slot; slots keep the order
 * in which Services came, which is the order of their rules (kube-proxy's own is that of a Go map: any).
 */
export class ServiceModel {
  /** By namespace and name, which are not joined: keys of their own would weigh as much again. */
  private readonly entries = new Map<string, Map<string, Entry>>()
  /** The ports of the Service in each slot. */
  private readonly slots: Record<Family, (readonly PortState[])[]> = { 4: [], 6: [] }
  private used = 0
  private readonly dirty = new Map<number, Entry>()
  private readonly log: number[] = []
  private readonly counts: Record<Family, number> = { 4: 0, 6: 0 }

  setService(service: Service): void {
    const entry = this.entry(service.meta.namespace, service.meta.name)
    entry.service = service
    this.touch(entry)
  }

  deleteService(namespace: string, name: string): void {
    const names = this.entries.get(namespace)
    const entry = names?.get(name)
    if (names === undefined || entry === undefined) return
    entry.service = null
    this.touch(entry)
    if (entry.slices.length === 0) names.delete(name)
  }

  setSlice(slice: EndpointSlice): void {
    const entry = this.entry(slice.meta.namespace, slice.service)
    const known = entry.slices.findIndex(({ meta }) => meta.name === slice.meta.name)
    entry.slices = known < 0 ? entry.slices.concat(slice) : entry.slices.with(known, slice)
    this.touch(entry)
  }

  deleteSlice(slice: EndpointSlice): void {
    const names = this.entries.get(slice.meta.namespace)
    const entry = names?.get(slice.service)
    const known = entry?.slices.findIndex(({ meta }) => meta.name === slice.meta.name) ?? -1
    if (names === undefined || entry === undefined || known < 0) return
    entry.slices = entry.slices.toSpliced(known, 1)
    this.touch(entry)
    if (entry.slices.length === 0 && entry.service === null) names.delete(slice.service)
  }

  /** How many changes there were; `changedSince` of an earlier count gives the slots they touched. */
  get version(): number {
    return this.log.length
  }

  changedSince(version: number): Iterable<number> {
    return version === 0 ? Array(this.used).keys() : new Set(this.log.slice(version))
  }

  /** The ports of the Service in a slot. */
  ports(slot: number, family: Family): readonly PortState[] {
    this.settle()
    return this.slots[family][slot]
  }

  /** All ports of a family, in order. */
  *allPorts(family: Family): Generator<PortState> {
    this.settle()
    for (const ports of this.slots[family]) yield* ports
  }

  /** Endpoints of all ports of a family. */
  endpointCount(family: Family): number {
    this.settle()
    return this.counts[family]
  }

  private entry(namespace: string, name: string): Entry {
    let names = this.entries.get(namespace)
    if (names === undefined) this.entries.set(namespace, (names = new Map()))
    let entry = names.get(name)
    if (entry === undefined) {
      entry = { slot: this.used++, service: null, slices: NO_SLICES }
      names.set(name, entry)
    }
    return entry
  }

  private touch(entry: Entry): void {
    // Whoever asks what changed asks for the ports too, and with that nothing is dirty any more.
    if (!this.dirty.has(entry.slot)) this.log.push(entry.slot)
    this.dirty.set(entry.slot, entry)
  }

  private settle(): void {
    if (this.dirty.size === 0) return
    for (const { slot, service, slices } of this.dirty.values()) {
      for (const family of [4, 6] as const) {
        const ports = service === null ? NONE : portStates(service, family, slices)
        this.counts[family] += countOf(ports) - countOf(this.slots[family][slot] ?? NONE)
        this.slots[family][slot] = ports
      }
    }
    this.dirty.clear()
  }
}

const countOf = (ports: readonly PortState[]): number => ports.reduce((sum, { count }) => sum + count, 0)

function portStates(service: Service, family: Family, slices: readonly EndpointSlice[]): readonly PortState[] {
  const clusterIP = servedAt(service, family)
  if (clusterIP === null) return NONE
  return service.ports.map((port) => new PortState(service, port, clusterIP, slices))
}
