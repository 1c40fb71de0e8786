import type { KubeObject } from '../api/kinds.ts'
import { KINDS } from '../api/kinds.ts'
import type { Store } from '../api/store.ts'
import { type Control, WorkQueue } from './work-queue.ts'

const FOREGROUND = 'foregroundDeletion'
const ORPHAN = 'orphan'

/**
 * The garbage collector: dependents go after their last owner (background), or before it (foreground), or stay on their own
 * (orphan). Source: Kubernetes documentation, "Garbage Collection"; pkg/controller/garbagecollector.
 */
export class GarbageCollector {
  readonly queue: WorkQueue
  private readonly store: Store

  constructor(control: Control) {
    this.store = control.store
    this.queue = new WorkQueue(control, 'generic-garbage-collector', (uid) => this.reconcile(uid))
    for (const kind of KINDS) {
      if (kind === 'Event') continue
      control.store.watch(kind, (change) => {
        const { object, type, step } = change
        if (type === 'DELETED' || object.meta.deletionTimestamp !== null) this.spread(object, type === 'DELETED', step)
        if (type === 'ADDED' && object.meta.ownerReferences.length > 0) this.queue.add(object.meta.uid, step)
      })
    }
  }

  private spread(object: KubeObject, gone: boolean, cause: number): void {
    const { meta } = object
    if (gone) for (const dependent of this.store.index.dependentsOf(meta.uid)) this.queue.add(dependent.meta.uid, cause)
    else this.queue.add(meta.uid, cause)
    for (const owner of meta.ownerReferences) {
      const above = this.store.byId(owner.uid)
      if (above?.meta.finalizers.includes(FOREGROUND)) this.queue.add(owner.uid, cause)
    }
  }

  private reconcile(uid: string): null {
    const object = this.store.byId(uid)
    if (object === null) return null
    const { meta } = object
    if (meta.deletionTimestamp !== null) this.finish(object)
    else if (meta.ownerReferences.length > 0) this.collect(object)
    return null
  }

  /** An object none of whose owners is left goes; one of several that went is forgotten. */
  private collect(object: KubeObject): void {
    const { kind, meta } = object
    const solid = meta.ownerReferences.filter((owner) => {
      const above = this.store.byId(owner.uid)
      return above !== null && !above.meta.finalizers.includes(FOREGROUND)
    })
    if (solid.length === meta.ownerReferences.length) return
    if (solid.length > 0) {
      this.store.update({ ...object, meta: { ...meta, ownerReferences: solid } })
      return
    }
    const waited = meta.ownerReferences.some((owner) =>
      this.store.byId(owner.uid)?.meta.finalizers.includes(FOREGROUND),
    )
    const below = this.store.index.dependentsOf(meta.uid).some(blocks(meta.uid))
    const propagation = waited && below ? 'Foreground' : 'Background'
    this.store.delete(kind, meta.namespace, meta.name, { propagation, uid: meta.uid })
  }

  /** An owner that waits: with `orphan` its dependents are set free, with `foregroundDeletion` they go first. */
  private finish(object: KubeObject): void {
    const { meta } = object
    const dependents = this.store.index.dependentsOf(meta.uid)
    if (meta.finalizers.includes(ORPHAN)) {
      for (const dependent of dependents) {
        const ownerReferences = dependent.meta.ownerReferences.filter((owner) => owner.uid !== meta.uid)
        this.store.update({ ...dependent, meta: { ...dependent.meta, ownerReferences } })
      }
      this.unfinalize(object, ORPHAN)
    } else if (meta.finalizers.includes(FOREGROUND)) {
      for (const dependent of dependents) if (dependent.meta.deletionTimestamp === null) this.collect(dependent)
      if (!this.store.index.dependentsOf(meta.uid).some(blocks(meta.uid))) this.unfinalize(object, FOREGROUND)
    }
  }

  private unfinalize(object: KubeObject, name: string): void {
    const latest = this.store.latest(object)
    if (latest === null) return
    const finalizers = latest.meta.finalizers.filter((other) => other !== name)
    this.store.update({ ...latest, meta: { ...latest.meta, finalizers } })
  }
}

const blocks =
  (uid: string) =>
  ({ meta }: KubeObject): boolean =>
    meta.ownerReferences.some((owner) => owner.uid === uid && owner.blockOwnerDeletion)
