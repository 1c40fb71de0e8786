import type { KubeObject } from './kinds.ts'
import { newMeta } from './object.ts'
import type { Store } from './store.ts'
import { refOf } from './store-steps.ts'

/** client-go's EventRecorder with its correlator: an equal event of the same object raises the count of the first. */
export class Events {
  private readonly known = new Map<string, string>()
  private count = 0

  constructor(
    private readonly store: Store,
    /** `default-scheduler`, `kubelet`, `replicaset-controller`. */
    readonly source: string,
    private readonly on = true,
  ) {}

  normal(object: Pick<KubeObject, 'kind' | 'meta'>, reason: string, message: string): void {
    this.record('Normal', object, reason, message)
  }

  warning(object: Pick<KubeObject, 'kind' | 'meta'>, reason: string, message: string): void {
    this.record('Warning', object, reason, message)
  }

  private record(
    type: 'Normal' | 'Warning',
    object: Pick<KubeObject, 'kind' | 'meta'>,
    reason: string,
    message: string,
  ): void {
    const { store, source } = this
    if (!this.on) return
    const involved = refOf(object)
    // Events of cluster-scoped objects are in `default`.
    const namespace = object.meta.namespace === '' ? 'default' : object.meta.namespace
    const key = `${involved.uid}/${reason}/${message}`
    const name = this.known.get(key)
    const first = name === undefined ? null : store.get('Event', namespace, name)
    if (first !== null) {
      store.update({ ...first, count: first.count + 1, lastTimestamp: store.now })
      return
    }
    const own = `${object.meta.name}.${source}.${++this.count}`
    this.known.set(key, own)
    const times = { firstTimestamp: store.now, lastTimestamp: store.now }
    store.create({
      ...{ kind: 'Event', meta: newMeta({ namespace, name: own }), type, reason, message, source, involved, count: 1 },
      ...times,
    } as const)
  }
}
