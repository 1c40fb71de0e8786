import type { Nanos } from '../../sim/time.ts'
import type { NodeObject } from '../api/cluster-objects.ts'
import { Events } from '../api/events.ts'
import { scaled } from '../api/int-or-percent.ts'
import { nameOf } from '../api/meta.ts'
import { isAvailable, isFinished, isReady, type PodObject } from '../api/pod-object.ts'
import type { PodSpec } from '../api/pod-spec.ts'
import { templateHash } from '../api/random-names.ts'
import { type Toleration, untolerated } from '../api/scheduling.ts'
import type { Store } from '../api/store.ts'
import type { DaemonSet } from '../api/workloads.ts'
import { matchesNode } from './node-affinity.ts'
import { claimPods, createPod, enqueueOwners } from './owners.ts'
import { untilAvailable } from './replicas.ts'
import { type Control, WorkQueue } from './work-queue.ts'

const REVISION = 'controller-revision-hash'

/**
 * The DaemonSet controller: one pod on each node that fits. Its pods tolerate being cordoned, not ready and unreachable,
 * and the scheduler places them by an affinity to the node's name.
 * Source: pkg/controller/daemon/daemon_controller.go; Kubernetes documentation, "DaemonSet".
 */
export class DaemonSetController {
  readonly queue: WorkQueue
  private readonly store: Store
  private readonly events: Events

  constructor(control: Control) {
    this.store = control.store
    this.queue = new WorkQueue(control, 'daemonset-controller', (key) => this.reconcile(key))
    this.events = new Events(control.store, 'daemonset-controller', control.settings.events)
    control.store.watch('DaemonSet', ({ object, step }) => this.queue.add(nameOf(object.meta), step))
    control.store.watch('Pod', (change) => enqueueOwners(this.queue, 'DaemonSet', change))
    control.store.watch('Node', ({ object, before, step }) => {
      if (object.spec === before?.spec && object.meta.labels === before.meta.labels) return
      for (const set of this.store.list('DaemonSet')) this.queue.add(nameOf(set.meta), step)
    })
  }

  reconcile(key: string): Nanos | null {
    const set = this.store.at('DaemonSet', key)
    if (set === null) return null
    const pods = claimPods(this.store, set, set.spec.selector)
    const placed = byNode(pods)
    if (set.meta.deletionTimestamp === null) {
      this.place(set, placed)
      if (set.spec.updateStrategy.type === 'RollingUpdate') this.roll(set, placed)
    }
    this.report(key)
    return untilAvailable(pods, set.spec.minReadySeconds, this.store.now)
  }

  private place(set: DaemonSet, placed: ReadonlyMap<string, PodObject[]>): void {
    const nodes = new Set<string>()
    for (const node of this.store.list('Node')) {
      nodes.add(node.meta.name)
      const here = placed.get(node.meta.name) ?? []
      const { run, stay } = fits(set, node)
      if (!stay) for (const pod of here) this.remove(set, pod)
      else this.keepOne(set, node, here, run)
    }
    for (const [node, pods] of placed)
      if (node !== '' && !nodes.has(node)) for (const pod of pods) this.remove(set, pod)
  }

  private keepOne(set: DaemonSet, node: NodeObject, here: readonly PodObject[], run: boolean): void {
    const [first, ...more] = here.filter((pod) => pod.meta.deletionTimestamp === null)
    if (first !== undefined && isFinished(first)) {
      if (first.status.phase === 'Failed')
        this.events.warning(
          set,
          'FailedDaemonPod',
          `Found failed daemon pod ${nameOf(first.meta)} on node ${node.meta.name}, will try to kill it`,
        )
      this.remove(set, first)
    }
    // With surge, the new pod stands beside the old one until it is available.
    const surging = more.length > 0 && first.meta.labels[REVISION] !== more[0].meta.labels[REVISION]
    if (!surging) for (const extra of more) this.remove(set, extra)
    // A pod on its way out holds its place: at most one a node runs at any time.
    if (here.length === 0 && run) this.create(set, node)
  }

  private create(set: DaemonSet, node: NodeObject): void {
    const pod = createPod(this.store, set, set.spec.template, {
      labels: { [REVISION]: revisionOf(set) },
      spec: daemonSpec(set.spec.template.spec, node.meta.name),
    })
    this.events.normal(set, 'SuccessfulCreate', `Created pod: ${pod.meta.name}`)
  }

  private remove(set: DaemonSet, { meta }: PodObject): void {
    if (meta.deletionTimestamp !== null) return
    this.store.delete('Pod', meta.namespace, meta.name, { uid: meta.uid })
    this.events.normal(set, 'SuccessfulDelete', `Deleted pod: ${meta.name}`)
  }

  /** Old pods go while no more than `maxUnavailable` nodes lack an available one; those that serve nobody go first. */
  private roll(set: DaemonSet, placed: ReadonlyMap<string, PodObject[]>): void {
    const strategy = set.spec.updateStrategy
    if (strategy.type !== 'RollingUpdate') return
    const revision = revisionOf(set)
    const wanted = this.store.list('Node').filter((node) => fits(set, node).run)
    const old: PodObject[] = []
    let missing = 0
    for (const { meta } of wanted) {
      const here = (placed.get(meta.name) ?? []).filter((pod) => pod.meta.deletionTimestamp === null)
      const available = here.some((pod) => isAvailable(pod, set.spec.minReadySeconds, this.store.now))
      const outdated = here.filter((pod) => pod.meta.labels[REVISION] !== revision)
      if (!available) {
        missing++
        for (const pod of outdated) this.remove(set, pod)
      } else old.push(...outdated)
    }
    const allowed = Math.max(scaled(strategy.maxUnavailable, wanted.length, true), 1) - missing
    for (const pod of old.slice(0, Math.max(0, allowed))) this.remove(set, pod)
  }

  private report(key: string): void {
    const set = this.store.at('DaemonSet', key)
    if (set === null) return
    const placed = byNode(claimPods(this.store, set, set.spec.selector))
    const count = { desired: 0, current: 0, misplaced: 0, ready: 0, available: 0, updated: 0 }
    for (const node of this.store.list('Node')) {
      const here = placed.get(node.meta.name) ?? []
      if (!fits(set, node).run) {
        if (here.length > 0) count.misplaced++
        continue
      }
      count.desired++
      if (here.length > 0) count.current++
      if (here.some(isReady)) count.ready++
      if (here.some((pod) => isAvailable(pod, set.spec.minReadySeconds, this.store.now))) count.available++
      if (here.some((pod) => pod.meta.labels[REVISION] === revisionOf(set))) count.updated++
    }
    const status: DaemonSet['status'] = {
      desiredNumberScheduled: count.desired,
      currentNumberScheduled: count.current,
      numberMisscheduled: count.misplaced,
      numberReady: count.ready,
      numberAvailable: count.available,
      updatedNumberScheduled: count.updated,
      observedGeneration: set.meta.generation,
    }
    if (JSON.stringify(status) !== JSON.stringify(set.status)) this.store.update({ ...set, status })
  }
}

const revisionOf = (set: DaemonSet): string => templateHash(set.spec.template)

/** nodeShouldRunDaemonPod: whether one is to start here, and whether one that runs may stay. */
function fits(set: DaemonSet, node: NodeObject): { readonly run: boolean; readonly stay: boolean } {
  const { spec } = set.spec.template
  if (!matchesNode(spec, node)) return { run: false, stay: false }
  const tolerations = [...spec.tolerations, ...toleratedBy(spec)]
  const stay = untolerated(node.spec.taints, tolerations, ['NoExecute']) === null
  return { run: stay && untolerated(node.spec.taints, tolerations, ['NoSchedule']) === null, stay }
}

const exists = (key: string, effect: Toleration['effect']): Toleration => ({
  ...({ key, operator: 'Exists', value: '', effect, tolerationSeconds: null } as const),
})
const OWN = [
  exists('node.kubernetes.io/not-ready', 'NoExecute'),
  exists('node.kubernetes.io/unreachable', 'NoExecute'),
  exists('node.kubernetes.io/disk-pressure', 'NoSchedule'),
  exists('node.kubernetes.io/memory-pressure', 'NoSchedule'),
  exists('node.kubernetes.io/pid-pressure', 'NoSchedule'),
  exists('node.kubernetes.io/unschedulable', 'NoSchedule'),
]
const HOST = [...OWN, exists('node.kubernetes.io/network-unavailable', 'NoSchedule')]

const toleratedBy = ({ hostNetwork }: PodSpec): readonly Toleration[] => (hostNetwork ? HOST : OWN)

function daemonSpec(spec: PodSpec, node: string): Partial<PodSpec> {
  const field = { key: 'metadata.name', operator: 'In', values: [node] } as const
  const terms = spec.affinity?.nodeRequired ?? [{ matchExpressions: [], matchFields: [] }]
  const nodeRequired = terms.map((term) => ({ ...term, matchFields: [field] }))
  const none = { nodePreferred: [], podRequired: [], podPreferred: [], antiRequired: [], antiPreferred: [] }
  return {
    tolerations: [...spec.tolerations, ...toleratedBy(spec)],
    affinity: { ...none, ...spec.affinity, nodeRequired },
  }
}

/** Pods by their node, or by the one they are meant for while they wait for the scheduler. */
function byNode(pods: readonly PodObject[]): Map<string, PodObject[]> {
  const groups = new Map<string, PodObject[]>()
  for (const pod of pods) {
    const meant = pod.spec.affinity?.nodeRequired?.[0]?.matchFields[0]?.values[0] ?? ''
    const node = pod.spec.nodeName === '' ? meant : pod.spec.nodeName
    const group = groups.get(node)
    if (group === undefined) groups.set(node, [pod])
    else group.push(pod)
  }
  return groups
}
