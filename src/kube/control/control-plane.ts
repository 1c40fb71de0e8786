import type { Kernel } from '../../linux/kernel.ts'
import { Store } from '../api/store.ts'
import { CronJobController } from './cron-job.ts'
import { DaemonSetController } from './daemon-set.ts'
import { DeploymentController } from './deployment.ts'
import { DisruptionController } from './disruption.ts'
import { EndpointSliceController } from './endpoint-slice-controller.ts'
import { GarbageCollector } from './garbage-collector.ts'
import { JobController } from './job.ts'
import { NamespaceController } from './namespace.ts'
import { NodeLifecycleController } from './node-lifecycle.ts'
import { PodGcController } from './pod-gc.ts'
import { ReplicasController } from './replicas.ts'
import { Scheduler } from './scheduler.ts'
import { DEFAULT_SETTINGS, type Settings } from './settings.ts'
import { StatefulSetController } from './stateful-set.ts'
import type { Control } from './work-queue.ts'

/** The API server, the scheduler and the controllers of kube-controller-manager. */
export class ControlPlane implements Control {
  readonly store: Store
  readonly settings: Settings
  readonly nodes: NodeLifecycleController

  /** `epoch`: the date at the start, in milliseconds since 1970, for CronJobs. */
  constructor(
    readonly kernel: Kernel,
    settings: Partial<Settings> = {},
    epoch = Date.UTC(2026, 0, 1),
  ) {
    this.settings = { ...DEFAULT_SETTINGS, ...settings }
    this.store = new Store({ ...kernel, rng: kernel.rng.fork('store'), watchLatency: this.settings.watchLatency })
    this.nodes = new NodeLifecycleController(this)
    new Scheduler(this, kernel.rng.fork('scheduler'))
    new ReplicasController(this, 'ReplicationController')
    new ReplicasController(this, 'ReplicaSet')
    new DeploymentController(this)
    new StatefulSetController(this)
    new DaemonSetController(this)
    new JobController(this)
    new CronJobController(this, epoch)
    new NamespaceController(this)
    new EndpointSliceController(this)
    new DisruptionController(this)
    new PodGcController(this)
    new GarbageCollector(this)
  }

  get simulation() {
    return this.kernel.simulation
  }
}
