import type { Address, Family } from '../../../util/address.ts'
import { nameOf } from '../../api/meta.ts'
import type { EndpointSlice, Service, ServicePort } from '../../api/service.ts'
import { type Endpoint, endpointsOf, endpointsOn, type Outlook, outlookOf } from './endpoints.ts'
import { isPlain, portInfo, type ServicePortInfo, servedAt, usesLocalEndpoints } from './service-port.ts'

/** One Service port with its endpoints: a value, replaced when either changes. What few ask for is made when they do. */
export class PortState {
  private sorted: readonly Endpoint[] | null = null
  private known: ServicePortInfo | null = null
  readonly outlook: Outlook

  constructor(
    private readonly service: Service,
    private readonly port: ServicePort,
    readonly family: Family,
    readonly clusterIP: Address,
    private readonly slices: readonly EndpointSlice[],
  ) {
    this.outlook = outlookOf(port, family, slices)
  }

  get info(): ServicePortInfo {
    this.known ??= portInfo(this.service, this.port, this.family, this.clusterIP)
    return this.known
  }

  /** Nothing leads to it but its cluster address, and all nodes serve it alike. */
  get plain(): boolean {
    return !this.outlook.hinted && this.port.nodePort === 0 && isPlain(this.service)
  }

  /** Nodes may use different endpoints, or admit different clients. */
  get perNode(): boolean {
    if (this.outlook.hinted) return true
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

type Ports = Record<Family, readonly PortState[]>

const NONE: readonly PortState[] = []
const NO_SLICES: readonly EndpointSlice[] = []
const NO_PORTS: Ports = { 4: NONE, 6: NONE }

/**
 * Services and EndpointSlices as kube-proxy caches them, for all nodes at once. Each Service has a slot; slots keep the order
 * in which Services came, which is the order of their rules (kube-proxy's own is that of a Go map: any).
 */
export class ServiceModel {
  private readonly entries = new Map<string, Entry>()
  private readonly slots: (Ports | null)[] = []
  private readonly dirty = new Map<number, Entry>()
  private readonly log: number[] = []
  private readonly counts: Record<Family, number> = { 4: 0, 6: 0 }

  setService(service: Service): void {
    const entry = this.entry(nameOf(service.meta))
    entry.service = service
    this.touch(entry)
  }

  deleteService(namespace: string, name: string): void {
    const entry = this.entries.get(`${namespace}/${name}`)
    if (entry === undefined) return
    entry.service = null
    this.touch(entry)
    if (entry.slices.length === 0) this.entries.delete(`${namespace}/${name}`)
  }

  setSlice(slice: EndpointSlice): void {
    const entry = this.entry(`${slice.meta.namespace}/${slice.service}`)
    const known = entry.slices.findIndex(({ meta }) => meta.name === slice.meta.name)
    entry.slices = known < 0 ? [...entry.slices, slice] : entry.slices.with(known, slice)
    this.touch(entry)
  }

  deleteSlice(slice: EndpointSlice): void {
    const key = `${slice.meta.namespace}/${slice.service}`
    const entry = this.entries.get(key)
    const known = entry?.slices.findIndex(({ meta }) => meta.name === slice.meta.name) ?? -1
    if (entry === undefined || known < 0) return
    entry.slices = entry.slices.toSpliced(known, 1)
    this.touch(entry)
    if (entry.slices.length === 0 && entry.service === null) this.entries.delete(key)
  }

  /** How many changes there were; `changedSince` of an earlier count gives the slots they touched. */
  get version(): number {
    return this.log.length
  }

  changedSince(version: number): Iterable<number> {
    return version === 0 ? this.slots.keys() : new Set(this.log.slice(version))
  }

  /** The ports of the Service in a slot. */
  ports(slot: number, family: Family): readonly PortState[] {
    this.settle()
    return (this.slots[slot] ?? NO_PORTS)[family]
  }

  /** All ports of a family, in order. */
  *allPorts(family: Family): Generator<PortState> {
    this.settle()
    for (const ports of this.slots) if (ports !== null) yield* ports[family]
  }

  /** Endpoints of all ports of a family. */
  endpointCount(family: Family): number {
    this.settle()
    return this.counts[family]
  }

  private entry(key: string): Entry {
    const known = this.entries.get(key)
    if (known !== undefined) return known
    const entry: Entry = { slot: this.slots.push(null) - 1, service: null, slices: NO_SLICES }
    this.entries.set(key, entry)
    return entry
  }

  private touch(entry: Entry): void {
    this.log.push(entry.slot)
    this.dirty.set(entry.slot, entry)
  }

  private settle(): void {
    if (this.dirty.size === 0) return
    for (const { slot, service, slices } of this.dirty.values()) {
      const ports: Ports =
        service === null ? NO_PORTS : { 4: portStates(service, 4, slices), 6: portStates(service, 6, slices) }
      this.recount(this.slots[slot] ?? NO_PORTS, -1)
      this.recount(ports, 1)
      this.slots[slot] = ports
    }
    this.dirty.clear()
  }

  private recount(ports: Ports, sign: 1 | -1): void {
    for (const { outlook } of ports[4]) this.counts[4] += sign * outlook.count
    for (const { outlook } of ports[6]) this.counts[6] += sign * outlook.count
  }
}

function portStates(service: Service, family: Family, slices: readonly EndpointSlice[]): readonly PortState[] {
  const clusterIP = servedAt(service, family)
  if (clusterIP === null) return NONE
  return service.ports.map((port) => new PortState(service, port, family, clusterIP, slices))
}
