import { namespace as namespaceObject } from '../../kube/api/build.ts'
import { invalid } from '../../kube/api/errors.ts'
import { admitIngress, type Ingress } from '../../kube/api/ingress.ts'
import { type KubeObject, RESOURCES } from '../../kube/api/kinds.ts'
import { nameOf } from '../../kube/api/meta.ts'
import type { PodObject } from '../../kube/api/pod-object.ts'
import type { Service } from '../../kube/api/service.ts'
import type { Store } from '../../kube/api/store.ts'
import { validate, validateUpdate } from '../../kube/api/validate.ts'
import { inputError, type SourcePosition } from '../../util/diagnostics.ts'
import type { Emulation } from '../emulation.ts'
import type { Inventory } from '../load/inventory.ts'
import { ingressClassObject, ingressObject, serviceObject, sliceObject } from './slim.ts'

/**
 * `kubectl apply`: what is new is created, what is there gets the fields given. All of it is validated before the first
 * object is touched. Throws ApiError, or InputError for what cannot be applied to a running cluster.
 */
export function apply(emulation: Emulation, given: Inventory, at: SourcePosition): void {
  const { store } = emulation.life!
  if (given.nodes.length > 0) throw inputError('a Node joins by a step of its own', 'addNode', at)
  const objects: KubeObject[] = [
    ...given.namespaces.map(({ name }) => namespaceObject(name)),
    ...given.services.map((service) => completed(emulation, service)),
    ...given.slices.map(sliceObject),
    ...given.ingressClasses.map(ingressClassObject),
    ...given.ingresses.map((ingress) => admitted(emulation, ingress, given)),
    ...given.objects,
  ]
  const plans = objects.map((object) => planOf(store, object))
  for (const { before, after } of plans) {
    if (before === after) continue
    const faults = before === null ? validate(after) : [...validate(after), ...validateUpdate(after, before)]
    if (faults.length > 0) throw invalid(after.kind, RESOURCES[after.kind], after.meta.name, faults)
  }
  for (const { meta } of objects) {
    const home = meta.namespace
    if (home !== '' && store.get('Namespace', '', home) === null) store.create(namespaceObject(home))
  }
  for (const { before, after } of plans) {
    if (before === null) store.create(after)
    else if (before !== after) store.update(after)
  }
  // Secrets are no objects of the store: who reads them asks for them by name.
  for (const bundle of given.bundles) {
    emulation.tls.bundles.apply(bundle, emulation.now)
    emulation.ingress.news.tell(`${bundle.kind} ${nameOf(bundle.meta)}`, 0)
  }
}

interface Plan {
  /** Null: it is new. */
  readonly before: KubeObject | null
  /** `before` itself when nothing changes. */
  readonly after: KubeObject
}

function planOf(store: Store, object: KubeObject): Plan {
  const before: KubeObject | null = store.get(object.kind, object.meta.namespace, object.meta.name)
  if (before === null) return { before, after: object }
  const labels = { ...before.meta.labels, ...object.meta.labels }
  const annotations = { ...before.meta.annotations, ...object.meta.annotations }
  const meta = { ...before.meta, labels, annotations }
  const after = { ...merged(before, object), meta } as KubeObject
  return { before, after: same(after, before) ? before : after }
}

/** What an object would be with the fields of another of its kind: server-set ones stay. */
function merged(before: KubeObject, given: KubeObject): KubeObject {
  switch (given.kind) {
    case 'Namespace':
      return before
    case 'Service':
    case 'EndpointSlice':
    case 'IngressClass':
    case 'Ingress':
      return { ...before, ...given } as KubeObject
    case 'Pod':
      return mergedPod(before as PodObject, given)
    case 'Job': {
      // Selector and template are the server's own once it is created; the rest of them may change.
      const { spec } = before as typeof given
      const { selector, template } = spec
      return { ...(before as typeof given), spec: { ...given.spec, selector, template } }
    }
    default:
      return { ...before, ...('spec' in given ? { spec: given.spec } : {}) } as KubeObject
  }
}

/** Of a pod's spec little may change: images, and how long it may run. Its node is the scheduler's word. */
function mergedPod(before: PodObject, given: PodObject): PodObject {
  const image = new Map(given.spec.containers.map((container) => [container.name, container.image]))
  const containers = before.spec.containers.map((one) => {
    const wanted = image.get(one.name) ?? one.image
    return wanted === one.image ? one : { ...one, image: wanted }
  })
  const kept = containers.every((one, i) => one === before.spec.containers[i])
  return kept ? before : { ...before, spec: { ...before.spec, containers } }
}

const same = (a: KubeObject, b: KubeObject): boolean =>
  JSON.stringify({ ...a, status: null }) === JSON.stringify({ ...b, status: null })

/** With the time of its making, and, when it is new, the default class. */
function admitted({ life, ingress, epoch, now }: Emulation, given: Ingress, { ingressClasses }: Inventory): KubeObject {
  const known = life!.store.get('Ingress', given.meta.namespace, given.meta.name)
  if (known !== null) return ingressObject({ ...given, created: known.created, from: 'cluster' })
  const classes = new Map([...ingress.classes, ...ingressClasses].map((one) => [one.meta.name, one]))
  const one = admitIngress({ ...given, created: given.created ?? epoch + now / 1e6 }, [...classes.values()])
  return ingressObject({ ...one, from: 'cluster' })
}

/** With the address and the node ports that it has, or is given. */
function completed({ life, services }: Emulation, service: Service): KubeObject {
  const known = life!.store.get('Service', service.meta.namespace, service.meta.name)
  if (known === null) return serviceObject(services.complete(service))
  const ports = service.ports.map((port) => {
    const old = known.ports.find((one) => one.port === port.port && one.protocol === port.protocol)
    return port.nodePort === 0 && old !== undefined ? { ...port, nodePort: old.nodePort } : port
  })
  const clusterIPs = service.clusterIPs.length === 0 && !service.headless ? known.clusterIPs : service.clusterIPs
  return serviceObject(services.complete({ ...service, ports, clusterIPs }))
}

/** `Deployment web, Service web`: what an apply names. */
export const namesOf = ({ services, objects, slices, ingressClasses, ingresses, bundles }: Inventory): string =>
  [
    ...services.map(({ meta }) => `Service ${shortName(nameOf(meta))}`),
    ...slices.map(({ meta }) => `EndpointSlice ${shortName(nameOf(meta))}`),
    ...ingressClasses.map(({ meta }) => `IngressClass ${meta.name}`),
    ...ingresses.map(({ meta }) => `Ingress ${shortName(nameOf(meta))}`),
    ...bundles.map(({ kind, meta }) => `${kind} ${shortName(nameOf(meta))}`),
    ...objects.map(({ kind, meta }) => `${kind} ${shortName(nameOf(meta))}`),
  ].join(', ')

const shortName = (name: string): string => name.replace(/^default\//, '')
