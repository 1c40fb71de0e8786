import { type Address, type Family, familyOf } from '../../util/address.ts'
import { NO_LABELS, nameOf, selects } from '../api/meta.ts'
import { isLive, type Pod } from '../api/pod.ts'
import type { EndpointSlice, Service, ServicePort, SliceEndpoint, SlicePort } from '../api/service.ts'
import { hintsOf } from './hints.ts'

/** What the controller knows of a pod beyond its object: its addresses, and where its node stands. */
export interface PodPlace {
  readonly pod: Pod
  readonly addresses: readonly Address[]
  readonly zone: string
}

/** discovery.k8s.io: more endpoints than this begin another slice (--max-endpoints-per-slice). */
const MAX_ENDPOINTS = 100

/**
 * The EndpointSlices that the EndpointSlice controller makes of a Service with a selector: one family a slice, and one set of
 * port numbers, since pods may give a named port different ones. Empty without a selector.
 */
export function slicesOf(service: Service, places: Iterable<PodPlace>): EndpointSlice[] {
  const { selector } = service
  if (selector === null || service.type === 'ExternalName') return []
  const families = service.headless ? ([4, 6] as const) : service.clusterIPs.map(familyOf)
  const groups = new Map<string, { family: Family; ports: readonly SlicePort[]; endpoints: SliceEndpoint[] }>()
  for (const { pod, addresses, zone } of places) {
    if (pod.meta.namespace !== service.meta.namespace || !isLive(pod) || !selects(selector, pod.meta.labels)) continue
    const ports = portsOf(service, pod)
    for (const family of families) {
      const address = addresses.find((candidate) => familyOf(candidate) === family)
      if (address === undefined) continue
      const key = `${family} ${ports.map(({ name, port }) => `${name}=${port}`).join()}`
      const group = groups.get(key) ?? { family, ports, endpoints: [] }
      groups.set(key, group)
      group.endpoints.push(endpointOf(service, pod, address, zone))
    }
  }
  return [...groups.values()].flatMap(({ family, ports, endpoints }, i) =>
    chunks(endpoints).map((part, j) => sliceOf(service, `${i}-${j}`, family, ports, part)),
  )
}

/** A port whose name no container of the pod has is left out (`FindPort`). */
function portsOf(service: Service, pod: Pod): SlicePort[] {
  return service.ports.flatMap((port) => {
    const number = targetOf(port, pod)
    return number === null ? [] : [{ name: port.name, port: number, protocol: port.protocol }]
  })
}

function targetOf({ targetPort, protocol }: ServicePort, pod: Pod): number | null {
  if (typeof targetPort === 'number') return targetPort
  return pod.ports.find((port) => port.name === targetPort && port.protocol === protocol)?.port ?? null
}

/** Terminating pods are not ready, yet serve while their own readiness holds. */
function endpointOf(service: Service, pod: Pod, address: Address, zone: string): SliceEndpoint {
  const ready = service.publishNotReadyAddresses || (pod.ready && !pod.terminating)
  return {
    addresses: [address],
    ready,
    serving: service.publishNotReadyAddresses || pod.ready,
    terminating: pod.terminating,
    hostname: pod.subdomain === service.meta.name ? pod.hostname : '',
    node: pod.node,
    zone,
    ...hintsOf(service.trafficDistribution, { ready, node: pod.node, zone }),
    pod: nameOf(pod.meta),
  }
}

const sliceOf = (
  { meta }: Service,
  suffix: string,
  family: Family,
  ports: readonly SlicePort[],
  endpoints: readonly SliceEndpoint[],
): EndpointSlice => ({
  meta: {
    namespace: meta.namespace,
    name: `${meta.name}-${suffix}`,
    labels: NO_LABELS,
    annotations: NO_LABELS,
    at: null,
  },
  service: meta.name,
  family,
  ports,
  endpoints,
  from: 'selector',
})

function chunks<T>(list: readonly T[]): T[][] {
  const parts: T[][] = []
  for (let i = 0; i < list.length; i += MAX_ENDPOINTS) parts.push(list.slice(i, i + MAX_ENDPOINTS))
  return parts
}
