import type { Nanos } from '../../sim/time.ts'
import type { PodDisruptionBudget } from '../api/cluster-objects.ts'
import { ApiError } from '../api/errors.ts'
import { Events } from '../api/events.ts'
import { scaled } from '../api/int-or-percent.ts'
import { type KubeObject, RESOURCES } from '../api/kinds.ts'
import { nameOf } from '../api/meta.ts'
import { controllerOf, type ObjectMeta, type Uid } from '../api/object.ts'
import { isActive, isReady, type PodObject, withCondition } from '../api/pod-object.ts'
import { type LabelSelector, matches } from '../api/selector.ts'
import type { Store } from '../api/store.ts'
import { type Control, WorkQueue } from './work-queue.ts'

export const matchesPod = ({ meta, spec }: PodDisruptionBudget, pod: PodObject): boolean =>
  meta.namespace === pod.meta.namespace && matches(spec.selector, pod.meta.labels)

/** The disruption controller: how many pods of a budget may be evicted now. Source: pkg/controller/disruption. */
export class DisruptionController {
  readonly queue: WorkQueue
  private readonly store: Store
  private readonly events: Events

  constructor(control: Control) {
    this.store = control.store
    this.events = new Events(control.store, 'controllermanager', control.settings.events)
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
    const { selector } = budget.spec
    const pods = selector === null ? [] : this.store.pods(budget.meta.namespace, selector)
    if (pods.length === 0) this.events.normal(budget, 'NoPods', 'No matching pods found')
    const status = this.statusOf(budget, pods)
    if (JSON.stringify(status) !== JSON.stringify(budget.status)) this.store.update({ ...budget, status })
    return null
  }

  private statusOf(budget: PodDisruptionBudget, pods: readonly PodObject[]): PodDisruptionBudget['status'] {
    const { minAvailable, maxUnavailable } = budget.spec
    const currentHealthy = pods.filter((pod) => isReady(pod) && pod.meta.deletionTimestamp === null).length
    const expectedPods =
      maxUnavailable === null && typeof minAvailable === 'number' ? pods.length : this.expected(budget, pods)
    // failSafe: whoever does not know lets nobody go.
    if (expectedPods === null) return { ...budget.status, disruptionsAllowed: 0 }
    const desiredHealthy =
      maxUnavailable !== null
        ? Math.max(0, expectedPods - scaled(maxUnavailable, expectedPods, true))
        : scaled(minAvailable ?? 1, expectedPods, true)
    const disruptionsAllowed = expectedPods === 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy)
    return { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods }
  }

  /** getExpectedScale: what the controllers of these pods want in all; null where one has no scale. Pods without do not count. */
  private expected(budget: PodDisruptionBudget, pods: readonly PodObject[]): number | null {
    const scales = new Map<Uid, number>()
    let alone = 0
    for (const { meta } of pods) {
      const owner = scaledBy(this.store, meta)
      if (owner === null) alone++
      else if ('spec' in owner && 'replicas' in owner.spec) scales.set(owner.meta.uid, owner.spec.replicas)
      else {
        const why = `${RESOURCES[owner.kind]} does not implement the scale subresource`
        const what = `Failed to calculate the number of expected pods: ${why}`
        this.events.warning(budget, 'CalculateExpectedPodCountFailed', what)
        return null
      }
    }
    if (alone > 0) this.events.warning(budget, 'UnmanagedPods', unmanaged(budget.spec.selector!))
    return [...scales.values()].reduce((sum, count) => sum + count, 0)
  }
}

/** Who says how many there are to be: the controller of a pod, and of a ReplicaSet the Deployment above it. */
function scaledBy(store: Store, meta: ObjectMeta): KubeObject | null {
  const owner = controllerOf(meta)
  const object = owner === null ? null : store.byId(owner.uid)
  if (object?.kind !== 'ReplicaSet') return object
  const above = controllerOf(object.meta)
  return above?.kind === 'Deployment' ? (store.byId(above.uid) ?? object) : object
}

const unmanaged = (selector: LabelSelector): string =>
  `Pods selected by this PodDisruptionBudget (selector: ${goSelector(selector)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`

/** As Go prints a *metav1.LabelSelector. */
function goSelector({ matchLabels, matchExpressions }: LabelSelector): string {
  const labels = Object.entries(matchLabels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`)
  const parts = matchExpressions.map(
    ({ key, operator, values }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  )
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${parts.join('')}},}`
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
