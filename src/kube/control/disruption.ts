import type { Nanos } from '../../sim/time.ts'
import type { PodDisruptionBudget } from '../api/cluster-objects.ts'
import { ApiError } from '../api/errors.ts'
import { scaled } from '../api/int-or-percent.ts'
import { nameOf } from '../api/meta.ts'
import { controllerOf } from '../api/object.ts'
import { isActive, isFinished, isReady, type PodObject, withCondition } from '../api/pod-object.ts'
import { matches } from '../api/selector.ts'
import type { Store } from '../api/store.ts'
import { type Control, WorkQueue } from './work-queue.ts'

export const matchesPod = ({ meta, spec }: PodDisruptionBudget, pod: PodObject): boolean =>
  meta.namespace === pod.meta.namespace && matches(spec.selector, pod.meta.labels)

/** The disruption controller: how many pods of a budget may be evicted now. Source: pkg/controller/disruption. */
export class DisruptionController {
  readonly queue: WorkQueue
  private readonly store: Store

  constructor(control: Control) {
    this.store = control.store
    this.queue = new WorkQueue(control, 'disruption-controller', (key) => this.reconcile(key))
    control.store.watch('PodDisruptionBudget', ({ object, step }) => this.queue.add(nameOf(object.meta), step))
    control.store.watch('Pod', ({ object, step }) => {
      if (this.store.count('PodDisruptionBudget') === 0) return
      for (const budget of this.store.list('PodDisruptionBudget', object.meta.namespace)) {
        if (matchesPod(budget, object)) this.queue.add(nameOf(budget.meta), step)
      }
    })
  }

  reconcile(key: string): Nanos | null {
    const budget = this.store.at('PodDisruptionBudget', key)
    if (budget === null) return null
    const status = budgetStatus(this.store, budget)
    if (JSON.stringify(status) !== JSON.stringify(budget.status)) this.store.update({ ...budget, status })
    return null
  }
}

function budgetStatus(store: Store, budget: PodDisruptionBudget): PodDisruptionBudget['status'] {
  const { selector, minAvailable, maxUnavailable } = budget.spec
  const pods = selector === null ? [] : store.pods(budget.meta.namespace, selector).filter((pod) => !isFinished(pod))
  const currentHealthy = pods.filter((pod) => isReady(pod) && pod.meta.deletionTimestamp === null).length
  const whole = typeof minAvailable === 'number' ? pods.length : expectedCount(store, pods)
  const desiredHealthy =
    maxUnavailable !== null
      ? Math.max(0, whole - scaled(maxUnavailable, whole, true))
      : scaled(minAvailable ?? 1, whole, true)
  const disruptionsAllowed = Math.max(0, currentHealthy - desiredHealthy)
  return { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods: whole }
}

/** getExpectedScale: what the controllers of these pods want in all. */
function expectedCount(store: Store, pods: readonly PodObject[]): number {
  const owners = new Map<string, number>()
  let alone = 0
  for (const { meta } of pods) {
    const owner = controllerOf(meta)
    const object = owner === null ? null : store.byId(owner.uid)
    if (object !== null && 'spec' in object && 'replicas' in object.spec)
      owners.set(object.meta.uid, object.spec.replicas)
    else alone++
  }
  return [...owners.values()].reduce((sum, count) => sum + count, alone)
}

/** The Eviction subresource. Throws ApiError TooManyRequests when a budget does not allow it; then nothing changed. */
export function evict(store: Store, pod: PodObject, gracePeriodSeconds?: number): void {
  const budgets = isActive(pod)
    ? store.list('PodDisruptionBudget', pod.meta.namespace).filter((one) => matchesPod(one, pod))
    : []
  if (budgets.length > 1) {
    throw new ApiError(
      'Invalid',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  }
  const [budget] = budgets
  // AlwaysAllow is not the default: a pod that is not ready may go only while the budget's rest is healthy (IfHealthyBudget).
  const counts = budget !== undefined && (isReady(pod) || budget.status.currentHealthy < budget.status.desiredHealthy)
  if (counts) {
    if (budget.status.disruptionsAllowed <= 0) {
      const { name } = budget.meta
      const { currentHealthy, desiredHealthy } = budget.status
      throw new ApiError(
        'TooManyRequests',
        `Cannot evict pod as it would violate the pod's disruption budget: The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
      )
    }
    const status = { ...budget.status, disruptionsAllowed: budget.status.disruptionsAllowed - 1 }
    store.update({ ...budget, status })
  }
  markDisruption(store, pod, 'EvictionByEvictionAPI', 'Eviction API: evicting')
  store.delete('Pod', pod.meta.namespace, pod.meta.name, { gracePeriodSeconds, uid: pod.meta.uid })
}

/** The condition DisruptionTarget: that a pod goes is not its own doing (KEP-3329). */
export function markDisruption(store: Store, pod: PodObject, reason: string, message: string): void {
  const latest = store.latest(pod)
  if (latest === null || latest.meta.deletionTimestamp !== null) return
  const conditions = withCondition(latest.status.conditions, store.now, 'DisruptionTarget', 'True', reason, message)
  if (conditions !== latest.status.conditions) store.update({ ...latest, status: { ...latest.status, conditions } })
}
