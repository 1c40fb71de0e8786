import type { Kind, KubeObject } from '../api/kinds.ts'
import { type Labels, nameOf } from '../api/meta.ts'
import { controllerOf, controllerRef, type Identified, newMeta, type OwnerReference } from '../api/object.ts'
import { NEW_POD_STATUS, type PodObject } from '../api/pod-object.ts'
import type { PodSpec, PodTemplate } from '../api/pod-spec.ts'
import { type LabelSelector, matches } from '../api/selector.ts'
import type { Change, Store } from '../api/store.ts'
import type { WorkQueue } from './work-queue.ts'

/** Objects of a kind that an object controls. */
export function controlled<K extends Kind>(
  store: Store,
  owner: Identified,
  kind: K,
): Extract<KubeObject, { kind: K }>[] {
  const found = store.index.dependentsOf(owner.meta.uid)
  return found.filter(
    (object): object is Extract<KubeObject, { kind: K }> =>
      object.kind === kind && controllerOf(object.meta)?.uid === owner.meta.uid,
  )
}

/**
 * controller.PodControllerRefManager: pods of one's own that still match, those that ceased to match released, and
 * orphans that match adopted. An owner on its way out adopts nothing.
 */
export function claimPods(store: Store, owner: Identified & KubeObject, selector: LabelSelector): PodObject[] {
  const mine: PodObject[] = []
  // Pods of one template share their labels: what holds for one holds for the next.
  let labels: Labels | null = null
  let fits = false
  for (const pod of store.index.dependentsOf(owner.meta.uid)) {
    if (pod.kind !== 'Pod' || controllerOf(pod.meta)?.uid !== owner.meta.uid) continue
    if (pod.meta.labels !== labels) {
      labels = pod.meta.labels
      fits = matches(selector, labels)
    }
    if (fits) mine.push(pod)
    else if (pod.meta.deletionTimestamp === null) release(store, owner, pod)
  }
  if (owner.meta.deletionTimestamp !== null) return mine
  for (const pod of store.index.orphanPods(owner.meta.namespace)) {
    if (!matches(selector, pod.meta.labels) || pod.meta.deletionTimestamp !== null) continue
    const ownerReferences = [...pod.meta.ownerReferences, controllerRef(owner)]
    mine.push(store.update({ ...pod, meta: { ...pod.meta, ownerReferences } }))
  }
  return mine
}

function release(store: Store, owner: Identified, pod: PodObject): void {
  const ownerReferences = pod.meta.ownerReferences.filter(({ uid }) => uid !== owner.meta.uid)
  store.update({ ...pod, meta: { ...pod.meta, ownerReferences } })
}

/** What a controller adds to its template for one pod. */
export interface PodExtras {
  readonly name?: string
  readonly generateName?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly spec?: Partial<PodSpec>
  readonly finalizers?: readonly string[]
}

/** Pods of one template share its labels and its spec. */
export function createPod(store: Store, owner: Identified, template: PodTemplate, extras: PodExtras = {}): PodObject {
  const { labels, annotations } = template.meta
  const base = owner.meta.name
  const meta = newMeta({
    namespace: owner.meta.namespace,
    name: extras.name,
    generateName: extras.name === undefined ? (extras.generateName ?? `${base}-`) : '',
    labels: extras.labels === undefined ? labels : { ...labels, ...extras.labels },
    annotations: extras.annotations === undefined ? annotations : { ...annotations, ...extras.annotations },
    ownerReferences: referenceTo(owner),
    finalizers: extras.finalizers,
  })
  const spec = extras.spec === undefined ? template.spec : { ...template.spec, ...extras.spec }
  return store.create({ kind: 'Pod', meta, spec, status: NEW_POD_STATUS })
}

const references = new WeakMap<Identified['meta'], readonly OwnerReference[]>()

function referenceTo(owner: Identified): readonly OwnerReference[] {
  const known = references.get(owner.meta)
  if (known !== undefined) return known
  const list = [controllerRef(owner)]
  references.set(owner.meta, list)
  return list
}

/** Queues the controller of a changed object, the old one and the new one; keys are `NS/NAME`. */
export function enqueueOwners(queue: WorkQueue, kind: Kind, change: Change): void {
  const before = change.before === null ? null : controllerOf(change.before.meta)
  const after = controllerOf(change.object.meta)
  const { namespace } = change.object.meta
  if (after?.kind === kind) queue.add(nameOf({ namespace, name: after.name }), change.step)
  if (before?.kind === kind && before.uid !== after?.uid) {
    queue.add(nameOf({ namespace, name: before.name }), change.step)
  }
}
