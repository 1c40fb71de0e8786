import { namespace as namespaceObject } from '../../kube/api/build.ts'
import type { ServiceObject } from '../../kube/api/cluster-objects.ts'
import type { Kind, Kinds, KubeObject } from '../../kube/api/kinds.ts'
import { nameOf } from '../../kube/api/meta.ts'
import { isFinished, isReady, type PodObject } from '../../kube/api/pod-object.ts'
import type { Store } from '../../kube/api/store.ts'
import { ControlPlane } from '../../kube/control/control-plane.ts'
import { Kubelet } from '../../kube/node/kubelet/kubelet.ts'
import type { Outside } from '../../kube/node/kubelet/outside.ts'
import { DEFAULT_KUBELET } from '../../kube/node/kubelet/settings.ts'
import { type Nanos, SECOND } from '../../sim/time.ts'
import { formatAddress } from '../../util/address.ts'
import type { Emulation } from '../emulation.ts'
import type { Inventory } from '../load/inventory.ts'
import type { Scenario } from '../load/scenario-kind.ts'
import type { NodePlan } from '../plan.ts'
import { Containers } from './containers.ts'
import { SandboxNetwork } from './network.ts'
import { NodeProber } from './prober.ts'
import { ProxySync } from './proxy-sync.ts'
import { isLifecycleOperation } from './schema.ts'
import { ingressClassObject, ingressObject, nodeObject, serviceObject, sliceObject, slimPod } from './slim.ts'
import { settingsOf } from './timing.ts'
import { Traffic } from './traffic.ts'

/** containerd's words, as kubelet passes them on. */
const notFound = (image: string): string =>
  `rpc error: code = NotFound desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`

/**
 * Whether controllers have something to do: workloads of manifests, or a scenario that acts on pods. In a dump, whose pods
 * have their status, everything stays as it was found.
 */
export function needsLifecycle(input: Inventory, scenario: Scenario | null): boolean {
  if (scenario?.steps.some(({ operation }) => isLifecycleOperation(operation.name))) return true
  return isAlive(input) && input.objects.some(({ kind }) => kind !== 'Pod' && kind !== 'PodDisruptionBudget')
}

/** Whether the control plane can make all pods: none of them is of a dump. */
export const isAlive = ({ objects, pods }: Inventory): boolean =>
  objects.filter(({ kind }) => kind === 'Pod').length === pods.length

/** What stands still beside the living part: pods of a dump. Those of manifests are made by the control plane. */
export function withoutMade(inventory: Inventory): Inventory {
  const made = new Set(inventory.objects.flatMap(({ kind, meta }) => (kind === 'Pod' ? [nameOf(meta)] : [])))
  return { ...inventory, pods: inventory.pods.filter(({ meta }) => !made.has(nameOf(meta))) }
}

/** The living part of an emulated cluster: control plane, kubelets, kube-proxies, and the programs in containers. */
export class Lifecycle {
  readonly plane: ControlPlane
  readonly kubelet: Kubelet
  readonly containers: Containers
  readonly traffic: Traffic
  private readonly cut = new Set<string>()
  private readonly proxies: ProxySync

  constructor(private readonly emulation: Emulation) {
    const { kernel, cluster, epoch, inventory, plan } = emulation
    const network = new SandboxNetwork(cluster)
    const { timing = {}, missingImages = [] } = plan.settings
    const settings = settingsOf(timing)
    const pull = settings.kubelet.imagePull ?? DEFAULT_KUBELET.imagePull
    this.plane = new ControlPlane(kernel, settings.control, epoch)
    this.containers = new Containers((pod) => network.hostOf(pod), emulation)
    const prober = new NodeProber((node) => cluster.node(node), this.containers, emulation)
    const outside: Outside = {
      network,
      runtime: this.containers,
      prober: (target) => prober.ask(target),
      hooks: (target) => prober.hook(target),
      images: { pull: (image) => (missingImages.includes(image) ? notFound(image) : pull) },
    }
    this.kubelet = new Kubelet(this.plane, kernel, outside, settings.kubelet)
    const hears = (node: string): boolean => !this.cut.has(node)
    this.proxies = new ProxySync(kernel, cluster, this.store, hears, settings.proxy.minSync)
    this.traffic = new Traffic(emulation)
    this.follow()
    for (const node of plan.nodes.values()) this.join(node)
    for (const name of namespacesOf(inventory, emulation)) this.store.create(namespaceObject(name))
    for (const service of emulation.services.all) this.store.create(serviceObject(service))
    for (const slice of emulation.services.given) this.store.create(sliceObject(slice))
    for (const one of emulation.ingress.classes) this.store.create(ingressClassObject(one))
    for (const ingress of emulation.ingress.all) this.store.create(ingressObject(ingress))
    for (const object of inventory.objects) this.store.create(object)
  }

  get store(): Store {
    return this.plane.store
  }

  join(plan: NodePlan): void {
    this.store.create(nodeObject(plan))
  }

  /** What informers hold follows the store, and ingress controllers hear of it. */
  private inform<K extends Kind>(kind: K, set: (object: Kinds[K]) => void, remove: (object: Kinds[K]) => void): void {
    const { news } = this.emulation.ingress
    this.store.watch(kind, ({ type, object, step }) => {
      if (type === 'DELETED') remove(object)
      else set(object)
      news.tell(`${kind} ${nameOf(object.meta)}`, step)
    })
  }

  /** Names follow the store at once: who looks for a pod finds the one that is there. So does what CoreDNS answers. */
  private follow(): void {
    const { directory, services, facts, ingress } = this.emulation
    this.inform(
      'IngressClass',
      (one) => ingress.setClass(one),
      (one) => ingress.deleteClass(one),
    )
    this.inform(
      'Ingress',
      (one) => ingress.set(one),
      (one) => ingress.delete(one),
    )
    const setService = (service: ServiceObject): void => {
      services.setService(service)
      facts.addService(service)
    }
    this.inform('Service', setService, (service) => services.deleteService(service))
    this.inform(
      'EndpointSlice',
      (slice) => services.setSlice(slice),
      (slice) => services.deleteSlice(slice),
    )
    this.store.watch('Pod', ({ type, object, before }) => {
      this.remember(object)
      if (type === 'DELETED') {
        const successor = this.store.get('Pod', object.meta.namespace, object.meta.name)
        if (successor === null) directory.deletePod(slimPod(object))
      } else if (before === null || object.status !== before.status || object.spec !== before.spec) {
        if (object.spec.nodeName !== '') directory.setPod(slimPod(object))
      }
    })
  }

  /** What the pods of this name were, from the first to this one. */
  historyOf({ meta }: PodObject): { readonly uids: readonly string[]; readonly addresses: readonly string[] } {
    return this.histories.get(nameOf(meta)) ?? { uids: [meta.uid], addresses: [] }
  }

  private readonly histories = new Map<string, { readonly uids: string[]; readonly addresses: string[] }>()

  private remember({ meta, status }: PodObject): void {
    const key = nameOf(meta)
    let known = this.histories.get(key)
    if (known === undefined) this.histories.set(key, (known = { uids: [], addresses: [] }))
    if (!known.uids.includes(meta.uid)) known.uids.push(meta.uid)
    const address = status.podIPs.map(formatAddress).join(', ')
    if (address !== '' && known.addresses.at(-1) !== address) known.addresses.push(address)
  }

  partition(node: string, cut: boolean): void {
    if (cut) {
      this.cut.add(node)
      this.kubelet.partition(node)
    } else {
      this.cut.delete(node)
      this.kubelet.heal(node)
      this.proxies.request()
    }
  }

  /** Every pod that a controller or a manifest wants is there, and Ready or over. */
  get isSettled(): boolean {
    const pods = this.store.list('Pod')
    return pods.every((pod) => isReady(pod) || isFinished(pod)) && this.store.list('ReplicaSet').every(isComplete)
  }

  /** Lets time pass until everything is up, `limit` at most. */
  settle(limit: Nanos = 120 * SECOND): void {
    const { emulation } = this
    const end = emulation.now + limit
    do emulation.advance(Math.min(SECOND, end - emulation.now))
    while (!this.isSettled && emulation.now < end)
    // kube-proxy has heard of the last endpoint.
    emulation.advance(2 * SECOND)
  }

  pod(namespace: string, name: string): PodObject | null {
    return this.store.get('Pod', namespace, name)
  }
}

const isComplete = ({ spec, status }: Extract<KubeObject, { kind: 'ReplicaSet' }>): boolean =>
  status.readyReplicas === spec.replicas

function namespacesOf(inventory: Inventory, { services }: Emulation): Set<string> {
  const names = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease'])
  for (const { name } of inventory.namespaces) names.add(name)
  for (const { meta } of [...inventory.objects, ...services.all, ...inventory.ingresses])
    if (meta.namespace !== '') names.add(meta.namespace)
  return names
}
