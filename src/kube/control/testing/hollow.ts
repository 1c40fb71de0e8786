import type { Kernel } from '../../../linux/kernel.ts'
import { Simulation } from '../../../sim/simulation.ts'
import { type Nanos, SECOND } from '../../../sim/time.ts'
import { Recorder } from '../../../trace/recorder.ts'
import { Rng } from '../../../util/rng.ts'
import { node } from '../../api/build.ts'
import type { Kind, Kinds } from '../../api/kinds.ts'
import { conditionOf, isReady, type PodObject, withCondition } from '../../api/pod-object.ts'
import { ControlPlane } from '../control-plane.ts'
import type { Settings } from '../settings.ts'

/** How hollow pods behave. */
export interface HollowOptions {
  readonly nodes?: number
  readonly seed?: number
  /** From being placed to Ready. */
  readonly start?: Nanos
  /** null: until it is deleted. */
  readonly life?: (pod: PodObject) => { readonly after: Nanos; readonly code: number } | null
  /** Whether a pod ever becomes Ready. */
  readonly healthy?: (pod: PodObject) => boolean
  readonly settings?: Partial<Settings>
  /** Nobody runs the pods: they stay as the test says. */
  readonly idle?: boolean
}

/** A control plane whose pods run nowhere: a kubelet that only says Running, Ready, and over. For tests of controllers. */
export class Hollow {
  readonly kernel: Kernel
  readonly plane: ControlPlane
  /** Called after each change of a pod. */
  onPod: (() => void) | null = null

  constructor(private readonly options: HollowOptions = {}) {
    this.kernel = { simulation: new Simulation(), recorder: new Recorder('steps'), rng: new Rng(options.seed ?? 1) }
    this.plane = new ControlPlane(this.kernel, options.settings)
    for (let n = 1; n <= (options.nodes ?? 3); n++) this.store.create(node(`node-${n}`))
    this.store.watch('Pod', ({ object, type }) => {
      if (type !== 'DELETED' && options.idle !== true) this.act(object)
      this.onPod?.()
    })
  }

  get store() {
    return this.plane.store
  }

  run(time: Nanos = 60 * SECOND): void {
    this.kernel.simulation.run(this.kernel.simulation.now + time)
  }

  pods(): PodObject[] {
    return this.store.list('Pod')
  }

  get<K extends Kind>(kind: K, name: string): Kinds[K] {
    const found = this.store.get(kind, kind === 'Node' || kind === 'Namespace' ? '' : 'default', name)
    if (found === null) throw new Error(`no ${kind} ${name}`)
    return found
  }

  /** Reasons and messages of an object's events. */
  events(name: string): string[] {
    return this.store
      .list('Event')
      .filter(({ involved }) => involved.name === name)
      .map(({ reason, message }) => `${reason}: ${message}`)
  }

  private act(pod: PodObject): void {
    if (pod.spec.nodeName === '' || this.plane.store.byId(pod.meta.uid) === null) return
    if (pod.meta.deletionTimestamp !== null) {
      const { namespace, name, uid } = pod.meta
      const left = this.store.byId(uid)?.meta.deletionGracePeriodSeconds
      if (left !== 0) this.store.delete('Pod', namespace, name, { gracePeriodSeconds: 0, uid })
      return
    }
    if (pod.status.phase !== 'Pending' || conditionOf(pod.status.conditions, 'Initialized') !== null) return
    this.set(pod, { conditions: withCondition(pod.status.conditions, this.store.now, 'Initialized', 'True') })
    const { start = SECOND, life, healthy } = this.options
    this.kernel.simulation.post(
      start,
      () => {
        if (healthy?.(pod) ?? true) this.become(pod, 'Running', true)
        const end = life?.(pod) ?? null
        if (end !== null)
          this.kernel.simulation.post(
            end.after,
            () => this.become(pod, end.code === 0 ? 'Succeeded' : 'Failed', false),
            null,
          )
      },
      null,
    )
  }

  private become(pod: PodObject, phase: 'Running' | 'Succeeded' | 'Failed', ready: boolean): void {
    const latest = this.store.latest(pod)
    if (latest === null || latest.meta.deletionTimestamp !== null) return
    this.set(latest, {
      phase,
      conditions: withCondition(latest.status.conditions, this.store.now, 'Ready', ready ? 'True' : 'False'),
    })
  }

  private set(pod: PodObject, status: Partial<PodObject['status']>): void {
    const latest = this.store.latest(pod)
    if (latest !== null) this.store.update({ ...latest, status: { ...latest.status, ...status } })
  }
}

export const readyCount = (pods: readonly PodObject[]): number => pods.filter(isReady).length
