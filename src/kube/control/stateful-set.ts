import type { Nanos } from '../../sim/time.ts'
import { Events } from '../api/events.ts'
import { nameOf } from '../api/meta.ts'
import type { Uid } from '../api/object.ts'
import { isAvailable, isFinished, isReady, type PodObject } from '../api/pod-object.ts'
import type { PodTemplate } from '../api/pod-spec.ts'
import { templateHash } from '../api/random-names.ts'
import type { Store } from '../api/store.ts'
import type { StatefulSet } from '../api/workloads.ts'
import { claimPods, createPod, enqueueOwners } from './owners.ts'
import { untilAvailable } from './replicas.ts'
import { type Control, WorkQueue } from './work-queue.ts'

const REVISION = 'controller-revision-hash'

/**
 * The StatefulSet controller: pods with names that stay, made in order and taken away in reverse, one at a time unless
 * `Parallel`. Source: pkg/controller/statefulset/stateful_set_control.go.
 */
export class StatefulSetController {
  readonly queue: WorkQueue
  private readonly store: Store
  private readonly events: Events

  constructor(control: Control) {
    this.store = control.store
    this.queue = new WorkQueue(control, 'statefulset-controller', (key) => this.reconcile(key))
    this.events = new Events(control.store, 'statefulset-controller', control.settings.events)
    control.store.watch('StatefulSet', ({ object, step }) => this.queue.add(nameOf(object.meta), step))
    control.store.watch('Pod', (change) => enqueueOwners(this.queue, 'StatefulSet', change))
  }

  reconcile(key: string): Nanos | null {
    const set = this.store.at('StatefulSet', key)
    if (set === null) return null
    this.remember(set)
    const pods = claimPods(this.store, set, set.spec.selector)
    if (set.meta.deletionTimestamp === null) this.steer(set, pods)
    this.report(key)
    return untilAvailable(pods, set.spec.minReadySeconds, this.store.now)
  }

  /** One round: replaces what ended, creates what is missing, takes what is beyond, then updates from the top. */
  private steer(set: StatefulSet, pods: readonly PodObject[]): void {
    const { replicas, ordinalsStart, podManagementPolicy } = set.spec
    const ordered = podManagementPolicy === 'OrderedReady'
    const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]))
    const settled = (pod: PodObject): boolean =>
      pod.meta.deletionTimestamp === null && isReady(pod) && isAvailable(pod, set.spec.minReadySeconds, this.store.now)
    for (let ordinal = ordinalsStart; ordinal < ordinalsStart + replicas; ordinal++) {
      const pod = byOrdinal.get(ordinal)
      if (pod === undefined) this.create(set, ordinal)
      else if (isFinished(pod) && pod.meta.deletionTimestamp === null) this.remove(set, pod)
      else if (settled(pod)) continue
      if (ordered) return
    }
    const beyond = [...byOrdinal].filter(([ordinal]) => ordinal < ordinalsStart || ordinal >= ordinalsStart + replicas)
    for (const [, pod] of beyond.sort((a, b) => b[0] - a[0])) {
      if (pod.meta.deletionTimestamp === null) this.remove(set, pod)
      if (ordered) return
    }
    if (set.spec.updateStrategy.type === 'RollingUpdate') this.update(set, byOrdinal, settled)
  }

  /** The highest ordinal first; the next when it is healthy again. Ordinals below `partition` stay as they are. */
  private update(set: StatefulSet, pods: ReadonlyMap<number, PodObject>, settled: (pod: PodObject) => boolean): void {
    const revision = revisionOf(set)
    const { replicas, ordinalsStart, updateStrategy } = set.spec
    for (let ordinal = ordinalsStart + replicas - 1; ordinal >= ordinalsStart + updateStrategy.partition; ordinal--) {
      const pod = pods.get(ordinal)
      if (pod === undefined) return
      if (pod.meta.labels[REVISION] !== revision && pod.meta.deletionTimestamp === null) {
        this.remove(set, pod)
        return
      }
      if (!settled(pod)) return
    }
  }

  private create(set: StatefulSet, ordinal: number): void {
    const name = `${set.meta.name}-${ordinal}`
    const { revision, template } = this.versionFor(set, ordinal)
    createPod(this.store, set, template, {
      name,
      labels: {
        'statefulset.kubernetes.io/pod-name': name,
        'apps.kubernetes.io/pod-index': String(ordinal),
        [REVISION]: revision,
      },
      spec: { hostname: name, subdomain: set.spec.serviceName },
    })
    this.events.normal(set, 'SuccessfulCreate', `create Pod ${name} in StatefulSet ${set.meta.name} successful`)
  }

  /** newVersionedStatefulSetPod: below the partition a pod is made anew as it was before the update. */
  private versionFor(set: StatefulSet, ordinal: number): Version {
    const known = this.versions.get(set.meta.uid)
    const { ordinalsStart, updateStrategy } = set.spec
    const isOld = updateStrategy.type === 'RollingUpdate' && ordinal < ordinalsStart + updateStrategy.partition
    const old = isOld ? known?.find(({ revision }) => revision === set.status.currentRevision) : undefined
    return old ?? { revision: revisionOf(set), template: set.spec.template }
  }

  /** ControllerRevisions: the templates that pods may still be made of. */
  private remember(set: StatefulSet): void {
    const { uid } = set.meta
    const revision = revisionOf(set)
    const old = (this.versions.get(uid) ?? []).filter((one) => one.revision === set.status.currentRevision)
    const isNew = old.every((one) => one.revision !== revision)
    this.versions.set(uid, isNew ? [...old, { revision, template: set.spec.template }] : old)
  }

  private readonly versions = new Map<Uid, readonly Version[]>()

  private remove(set: StatefulSet, pod: PodObject): void {
    const { namespace, name, uid } = pod.meta
    this.store.delete('Pod', namespace, name, { uid })
    this.events.normal(set, 'SuccessfulDelete', `delete Pod ${name} in StatefulSet ${set.meta.name} successful`)
  }

  private report(key: string): void {
    const set = this.store.at('StatefulSet', key)
    if (set === null) return
    const pods = claimPods(this.store, set, set.spec.selector)
    const revision = revisionOf(set)
    const count = (holds: (pod: PodObject) => boolean): number => pods.filter(holds).length
    const updated = count((pod) => pod.meta.labels[REVISION] === revision)
    const ready = count(isReady)
    // completeRollingUpdate
    const complete = updated === set.spec.replicas && ready === set.spec.replicas
    const status: StatefulSet['status'] = {
      replicas: pods.length,
      readyReplicas: ready,
      availableReplicas: count((pod) => isAvailable(pod, set.spec.minReadySeconds, this.store.now)),
      observedGeneration: set.meta.generation,
      currentRevision: complete || set.status.currentRevision === '' ? revision : set.status.currentRevision,
      updateRevision: revision,
      updatedReplicas: updated,
    }
    if (JSON.stringify(status) !== JSON.stringify(set.status)) this.store.update({ ...set, status })
  }
}

interface Version {
  readonly revision: string
  readonly template: PodTemplate
}

export const revisionOf = (set: StatefulSet): string => `${set.meta.name}-${templateHash(set.spec.template)}`

function ordinalOf(set: StatefulSet, pod: PodObject): number {
  return Number(pod.meta.name.slice(set.meta.name.length + 1))
}
