import { type Address, type Family, formatEndpoint } from '../../../util/address.ts'
import type { EndpointSlice, ServicePort, SliceEndpoint } from '../../api/service.ts'
import { PROTOCOL_NAME, type ServicePortInfo } from './service-port.ts'

/** Where a Service port may send a packet: BaseEndpointInfo. */
export interface Endpoint {
  readonly address: Address
  readonly port: number
  /** `10.244.1.2:8080`. */
  readonly text: string
  /** As its EndpointSlice has it: conditions, node, hints. */
  readonly from: SliceEndpoint
}

const NONE: readonly Endpoint[] = []

/**
 * The endpoints of a Service port from the slices of its Service, in kube-proxy's order: by their text. An address that two
 * slices give counts once, the ready one before the other.
 */
export function endpointsOf(info: ServicePortInfo, slices: Iterable<EndpointSlice>): readonly Endpoint[] {
  const found: Endpoint[] = []
  for (const slice of slices) {
    if (slice.family !== info.family) continue
    for (const { name, port, protocol } of slice.ports) {
      if (name !== info.portName || port === 0 || PROTOCOL_NAME[protocol] !== info.protocol) continue
      for (const from of slice.endpoints) {
        const [address] = from.addresses
        if (address !== undefined) found.push({ address, port, text: formatEndpoint(address, port), from })
      }
    }
  }
  for (let i = 1; i < found.length; i++) if (found[i - 1].text >= found[i].text) return distinct(found.sort(byText))
  return found
}

const byText = (a: Endpoint, b: Endpoint): number => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)

/** Sorting keeps the order of equals: of those the first ready one stays, or when none is the last. */
function distinct(sorted: Endpoint[]): readonly Endpoint[] {
  let kept = 0
  for (const endpoint of sorted) {
    const last = kept > 0 ? sorted[kept - 1] : null
    if (last === null || last.text !== endpoint.text) sorted[kept++] = endpoint
    else if (!last.from.ready) sorted[kept - 1] = endpoint
  }
  sorted.length = kept
  return sorted
}

/** Those on one node, in the order of their slices: without making the others. */
export function endpointsOn(node: string, info: ServicePortInfo, slices: Iterable<EndpointSlice>): readonly Endpoint[] {
  const here: EndpointSlice[] = []
  const isHere = (endpoint: SliceEndpoint): boolean => endpoint.node === node
  for (const slice of slices) {
    if (slice.endpoints.some(isHere)) here.push({ ...slice, endpoints: slice.endpoints.filter(isHere) })
  }
  return here.length === 0 ? NONE : endpointsOf(info, here)
}

/** The endpoints that one node uses: CategorizeEndpoints. */
export interface Categories {
  /** For the Cluster traffic policy; topology hints are obeyed. */
  readonly cluster: readonly Endpoint[]
  /** For the Local traffic policy. */
  readonly local: readonly Endpoint[]
  /** Some node could serve the Service, if not this one. */
  readonly any: boolean
}

export interface Place {
  readonly name: string
  readonly zone: string
}

/**
 * Ready endpoints, or when there is none those that still serve while they terminate, for each policy on its own. Topology:
 * when every ready endpoint hints nodes (or zones) and one hints this, the others are left out.
 */
export function categorize(
  endpoints: readonly Endpoint[],
  uses: { readonly cluster: boolean; readonly local: boolean },
  place: Place,
): Categories {
  const ready = endpoints.every(isReady) ? endpoints : endpoints.filter(isReady)
  const usable = ready.length > 0 ? ready : endpoints.filter(isFading)
  const topology = uses.cluster ? hinted(ready, place) : null
  const cluster = !uses.cluster ? NONE : (topology ?? usable)
  if (!uses.local) return { cluster, local: NONE, any: cluster.length > 0 }
  const here = (e: Endpoint): boolean => e.from.node === place.name
  const readyHere = ready.filter(here)
  const local = readyHere.length > 0 ? readyHere : endpoints.filter((e) => isFading(e) && here(e))
  return { cluster, local, any: usable.length > 0 }
}

const isReady = ({ from }: Endpoint): boolean => from.ready
const isFading = ({ from }: Endpoint): boolean => !from.ready && from.serving && from.terminating

/** topologyModeFromHints: the endpoints meant for this node, else for its zone; null when hints are absent or of no use. */
function hinted(ready: readonly Endpoint[], { name, zone }: Place): readonly Endpoint[] | null {
  if (ready.length === 0) return null
  if (ready.every(({ from }) => from.hintNodes.length > 0)) {
    const forNode = ready.filter(({ from }) => from.hintNodes.includes(name))
    if (forNode.length > 0) return forNode
  }
  if (ready.every(({ from }) => from.hintZones.length > 0)) {
    const forZone = ready.filter(({ from }) => from.hintZones.includes(zone))
    if (forZone.length > 0) return forZone
  }
  return null
}

/** What can be told of a Service port's endpoints before they are sorted out. */
export interface Outlook {
  /** An endpoint that two slices give counts twice. */
  readonly count: number
  /** Some endpoint is ready, or serves while it terminates. */
  readonly any: boolean
  /** The first ready endpoint has hints: without, none are obeyed, since all ready ones must have them. */
  readonly hinted: boolean
}

export function outlookOf(
  { name, protocol }: Pick<ServicePort, 'name' | 'protocol'>,
  family: Family,
  slices: readonly EndpointSlice[],
): Outlook {
  let count = 0
  let any = false
  let ready: SliceEndpoint | null = null
  for (const slice of slices) {
    if (slice.family !== family) continue
    for (const port of slice.ports) {
      if (port.name !== name || port.port === 0 || port.protocol !== protocol) continue
      count += slice.endpoints.length
      ready ??= slice.endpoints.find((endpoint) => endpoint.ready) ?? null
      any ||= ready !== null || slice.endpoints.some(({ serving, terminating }) => serving && terminating)
    }
  }
  return { count, any, hinted: ready !== null && (ready.hintNodes.length > 0 || ready.hintZones.length > 0) }
}
