import type { Nanos } from '../../sim/time.ts'
import { KINDS, type Kind } from '../api/kinds.ts'
import type { Store } from '../api/store.ts'
import { type Control, WorkQueue } from './work-queue.ts'

const CONTENTS: readonly Kind[] = KINDS.filter(
  (kind) => kind !== 'Node' && kind !== 'Namespace' && kind !== 'IngressClass',
)

/** The namespace controller: what is in a namespace goes before it. Source: pkg/controller/namespace/deletion. */
export class NamespaceController {
  readonly queue: WorkQueue
  private readonly store: Store

  constructor(control: Control) {
    this.store = control.store
    this.queue = new WorkQueue(control, 'namespace-controller', (name) => this.reconcile(name))
    control.store.watch('Namespace', ({ object, step }) => this.queue.add(object.meta.name, step))
    for (const kind of CONTENTS) {
      control.store.watch(kind, ({ object, type, step }) => {
        const home = type === 'DELETED' ? this.store.get('Namespace', '', object.meta.namespace) : null
        if (home?.status.phase === 'Terminating') this.queue.add(home.meta.name, step)
      })
    }
  }

  private reconcile(name: string): Nanos | null {
    const home = this.store.get('Namespace', '', name)
    if (home === null || home.meta.deletionTimestamp === null) return null
    let left = 0
    for (const kind of CONTENTS) {
      for (const { meta } of this.store.list(kind, name)) {
        if (meta.deletionTimestamp === null) this.store.delete(kind, name, meta.name)
        if (this.store.byId(meta.uid) !== null) left++
      }
    }
    const latest = this.store.latest(home)
    if (left === 0 && latest !== null) this.store.update({ ...latest, spec: { finalizers: [] } })
    return null
  }
}
