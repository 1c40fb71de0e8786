import type { Kernel } from '../../../linux/kernel.ts'
import type { Simulation } from '../../../sim/simulation.ts'
import type { Nanos } from '../../../sim/time.ts'
import type { Recorder } from '../../../trace/recorder.ts'
import type { StepId } from '../../../trace/step.ts'
import { Events } from '../../api/events.ts'
import type { Uid } from '../../api/object.ts'
import type { PodObject } from '../../api/pod-object.ts'
import type { Change, Store } from '../../api/store.ts'
import type { ControlPlane } from '../../control/control-plane.ts'
import { actingAs } from '../../control/work-queue.ts'
import type { Outside } from './outside.ts'
import { PodWorker } from './pod-worker.ts'
import { DEFAULT_KUBELET, type KubeletSettings } from './settings.ts'

const NAME = 'kubelet'

/** The kubelets of all nodes: each pod has a worker, which alone writes its status. */
export class Kubelet {
  readonly simulation: Simulation
  readonly recorder: Recorder
  readonly settings: KubeletSettings
  private readonly store: Store
  private readonly events: Events
  private readonly workers = new Map<Uid, PodWorker>()
  private readonly images = new Map<string, Set<string>>()
  /** Nodes that hear and tell nothing. */
  private readonly cut = new Set<string>()
  private readonly down = new Set<string>()
  /** Nodes that came up again while they were cut off. */
  private readonly restarted = new Set<string>()

  constructor(
    private readonly plane: ControlPlane,
    kernel: Kernel,
    readonly outside: Outside,
    settings: Partial<KubeletSettings> = {},
  ) {
    this.settings = { ...DEFAULT_KUBELET, ...settings }
    this.simulation = kernel.simulation
    this.recorder = kernel.recorder
    this.store = plane.store
    this.events = new Events(plane.store, NAME, plane.settings.events)
    plane.store.watch('Pod', (change) => this.onPod(change))
    plane.store.watch('Node', ({ type, object: { meta } }) => {
      if (type === 'DELETED') this.removeNode(meta.name)
      if (type === 'ADDED') this.catchUp(meta.name)
    })
  }

  worker(uid: Uid): PodWorker | null {
    return this.workers.get(uid) ?? null
  }

  private onPod({ type, object, step }: Change<PodObject>): void {
    const node = object.spec.nodeName
    if (this.cut.has(node) || this.down.has(node)) return
    // A pod may be bound to no node, or to one that is not there: no kubelet hears of it.
    if (this.store.get('Node', '', node) === null) return
    if (type === 'DELETED') this.forget(object.meta.uid)
    else this.sync(object, step)
  }

  /** Brings the worker of a pod up to what the API server says of it. */
  private sync(pod: PodObject, cause: StepId): void {
    const { uid, deletionTimestamp } = pod.meta
    const known = this.workers.get(uid)
    if (known === undefined) {
      if (pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed') return
      if (deletionTimestamp !== null) {
        this.remove(pod, cause)
        return
      }
      const worker = new PodWorker(this, pod, cause)
      this.workers.set(uid, worker)
      worker.start()
      return
    }
    const before = known.object
    known.object = pod
    if (deletionTimestamp === null || deletionTimestamp === before.meta.deletionTimestamp) return
    known.terminate((pod.meta.deletionGracePeriodSeconds ?? 0) * 1e9, cause)
  }

  private forget(uid: Uid): void {
    this.workers.get(uid)?.kill()
    this.workers.delete(uid)
  }

  /** Writes a worker's status, if the node can speak and something changed. */
  report(worker: PodWorker, cause: StepId): void {
    if (this.isSilent(worker)) return
    const latest = this.store.latest(worker.object)
    if (latest === null) return
    worker.object = latest
    const { status } = worker
    if (isSameStatus(status, latest.status)) return
    worker.object = actingAs(this.store, NAME, cause, () => this.store.update({ ...latest, status }))
  }

  /** The last container is gone: the object may go too. */
  finished(worker: PodWorker): void {
    this.workers.delete(worker.object.meta.uid)
    if (!this.isSilent(worker)) this.remove(worker.object, 0)
  }

  private remove({ meta }: PodObject, cause: StepId): void {
    actingAs(this.store, NAME, cause === 0 ? this.store.cause : cause, () => {
      if (this.store.byId(meta.uid) === null) return
      this.store.delete('Pod', meta.namespace, meta.name, { gracePeriodSeconds: 0, uid: meta.uid })
    })
  }

  private isSilent(worker: PodWorker): boolean {
    const node = worker.object.spec.nodeName
    return this.cut.has(node) || this.down.has(node)
  }

  /** The node and the control plane no longer hear each other; its pods run on. */
  partition(node: string): void {
    this.cut.add(node)
    this.plane.nodes.fallSilent(node)
  }

  /** The network is whole again; a machine that is down hears of it when it comes up. */
  heal(node: string): void {
    if (!this.cut.delete(node) || this.down.has(node)) return
    if (this.restarted.has(node)) this.startUp(node)
    else {
      this.plane.nodes.speakAgain(node)
      this.catchUp(node)
    }
  }

  /** The machine goes down: processes and sandboxes are gone. */
  powerOff(node: string): void {
    if (this.down.has(node)) return
    this.down.add(node)
    this.plane.nodes.fallSilent(node)
    for (const worker of this.workersOn(node)) worker.loseSandbox()
  }

  /** And comes up. A kubelet that has just started knows of its pods from the API server alone: cut off, it starts none. */
  powerOn(node: string): void {
    if (!this.down.delete(node)) return
    if (this.cut.has(node)) this.restarted.add(node)
    else this.startUp(node)
  }

  /** The pods of before get new sandboxes. */
  private startUp(node: string): void {
    this.restarted.delete(node)
    this.plane.nodes.speakAgain(node)
    const lost = this.workersOn(node)
    this.catchUp(node)
    for (const worker of lost) {
      if (!this.workers.has(worker.object.meta.uid)) continue
      if (worker.terminating) this.finished(worker)
      else worker.revive()
    }
  }

  /** `reboot`: down for so long, then up. */
  reboot(node: string, duration: Nanos): void {
    this.powerOff(node)
    this.simulation.post(duration, () => this.powerOn(node), null)
  }

  private catchUp(node: string): void {
    for (const worker of this.workersOn(node)) {
      const latest = this.store.latest(worker.object)
      if (latest === null) this.forget(worker.object.meta.uid)
      else {
        this.sync(latest, this.store.cause)
        if (latest.meta.deletionTimestamp === null) this.report(worker, this.store.cause)
      }
    }
    for (const pod of this.store.index.podsOnNode(node))
      if (!this.workers.has(pod.meta.uid)) this.sync(pod, this.store.cause)
  }

  private removeNode(node: string): void {
    for (const worker of this.workersOn(node)) {
      worker.kill()
      this.workers.delete(worker.object.meta.uid)
    }
    this.cut.delete(node)
    this.down.delete(node)
    this.restarted.delete(node)
  }

  private workersOn(node: string): PodWorker[] {
    return [...this.workers.values()].filter(({ object }) => object.spec.nodeName === node)
  }

  hasImage(node: string, image: string): boolean {
    return this.images.get(node)?.has(image) ?? false
  }

  keepImage(node: string, image: string): void {
    const own = this.images.get(node)
    if (own === undefined) this.images.set(node, new Set([image]))
    else own.add(image)
  }

  event(worker: PodWorker, type: 'normal' | 'warning', reason: string, message: string, cause: StepId): void {
    if (this.isSilent(worker)) return
    actingAs(this.store, NAME, cause, () => this.events[type](worker.object, reason, message))
  }
}

const isSameStatus = (a: PodObject['status'], b: PodObject['status']): boolean =>
  a.phase === b.phase &&
  a.reason === b.reason &&
  a.conditions === b.conditions &&
  a.podIPs === b.podIPs &&
  a.startTime === b.startTime &&
  a.initContainerStatuses === b.initContainerStatuses &&
  a.containerStatuses === b.containerStatuses &&
  a.hostIPs.length === b.hostIPs.length
