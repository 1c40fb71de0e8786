import type { Store } from '../../kube/api/store.ts'
import type { Simulation } from '../../sim/simulation.ts'
import { type Nanos, SECOND } from '../../sim/time.ts'
import type { Cluster } from '../cluster.ts'

/** kube-proxy iptables.minSyncPeriod: a change is written at once, the next one a second after it. */
const MIN_SYNC: Nanos = SECOND

/** kube-proxy on every node: takes up EndpointSlices as they change and writes its rules, as often as it may. */
export class ProxySync {
  private last: Nanos = -MIN_SYNC
  private waiting = false

  constructor(
    private readonly simulation: Simulation,
    private readonly cluster: Cluster,
    store: Store,
    private readonly hears: (node: string) => boolean,
  ) {
    const { model } = cluster.services!
    store.watch('EndpointSlice', ({ type, object }) => {
      if (type === 'DELETED') model.deleteSlice(object)
      else model.setSlice(object)
      this.request()
    })
    store.watch('Service', ({ type, object }) => {
      if (type === 'DELETED') model.deleteService(object.meta.namespace, object.meta.name)
      else if (type === 'MODIFIED') model.setService(object)
      else return
      this.request()
    })
  }

  request(): void {
    if (this.waiting) return
    this.waiting = true
    this.simulation.post(Math.max(0, this.last + MIN_SYNC - this.simulation.now), () => this.sync(), null)
  }

  private sync(): void {
    this.waiting = false
    this.last = this.simulation.now
    this.cluster.syncRules(this.hears)
  }
}
