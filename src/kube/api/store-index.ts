import type { KubeObject } from './kinds.ts'
import type { Labels } from './meta.ts'
import { controllerOf, type Uid } from './object.ts'
import type { PodObject } from './pod-object.ts'
import type { LabelSelector } from './selector.ts'
import { matches } from './selector.ts'
import type { ReplicaSet } from './workloads.ts'

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
 * label, pods that nobody controls. Members are uids, since an object is replaced at each change.
 */
export class StoreIndex {
  private readonly dependents = new Groups<Uid>()
  private readonly podsOn = new Groups<Uid>()
  private readonly podsLabelled = new Groups<Uid>()
  private readonly orphans = new Groups<Uid>()
  private readonly orphanSets = new Groups<Uid>()
  private readonly pairs = new WeakMap<Labels, readonly string[]>()

  constructor(private readonly byUid: ReadonlyMap<Uid, KubeObject>) {}

  /** Moves an object from where it was to where it belongs; null for none. */
  replace(before: KubeObject | null, after: KubeObject | null): void {
    const uid = (after ?? before)!.meta.uid
    if (before?.meta.ownerReferences !== after?.meta.ownerReferences) {
      for (const owner of before?.meta.ownerReferences ?? []) this.dependents.delete(owner.uid, uid)
      for (const owner of after?.meta.ownerReferences ?? []) this.dependents.add(owner.uid, uid)
    }
    if ((after ?? before)!.kind === 'ReplicaSet') moveOrphan(this.orphanSets, uid, before, after)
    if ((after ?? before)!.kind === 'Pod') this.replacePod(uid, before as PodObject | null, after as PodObject | null)
  }

  dependentsOf(uid: Uid): KubeObject[] {
    return this.objects(this.dependents.of(uid))
  }

  podsOnNode(node: string): PodObject[] {
    return this.objects(this.podsOn.of(node)) as PodObject[]
  }

  /** Pods of a namespace without a controller. */
  orphanPods(namespace: string): PodObject[] {
    return this.objects(this.orphans.of(namespace)) as PodObject[]
  }

  /** ReplicaSets of a namespace without a controller. */
  orphanReplicaSets(namespace: string): ReplicaSet[] {
    return this.objects(this.orphanSets.of(namespace)) as ReplicaSet[]
  }

  /** Pods that a selector picks; by the label fewest have. Null when no label could be looked up. */
  selectPods(namespace: string, selector: LabelSelector): PodObject[] | null {
    let fewest: ReadonlySet<Uid> | null = null
    for (const key in selector.matchLabels) {
      const set = this.podsLabelled.of(`${namespace}/${key}=${selector.matchLabels[key]}`)
      if (fewest === null || set.size < fewest.size) fewest = set
    }
    if (fewest === null) return null
    return (this.objects(fewest) as PodObject[]).filter((pod) => matches(selector, pod.meta.labels))
  }

  private replacePod(uid: Uid, before: PodObject | null, after: PodObject | null): void {
    if (before?.spec.nodeName !== after?.spec.nodeName) {
      if (before !== null) this.podsOn.delete(before.spec.nodeName, uid)
      if (after !== null) this.podsOn.add(after.spec.nodeName, uid)
    }
    if (before?.meta.labels !== after?.meta.labels) {
      for (const pair of this.pairsOf(before)) this.podsLabelled.delete(pair, uid)
      for (const pair of this.pairsOf(after)) this.podsLabelled.add(pair, uid)
    }
    moveOrphan(this.orphans, uid, before, after)
  }

  /** Pods of one template share their labels, so the keys are made once; they hold the namespace too. */
  private pairsOf(pod: PodObject | null): readonly string[] {
    if (pod === null) return []
    const { labels, namespace } = pod.meta
    const known = this.pairs.get(labels)
    if (known !== undefined && (known.length === 0 || known[0].startsWith(`${namespace}/`))) return known
    const pairs = Object.entries(labels).map(([key, value]) => `${namespace}/${key}=${value}`)
    this.pairs.set(labels, pairs)
    return pairs
  }

  private objects(uids: ReadonlySet<Uid>): KubeObject[] {
    const found: KubeObject[] = []
    for (const uid of uids) {
      const object = this.byUid.get(uid)
      if (object !== undefined) found.push(object)
    }
    return found
  }
}

/** Keeps the objects of a namespace that nobody controls. */
function moveOrphan(orphans: Groups<Uid>, uid: Uid, before: KubeObject | null, after: KubeObject | null): void {
  if (before?.meta.ownerReferences === after?.meta.ownerReferences) return
  if (before !== null && controllerOf(before.meta) === null) orphans.delete(before.meta.namespace, uid)
  if (after !== null && controllerOf(after.meta) === null) orphans.add(after.meta.namespace, uid)
}
