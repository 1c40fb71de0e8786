import type { Nanos } from '../../sim/time.ts'
import type { NodeObject } from '../api/cluster-objects.ts'
import { Events } from '../api/events.ts'
import { nameOf } from '../api/meta.ts'
import { conditionOf, type PodObject, withCondition } from '../api/pod-object.ts'
import { type Taint, tolerates } from '../api/scheduling.ts'
import type { Store } from '../api/store.ts'
import { markDisruption } from './disruption.ts'
import { type Control, sooner, WorkQueue } from './work-queue.ts'

const NOT_READY = 'node.kubernetes.io/not-ready'
const UNREACHABLE = 'node.kubernetes.io/unreachable'
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable'

/**
 * The node lifecycle controller with taint eviction: a node whose lease is not renewed becomes Unknown after the grace
 * period, is tainted unreachable, and its pods go when they cease to tolerate that (300 s unless they say otherwise).
 * Healthy leases are not events of their own: a node says when it falls silent and when it speaks again.
 * Source: pkg/controller/nodelifecycle, pkg/controller/tainteviction; Kubernetes documentation, "Node Status".
 */
export class NodeLifecycleController {
  readonly queue: WorkQueue
  private readonly store: Store
  private readonly events: Events
  private readonly evictions: Events
  /** Nodes that are silent, with the time of their last heartbeat. */
  private readonly silent = new Map<string, Nanos>()

  constructor(private readonly control: Control) {
    this.store = control.store
    this.queue = new WorkQueue(control, 'node-controller', (name) => this.reconcile(name))
    this.events = new Events(control.store, 'node-controller', control.settings.events)
    this.evictions = new Events(control.store, 'taint-eviction-controller', control.settings.events)
    control.store.watch('Node', ({ object, before, type, step }) => {
      if (type === 'ADDED')
        this.events.normal(
          object,
          'RegisteredNode',
          `Node ${object.meta.name} event: Registered Node ${object.meta.name} in Controller`,
        )
      if (type === 'DELETED') this.silent.delete(object.meta.name)
      else if (type === 'ADDED' || object.spec !== before?.spec || object.status !== before.status)
        this.queue.add(object.meta.name, step)
    })
    control.store.watch('Pod', ({ object, before, type, step }) => {
      if (type === 'DELETED' || object.spec.nodeName === '' || object.spec.nodeName === before?.spec.nodeName) return
      const node = this.store.get('Node', '', object.spec.nodeName)
      if (node?.spec.taints.some(({ effect }) => effect === 'NoExecute')) this.queue.add(node.meta.name, step)
    })
  }

  /** The node's last lease was renewed at a multiple of the renewal period, counted from the node's creation. */
  fallSilent(name: string): void {
    if (this.silent.has(name)) return
    const { now } = this.store
    const { leaseRenew, nodeMonitorGrace, nodeMonitor } = this.control.settings
    const born = this.store.get('Node', '', name)?.meta.creationTimestamp ?? 0
    const last = born + Math.floor((now - born) / leaseRenew) * leaseRenew
    this.silent.set(name, last)
    const noticed = Math.ceil((last + nodeMonitorGrace) / nodeMonitor) * nodeMonitor
    this.queue.add(name, this.store.cause, Math.max(0, noticed - now))
  }

  /** Heartbeats come again: kubelet itself reports Ready. */
  speakAgain(name: string): void {
    if (!this.silent.delete(name)) return
    const node = this.store.get('Node', '', name)
    if (node === null) return
    const { now } = this.store
    const conditions = withCondition(
      node.status.conditions,
      now,
      'Ready',
      'True',
      'KubeletReady',
      'kubelet is posting ready status',
    )
    this.store.update({ ...node, status: { ...node.status, conditions } })
    this.queue.add(name, this.store.cause)
  }

  private reconcile(name: string): Nanos | null {
    const known = this.store.get('Node', '', name)
    if (known === null || known.meta.deletionTimestamp !== null) return null
    const node = this.taint(this.judge(known))
    const pods = this.store.index.podsOnNode(name)
    if (conditionOf(node.status.conditions, 'Ready')?.status !== 'True') for (const pod of pods) this.markNotReady(pod)
    return this.evict(node, pods)
  }

  private judge(node: NodeObject): NodeObject {
    const last = this.silent.get(node.meta.name)
    const { now } = this.store
    if (last === undefined || now - last < this.control.settings.nodeMonitorGrace) return node
    const ready = conditionOf(node.status.conditions, 'Ready')
    if (ready?.status === 'Unknown') return node
    const message = 'Kubelet stopped posting node status.'
    const conditions = withCondition(node.status.conditions, now, 'Ready', 'Unknown', 'NodeStatusUnknown', message)
    this.events.normal(node, 'NodeNotReady', `Node ${node.meta.name} status is now: NodeNotReady`)
    return this.store.update({ ...node, status: { ...node.status, conditions } })
  }

  /** Conditions and `unschedulable` as taints. */
  private taint(node: NodeObject): NodeObject {
    const ready = conditionOf(node.status.conditions, 'Ready')?.status ?? 'True'
    const wanted: Taint[] = []
    if (node.spec.unschedulable) wanted.push({ key: UNSCHEDULABLE, value: '', effect: 'NoSchedule' })
    const key = ready === 'False' ? NOT_READY : ready === 'Unknown' ? UNREACHABLE : null
    if (key !== null) wanted.push({ key, value: '', effect: 'NoSchedule' }, { key, value: '', effect: 'NoExecute' })
    const others = node.spec.taints.filter((taint) => ![NOT_READY, UNREACHABLE, UNSCHEDULABLE].includes(taint.key))
    const taints = [...others, ...wanted]
    if (sameTaints(taints, node.spec.taints)) return node
    return this.store.update({ ...node, spec: { ...node.spec, taints } })
  }

  /** MarkPodsNotReady: nobody can say that they still serve. Their phase stays as it was. */
  private markNotReady(pod: PodObject): void {
    const latest = this.store.latest(pod)
    if (latest === null || conditionOf(latest.status.conditions, 'Ready')?.status !== 'True') return
    const conditions = withCondition(latest.status.conditions, this.store.now, 'Ready', 'False')
    this.store.update({ ...latest, status: { ...latest.status, conditions } })
    this.events.warning(latest, 'NodeNotReady', 'Node is not ready')
  }

  /** When each pod's shortest toleration of the NoExecute taints is over, it goes. Returns when the next one does. */
  private evict(node: NodeObject, pods: readonly PodObject[]): Nanos | null {
    const taints = node.spec.taints.filter(({ effect }) => effect === 'NoExecute')
    if (taints.length === 0) {
      this.since.delete(node.meta.name)
      return null
    }
    const { now } = this.store
    const since = this.since.get(node.meta.name) ?? now
    this.since.set(node.meta.name, since)
    let next: Nanos | null = null
    for (const pod of pods) {
      const patience = toleratedFor(pod, taints)
      if (patience === null || pod.meta.deletionTimestamp !== null) continue
      const left = since + patience * 1e9 - now
      if (left > 0) next = sooner(next, left)
      else {
        this.evictions.normal(pod, 'TaintManagerEviction', `Marking for deletion Pod ${nameOf(pod.meta)}`)
        markDisruption(this.store, pod, 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint')
        this.store.delete('Pod', pod.meta.namespace, pod.meta.name, { uid: pod.meta.uid })
      }
    }
    return next
  }

  private readonly since = new Map<string, Nanos>()
}

/** Seconds; 0 for a taint that nothing tolerates, null for ever. */
function toleratedFor({ spec }: PodObject, taints: readonly Taint[]): number | null {
  let least: number | null = null
  for (const taint of taints) {
    const using = spec.tolerations.filter((toleration) => tolerates(toleration, taint))
    if (using.length === 0) return 0
    for (const { tolerationSeconds } of using) {
      if (tolerationSeconds !== null)
        least = Math.min(least ?? Number.POSITIVE_INFINITY, Math.max(0, tolerationSeconds))
    }
  }
  return least
}

const sameTaints = (a: readonly Taint[], b: readonly Taint[]): boolean =>
  a.length === b.length &&
  a.every((taint) => b.some((other) => other.key === taint.key && other.effect === taint.effect))
