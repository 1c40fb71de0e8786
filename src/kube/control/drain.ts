import { type Process, sleep } from '../../sim/process.ts'
import { ApiError } from '../api/errors.ts'
import { controllerOf } from '../api/object.ts'
import { isFinished, type PodObject } from '../api/pod-object.ts'
import type { Store } from '../api/store.ts'
import { evict } from './disruption.ts'
import type { Control } from './work-queue.ts'

/** `kubectl cordon` and `uncordon`. Throws ApiError NotFound. */
export function cordon(store: Store, name: string, unschedulable: boolean): void {
  const node = store.get('Node', '', name)
  if (node === null) throw new ApiError('NotFound', `nodes "${name}" not found`)
  if (node.spec.unschedulable === unschedulable) return
  const mark = { key: 'node.kubernetes.io/unschedulable', value: '', effect: 'NoSchedule' } as const
  const others = node.spec.taints.filter(({ key }) => key !== mark.key)
  store.update({ ...node, spec: { ...node.spec, unschedulable, taints: unschedulable ? [...others, mark] : others } })
}

export interface DrainOptions {
  /** Pods of no controller go too; without it they are in the way. */
  readonly force: boolean
  readonly gracePeriodSeconds?: number
  /** Gives up after this long; by default never. */
  readonly timeout: number | null
}

export interface Drained {
  readonly evicted: readonly string[]
  /** Why it gave up, null when the node is empty but for its DaemonSets. */
  readonly error: string | null
}

/** `kubectl drain --ignore-daemonsets`: cordons, evicts, asks again where a budget refuses, waits until the pods are gone. */
export function* drain(control: Control, name: string, options: DrainOptions): Process<Drained> {
  const { store, settings } = control
  cordon(store, name, true)
  const began = store.now
  const evicted: string[] = []
  const blocked = candidates(store, name).filter((pod) => controllerOf(pod.meta) === null && !isFinished(pod))
  if (blocked.length > 0 && !options.force) {
    const names = blocked.map(({ meta }) => `${meta.namespace}/${meta.name}`).join(', ')
    return { evicted, error: `cannot delete Pods that declare no controller (use --force to override): ${names}` }
  }
  for (;;) {
    const left = candidates(store, name)
    if (left.length === 0) return { evicted, error: null }
    for (const pod of left) {
      if (pod.meta.deletionTimestamp === null && tryEvict(store, pod, options))
        evicted.push(`${pod.meta.namespace}/${pod.meta.name}`)
    }
    if (options.timeout !== null && store.now - began >= options.timeout) {
      return { evicted, error: `global timeout reached: ${candidates(store, name).length} pods left` }
    }
    const refused = candidates(store, name).some(({ meta }) => meta.deletionTimestamp === null)
    yield* sleep(refused ? settings.evictionRetry : 1e9)
  }
}

function tryEvict(store: Store, pod: PodObject, { gracePeriodSeconds }: DrainOptions): boolean {
  try {
    evict(store, pod, gracePeriodSeconds)
    return true
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'TooManyRequests') return false
    throw error
  }
}

/** Pods that drain takes away: not those of DaemonSets, which would come back at once. */
const candidates = (store: Store, node: string): PodObject[] =>
  store.index.podsOnNode(node).filter(({ meta }) => controllerOf(meta)?.kind !== 'DaemonSet')
