import { nameOf } from '../../kube/api/meta.ts'
import type { Store } from '../../kube/api/store.ts'
import type { Kernel } from '../../linux/kernel.ts'
import { type Nanos, SECOND } from '../../sim/time.ts'
import type { StepId } from '../../trace/step.ts'
import type { Cluster } from '../cluster.ts'

/** kube-proxy iptables.minSyncPeriod: a change is written at once, the next one a second after it. */
const MIN_SYNC: Nanos = SECOND

/** kube-proxy on every node: takes up EndpointSlices as they change and writes its rules, as often as it may. */
export class ProxySync {
  private last: Nanos
  private waiting = false
  /** Services that changed since the last sync, and the step that told of it last. */
  private changed = new Set<string>()
  private cause: StepId = 0

  constructor(
    private readonly kernel: Kernel,
    private readonly cluster: Cluster,
    store: Store,
    private readonly hears: (node: string) => boolean,
    private readonly minSync: Nanos = MIN_SYNC,
  ) {
    this.last = -minSync
    const { model } = cluster.services!
    store.watch('EndpointSlice', ({ type, object, step }) => {
      if (type === 'DELETED') model.deleteSlice(object)
      else model.setSlice(object)
      this.note(object.meta.namespace, object.service, step)
    })
    store.watch('Service', ({ type, object, step }) => {
      if (type === 'DELETED') model.deleteService(object.meta.namespace, object.meta.name)
      else model.setService(object)
      this.note(object.meta.namespace, object.meta.name, step)
    })
  }

  private note(namespace: string, name: string, step: StepId): void {
    this.changed.add(nameOf({ namespace, name }))
    this.cause = step
    this.request()
  }

  request(): void {
    if (this.waiting) return
    this.waiting = true
    const { simulation } = this.kernel
    simulation.post(Math.max(0, this.last + this.minSync - simulation.now), () => this.sync(), null)
  }

  private sync(): void {
    const { recorder, simulation } = this.kernel
    this.waiting = false
    this.last = simulation.now
    const mode = this.cluster.plan.path.proxyMode
    const services = [...this.changed].sort()
    this.changed = new Set()
    for (const { node, stale } of this.cluster.syncRules(this.hears)) {
      const event = { kind: 'proxy-sync', mode, services, stale } as const
      if (recorder.on) recorder.step(simulation.now, recorder.place(node, 'host', ''), this.cause, 0, null, event)
      else recorder.skip()
    }
  }
}
