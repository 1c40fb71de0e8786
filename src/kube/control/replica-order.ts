import type { Nanos } from '../../sim/time.ts'
import { conditionOf, isReady, type PodObject, restartsOf } from '../api/pod-object.ts'

/**
 * controller.ActivePodsWithRanks: which pods to delete first when there are too many. Not placed, then not running, then
 * not ready; a lower pod-deletion-cost; nodes with more of the same; those ready for a shorter time (compared by order of
 * magnitude), more restarts, younger ones.
 * Source: pkg/controller/controller_utils.go.
 */
export function deletionOrder(pods: readonly PodObject[], now: Nanos): PodObject[] {
  const onNode = new Map<string, number>()
  for (const { spec } of pods) onNode.set(spec.nodeName, (onNode.get(spec.nodeName) ?? 0) + 1)
  const keyed = pods.map((pod) => ({ pod, key: keyOf(pod, onNode.get(pod.spec.nodeName)!, now) }))
  keyed.sort((a, b) => compare(a.key, b.key) || (a.pod.meta.uid < b.pod.meta.uid ? -1 : 1))
  return keyed.map(({ pod }) => pod)
}

const PHASE_ORDER = { Pending: 0, Running: 2, Succeeded: 2, Failed: 2 } as const

/** Smaller goes first. */
function keyOf(pod: PodObject, sameNode: number, now: Nanos): readonly number[] {
  const ready = isReady(pod)
  const since = ready ? conditionOf(pod.status.conditions, 'Ready')!.lastTransitionTime : 0
  return [
    pod.spec.nodeName === '' ? 0 : 1,
    PHASE_ORDER[pod.status.phase],
    ready ? 1 : 0,
    Number(pod.meta.annotations['controller.kubernetes.io/pod-deletion-cost'] ?? 0),
    -sameNode,
    ready ? magnitude(now - since) : 0,
    -restartsOf(pod),
    magnitude(now - pod.meta.creationTimestamp),
  ]
}

/** LogarithmicScaleDown: ages within a power of two count as equal. */
const magnitude = (age: Nanos): number => (age <= 0 ? 0 : Math.floor(Math.log2(age)))

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] - b[i]
  return 0
}
