import type { Nanos } from '../../sim/time.ts'
import { ApiError } from '../api/errors.ts'
import { Events } from '../api/events.ts'
import { nameOf } from '../api/meta.ts'
import { conditionOf, isActive, isReady, type PodObject } from '../api/pod-object.ts'
import { type LabelSelector, matches, selectorOf } from '../api/selector.ts'
import type { Change } from '../api/store.ts'
import type { ReplicaSet, ReplicaStatus, ReplicationController } from '../api/workloads.ts'
import { claimPods, createPod, enqueueOwners } from './owners.ts'
import { deletionOrder } from './replica-order.ts'
import { type Control, WorkQueue } from './work-queue.ts'

type Owner = ReplicaSet | ReplicationController

/**
 * The ReplicaSet controller, which is the ReplicationController's too: as many pods as wanted, whoever made them.
 * Source: pkg/controller/replicaset/replica_set.go.
 */
export class ReplicasController {
  readonly queue: WorkQueue
  private readonly events: Events

  constructor(
    private readonly control: Control,
    private readonly kind: Owner['kind'],
  ) {
    const name = kind === 'ReplicaSet' ? 'replicaset-controller' : 'replication-controller'
    this.queue = new WorkQueue(control, name, (key) => this.reconcile(key))
    this.events = new Events(control.store, name, control.settings.events)
    control.store.watch(kind, ({ object, step }) => this.queue.add(nameOf(object.meta), step))
    control.store.watch('Pod', (change) => {
      if (concernsCount(change)) enqueueOwners(this.queue, kind, change)
      if (change.object.meta.ownerReferences.length === 0 && change.type !== 'DELETED')
        this.offer(change.object, change.step)
    })
  }

  /** A pod that nobody controls may be adopted by whoever selects it. */
  private offer(pod: PodObject, cause: number): void {
    for (const owner of this.control.store.list(this.kind, pod.meta.namespace)) {
      if (matches(selector(owner), pod.meta.labels)) this.queue.add(nameOf(owner.meta), cause)
    }
  }

  reconcile(key: string): Nanos | null {
    const { store, settings } = this.control
    const owner = store.at(this.kind, key)
    if (owner === null) return null
    const pods = claimPods(store, owner, selector(owner)).filter(isActive)
    const excess = pods.length - owner.spec.replicas
    if (owner.meta.deletionTimestamp === null) {
      if (excess < 0) this.create(owner, Math.min(-excess, settings.burstReplicas))
      else if (excess > 0) this.trim(owner, pods, Math.min(excess, settings.burstReplicas))
    }
    const wait = this.report(owner, pods)
    return Math.abs(excess) > settings.burstReplicas ? 0 : wait
  }

  private create(owner: Owner, count: number): void {
    for (let i = 0; i < count; i++) {
      try {
        const pod = createPod(this.control.store, owner, owner.spec.template)
        this.events.normal(owner, 'SuccessfulCreate', `Created pod: ${pod.meta.name}`)
      } catch (error) {
        if (error instanceof ApiError) this.events.warning(owner, 'FailedCreate', `Error creating: ${error.message}`)
        throw error
      }
    }
  }

  private trim(owner: Owner, pods: readonly PodObject[], count: number): void {
    const { store } = this.control
    for (const pod of deletionOrder(pods, store.now).slice(0, count)) {
      store.delete('Pod', pod.meta.namespace, pod.meta.name, { uid: pod.meta.uid })
      this.events.normal(owner, 'SuccessfulDelete', `Deleted pod: ${pod.meta.name}`)
    }
  }

  /** Writes status, of the pods there were, and says when the next pod becomes available. */
  private report(owner: Owner, pods: readonly PodObject[]): Nanos | null {
    const { store } = this.control
    const latest = store.latest(owner)
    if (latest === null) return null
    const { minReadySeconds } = owner.spec
    const status = replicaStatus(pods, minReadySeconds, store.now, owner.meta.generation)
    if (!sameReplicas(status, latest.status)) store.update({ ...latest, status })
    return untilAvailable(pods, minReadySeconds, store.now)
  }
}

/** Whether a change of a pod can change how many its controller has, or how many of them are ready. */
function concernsCount({ type, object, before }: Change<PodObject>): boolean {
  if (type !== 'MODIFIED' || before === null) return true
  return (
    object.meta.labels !== before.meta.labels ||
    object.meta.ownerReferences !== before.meta.ownerReferences ||
    object.meta.deletionTimestamp !== before.meta.deletionTimestamp ||
    object.status.phase !== before.status.phase ||
    isReady(object) !== isReady(before)
  )
}

const selector = (owner: Owner): LabelSelector =>
  owner.kind === 'ReplicaSet' ? owner.spec.selector : selectorOf(owner.spec.selector)

export function replicaStatus(
  pods: readonly PodObject[],
  minReadySeconds: number,
  now: Nanos,
  observedGeneration: number,
): ReplicaStatus {
  let readyReplicas = 0
  let availableReplicas = 0
  for (let i = 0; i < pods.length; i++) {
    const ready = conditionOf(pods[i].status.conditions, 'Ready')
    if (ready?.status !== 'True') continue
    readyReplicas++
    if (now - ready.lastTransitionTime >= minReadySeconds * 1e9) availableReplicas++
  }
  return { replicas: pods.length, readyReplicas, availableReplicas, observedGeneration }
}

const sameReplicas = (a: ReplicaStatus, b: ReplicaStatus): boolean =>
  a.replicas === b.replicas &&
  a.readyReplicas === b.readyReplicas &&
  a.availableReplicas === b.availableReplicas &&
  a.observedGeneration === b.observedGeneration

/** When the first of the ready pods that are not available yet will be. */
export function untilAvailable(pods: readonly PodObject[], minReadySeconds: number, now: Nanos): Nanos | null {
  if (minReadySeconds === 0) return null
  let wait: Nanos | null = null
  for (const pod of pods) {
    const ready = conditionOf(pod.status.conditions, 'Ready')
    if (ready?.status !== 'True') continue
    const left = ready.lastTransitionTime + minReadySeconds * 1e9 - now
    if (left > 0 && (wait === null || left < wait)) wait = left
  }
  return wait
}
