import type { Nanos } from '../../sim/time.ts'
import type { StepId } from '../../trace/step.ts'
import { withCondition } from '../api/pod-object.ts'
import type { Store } from '../api/store.ts'
import { type Control, WorkQueue } from './work-queue.ts'

/** The pod garbage collector: pods of a node that is gone fail and go, after a quarantine. Source: pkg/controller/podgc. */
export class PodGcController {
  readonly queue: WorkQueue
  private readonly store: Store

  constructor(control: Control) {
    this.store = control.store
    this.queue = new WorkQueue(control, 'pod-garbage-collector', (node) => this.reconcile(node))
    const { podGc, podGcQuarantine } = control.settings
    const missing = (node: string, step: StepId): void => {
      // It looks every 20 s: seen as missing at the next look, confirmed at the first one after the quarantine.
      const seen = Math.ceil(this.store.now / podGc) * podGc
      this.queue.add(node, step, Math.ceil((seen + podGcQuarantine) / podGc) * podGc - this.store.now)
    }
    control.store.watch('Node', ({ type, object, step }) => {
      if (type === 'DELETED') missing(object.meta.name, step)
    })
    // One that was bound by hand, to a node that never was.
    control.store.watch('Pod', ({ type, object, step }) => {
      const { nodeName } = object.spec
      if (type === 'ADDED' && nodeName !== '' && this.store.get('Node', '', nodeName) === null) missing(nodeName, step)
    })
  }

  private reconcile(node: string): Nanos | null {
    if (this.store.get('Node', '', node) !== null) return null
    for (const pod of this.store.index.podsOnNode(node)) {
      const message = `PodGC: node no longer exists`
      const { now } = this.store
      const conditions = withCondition(
        pod.status.conditions,
        now,
        'DisruptionTarget',
        'True',
        'DeletionByPodGC',
        message,
      )
      this.store.update({ ...pod, status: { ...pod.status, phase: 'Failed', conditions } })
      this.store.delete('Pod', pod.meta.namespace, pod.meta.name, { gracePeriodSeconds: 0 })
    }
    return null
  }
}
