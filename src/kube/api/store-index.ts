import type { KubeObject } from './kinds.ts'
import type { Labels } from './meta.ts'
import { controllerOf, type ObjectMeta, type Uid } from './object.ts'
import type { PodObject } from './pod-object.ts'
import type { LabelSelector } from './selector.ts'
import { matches } from './selector.ts'
import type { ReplicaSet } from './workloads.ts'

/** Where an object stands while it lives; what stands there is replaced at each change. */
export class Slot {
  constructor(public object: KubeObject) {}
}

const NONE: ReadonlySet<never> = new Set()

/** Sets by key; those that become empty are dropped. */
class Groups<T> {
  private readonly sets = new Map<string, Set<T>>()

  add(key: string, value: T): void {
    const set = this.sets.get(key)
    if (set === undefined) this.sets.set(key, new Set([value]))
    else set.add(value)
  }

  delete(key: string, value: T): void {
    const set = this.sets.get(key)
    if (set?.delete(value) && set.size === 0) this.sets.delete(key)
  }

  of(key: string): ReadonlySet<T> {
    return this.sets.get(key) ?? NONE
  }
}

/**
 * What controllers ask for often, answered without a walk over all objects: dependents by owner, pods by node, pods by
 * label, pods that nobody controls. Members are slots, so that a change which moves nothing costs nothing here.
 */
export class StoreIndex {
  private readonly dependents = new Groups<Slot>()
  private readonly podsOn = new Groups<Slot>()
  private readonly podsLabelled = new Groups<Slot>()
  private readonly orphans = new Groups<Slot>()
  private readonly orphanSets = new Groups<Slot>()
  private readonly pairs = new WeakMap<Labels, readonly string[]>()

  add(slot: Slot): void {
    const { object } = slot
    this.addOwners(slot, object)
    if (object.kind === 'Pod') {
      this.addNode(slot, object)
      this.addLabels(slot, object)
    }
  }

  remove(slot: Slot): void {
    const { object } = slot
    this.removeOwners(slot, object)
    if (object.kind === 'Pod') {
      this.removeNode(slot, object)
      this.removeLabels(slot, object)
    }
  }

  /** What stands in the slot was `before` until now. */
  moved(slot: Slot, before: KubeObject): void {
    const { object } = slot
    if (before.meta.ownerReferences !== object.meta.ownerReferences) {
      this.removeOwners(slot, before)
      this.addOwners(slot, object)
    }
    if (object.kind !== 'Pod' || before.kind !== 'Pod') return
    if (before.spec.nodeName !== object.spec.nodeName) {
      this.removeNode(slot, before)
      this.addNode(slot, object)
    }
    if (before.meta.labels !== object.meta.labels) {
      this.removeLabels(slot, before)
      this.addLabels(slot, object)
    }
  }

  dependentsOf(uid: Uid): KubeObject[] {
    return objects(this.dependents.of(uid))
  }

  podsOnNode(node: string): PodObject[] {
    return objects(this.podsOn.of(node)) as PodObject[]
  }

  /** Pods of a namespace without a controller. */
  orphanPods(namespace: string): PodObject[] {
    return objects(this.orphans.of(namespace)) as PodObject[]
  }

  /** ReplicaSets of a namespace without a controller. */
  orphanReplicaSets(namespace: string): ReplicaSet[] {
    return objects(this.orphanSets.of(namespace)) as ReplicaSet[]
  }

  /** Pods that a selector picks; by the label fewest have. Null when no label could be looked up. */
  selectPods(namespace: string, selector: LabelSelector): PodObject[] | null {
    let fewest: ReadonlySet<Slot> | null = null
    for (const key in selector.matchLabels) {
      const set = this.podsLabelled.of(`${namespace}/${key}=${selector.matchLabels[key]}`)
      if (fewest === null || set.size < fewest.size) fewest = set
    }
    if (fewest === null) return null
    return (objects(fewest) as PodObject[]).filter((pod) => matches(selector, pod.meta.labels))
  }

  private addOwners(slot: Slot, { kind, meta }: KubeObject): void {
    for (const owner of meta.ownerReferences) this.dependents.add(owner.uid, slot)
    this.orphansOf(kind, meta)?.add(meta.namespace, slot)
  }

  private removeOwners(slot: Slot, { kind, meta }: KubeObject): void {
    for (const owner of meta.ownerReferences) this.dependents.delete(owner.uid, slot)
    this.orphansOf(kind, meta)?.delete(meta.namespace, slot)
  }

  /** The group of those that nobody controls, null for an object that is not one of them. */
  private orphansOf(kind: KubeObject['kind'], meta: ObjectMeta): Groups<Slot> | null {
    if (kind !== 'Pod' && kind !== 'ReplicaSet') return null
    if (controllerOf(meta) !== null) return null
    return kind === 'Pod' ? this.orphans : this.orphanSets
  }

  private addNode(slot: Slot, { spec }: PodObject): void {
    if (spec.nodeName !== '') this.podsOn.add(spec.nodeName, slot)
  }

  private removeNode(slot: Slot, { spec }: PodObject): void {
    if (spec.nodeName !== '') this.podsOn.delete(spec.nodeName, slot)
  }

  private addLabels(slot: Slot, pod: PodObject): void {
    for (const pair of this.pairsOf(pod)) this.podsLabelled.add(pair, slot)
  }

  private removeLabels(slot: Slot, pod: PodObject): void {
    for (const pair of this.pairsOf(pod)) this.podsLabelled.delete(pair, slot)
  }

  /** Pods of one template share their labels, so the keys are made once; they hold the namespace too. */
  private pairsOf({ meta: { labels, namespace } }: PodObject): readonly string[] {
    const known = this.pairs.get(labels)
    if (known !== undefined && (known.length === 0 || known[0].startsWith(`${namespace}/`))) return known
    const pairs = Object.entries(labels).map(([key, value]) => `${namespace}/${key}=${value}`)
    this.pairs.set(labels, pairs)
    return pairs
  }
}

function objects(slots: ReadonlySet<Slot>): KubeObject[] {
  const found: KubeObject[] = []
  for (const { object } of slots) found.push(object)
  return found
}
