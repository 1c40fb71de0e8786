import type { Nanos } from '../../sim/time.ts'
import { type Address, type Family, familyOf, formatAddress } from '../../util/address.ts'
import type { EndpointSliceObject, ServiceObject } from '../api/cluster-objects.ts'
import { type Labels, nameOf } from '../api/meta.ts'
import { controllerRef, newMeta } from '../api/object.ts'
import { isFinished, isReady, type PodObject, portNumber } from '../api/pod-object.ts'
import { matches, selectorOf } from '../api/selector.ts'
import type { SliceEndpoint, SlicePort } from '../api/service.ts'
import type { Store } from '../api/store.ts'
import { hintsOf } from './hints.ts'
import { controlled, enqueueOwners } from './owners.ts'
import { type Control, WorkQueue } from './work-queue.ts'

const NONE: readonly never[] = []
const ZONE = 'topology.kubernetes.io/zone'

/**
 * The EndpointSlice controller: addresses of the pods a Service selects, with what can be said of each. Endpoints keep their
 * slice while they live. Source: pkg/controller/endpointslice, k8s.io/endpointslice/reconciler.go.
 */
export class EndpointSliceController {
  readonly queue: WorkQueue
  private readonly store: Store

  constructor(private readonly control: Control) {
    this.store = control.store
    this.queue = new WorkQueue(control, 'endpointslice-controller', (key) => this.reconcile(key))
    control.store.watch('Service', ({ object, step }) => this.queue.add(nameOf(object.meta), step))
    control.store.watch('EndpointSlice', (change) => {
      if (change.type === 'DELETED') enqueueOwners(this.queue, 'Service', change)
    })
    control.store.watch('Pod', ({ object, before, step }) => this.onPod(object, before, step))
  }

  private onPod(pod: PodObject, before: PodObject | null, cause: number): void {
    const delay = this.control.settings.endpointsBatch
    for (const key of this.selecting(pod)) this.queue.add(key, cause, delay)
    if (before === null || before.meta.labels === pod.meta.labels) return
    for (const key of this.selecting(before)) this.queue.add(key, cause, delay)
  }

  /** Keys of the Services that select a pod. Asked at each change of each pod, and pods of one template share their labels. */
  private selecting({ meta: { namespace, labels } }: PodObject): readonly string[] {
    const version = this.store.versionOf('Service')
    if (version !== this.servicesVersion) this.learn(version)
    if (this.services.size === 0) return NONE
    const known = this.selected.get(labels)
    if (known?.namespace === namespace) return known.keys
    const keys: string[] = []
    for (const label in labels) {
      for (const { meta, selector } of this.services.get(`${namespace}/${label}=${labels[label]}`) ?? NONE) {
        if (matches(selectorOf(selector!), labels)) keys.push(nameOf(meta))
      }
    }
    this.selected.set(labels, { namespace, keys })
    return keys
  }

  /** Services by one of the labels they ask for. */
  private learn(version: number): void {
    this.servicesVersion = version
    this.selected = new WeakMap()
    this.services.clear()
    for (const service of this.store.list('Service')) {
      if (service.selector === null || service.type === 'ExternalName') continue
      const [label, value] = Object.entries(service.selector)[0]
      const key = `${service.meta.namespace}/${label}=${value}`
      const group = this.services.get(key)
      if (group === undefined) this.services.set(key, [service])
      else group.push(service)
    }
  }

  private readonly services = new Map<string, ServiceObject[]>()
  private selected = new WeakMap<Labels, { readonly namespace: string; readonly keys: readonly string[] }>()
  private servicesVersion = -1

  reconcile(key: string): Nanos | null {
    const service = this.store.at('Service', key)
    if (service === null || service.selector === null || service.type === 'ExternalName') return null
    if (service.meta.deletionTimestamp !== null) return null
    const pods = this.store.pods(service.meta.namespace, selectorOf(service.selector))
    const known = controlled(this.store, service, 'EndpointSlice')
    for (const family of familiesOf(service, pods)) this.shape(service, family, pods, known)
    return null
  }

  private shape(
    service: ServiceObject,
    family: Family,
    pods: readonly PodObject[],
    known: readonly EndpointSliceObject[],
  ): void {
    const groups = new Map<
      string,
      { readonly ports: readonly SlicePort[]; readonly endpoints: Map<string, SliceEndpoint> }
    >()
    for (const pod of pods) {
      const endpoint = endpointOf(service, pod, family, this.store)
      if (endpoint === null) continue
      const ports = portsOf(service, pod)
      const key = JSON.stringify(ports)
      let group = groups.get(key)
      if (group === undefined) groups.set(key, (group = { ports, endpoints: new Map() }))
      group.endpoints.set(formatAddress(endpoint.addresses[0]), endpoint)
    }
    const slices = known.filter((slice) => slice.family === family)
    for (const slice of slices) {
      const group = groups.get(JSON.stringify(slice.ports))
      if (group === undefined) this.store.delete('EndpointSlice', slice.meta.namespace, slice.meta.name)
    }
    for (const [key, { ports, endpoints }] of groups) {
      const own = slices.filter((slice) => JSON.stringify(slice.ports) === key)
      this.fill(service, family, ports, endpoints, own)
    }
  }

  /** Endpoints stay in their slices, changed or removed; new ones fill the slices that have room, then new slices. */
  private fill(
    service: ServiceObject,
    family: Family,
    ports: readonly SlicePort[],
    wanted: Map<string, SliceEndpoint>,
    slices: readonly EndpointSliceObject[],
  ): void {
    const { endpointsPerSlice } = this.control.settings
    const fresh = new Map(wanted)
    const plans = slices.map((slice) => {
      const kept = slice.endpoints.flatMap((endpoint) => {
        const key = formatAddress(endpoint.addresses[0])
        const next = fresh.get(key)
        fresh.delete(key)
        return next === undefined ? [] : [same(endpoint, next) ? endpoint : next]
      })
      return { slice, endpoints: kept }
    })
    const waiting = [...fresh.values()]
    for (const plan of plans)
      while (plan.endpoints.length < endpointsPerSlice && waiting.length > 0) plan.endpoints.push(waiting.shift()!)
    for (const { slice, endpoints } of plans) {
      if (endpoints.length === 0 && plans.length > 1)
        this.store.delete('EndpointSlice', slice.meta.namespace, slice.meta.name)
      else if (!equal(endpoints, slice.endpoints)) this.store.update({ ...slice, endpoints })
    }
    while (waiting.length > 0) this.store.create(sliceOf(service, family, ports, waiting.splice(0, endpointsPerSlice)))
  }
}

const equal = (a: readonly SliceEndpoint[], b: readonly SliceEndpoint[]): boolean =>
  a.length === b.length && a.every((endpoint, i) => endpoint === b[i])

const same = (a: SliceEndpoint, b: SliceEndpoint): boolean =>
  a.ready === b.ready &&
  a.serving === b.serving &&
  a.terminating === b.terminating &&
  a.pod === b.pod &&
  a.node === b.node &&
  a.zone === b.zone &&
  a.hostname === b.hostname &&
  a.hintZones.join() === b.hintZones.join() &&
  a.hintNodes.join() === b.hintNodes.join()

function familiesOf(service: ServiceObject, pods: readonly PodObject[]): ReadonlySet<Family> {
  const own = service.clusterIPs.map(familyOf)
  return new Set(own.length > 0 ? own : pods.flatMap(({ status }) => status.podIPs.map(familyOf)))
}

/** podToEndpoint: no pod that has no address or has ended. Ready is not said of one that is on its way out. */
function endpointOf(service: ServiceObject, pod: PodObject, family: Family, store: Store): SliceEndpoint | null {
  const address: Address | undefined = pod.status.podIPs.find((own) => familyOf(own) === family)
  if (address === undefined || isFinished(pod)) return null
  const terminating = pod.meta.deletionTimestamp !== null
  const serving = isReady(pod)
  const { hostname, subdomain, nodeName } = pod.spec
  const ready = service.publishNotReadyAddresses || (serving && !terminating)
  const zone = store.get('Node', '', nodeName)?.meta.labels[ZONE] ?? ''
  return {
    addresses: [address],
    ready,
    serving,
    terminating,
    hostname: hostname !== '' && subdomain === service.meta.name ? hostname : '',
    node: nodeName,
    zone,
    ...hintsOf(service.trafficDistribution, { ready, node: nodeName, zone }),
    pod: nameOf(pod.meta),
  }
}

/** A named target port may be another number in each pod: those pods are in slices of their own. */
const portsOf = (service: ServiceObject, pod: PodObject): SlicePort[] =>
  service.ports.flatMap(({ name, targetPort, protocol }) => {
    const port = portNumber(targetPort, pod.spec.containers)
    return port === null ? [] : [{ name, port, protocol }]
  })

const sliceOf = (
  service: ServiceObject,
  family: Family,
  ports: readonly SlicePort[],
  endpoints: readonly SliceEndpoint[],
): EndpointSliceObject => ({
  kind: 'EndpointSlice',
  meta: newMeta({
    namespace: service.meta.namespace,
    generateName: `${service.meta.name}-`,
    labels: {
      'kubernetes.io/service-name': service.meta.name,
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    },
    ownerReferences: [controllerRef(service)],
  }),
  service: service.meta.name,
  family,
  ports,
  endpoints,
  from: 'selector',
})
