import { scaled } from '../api/int-or-percent.ts'
import type { Deployment, ReplicaSet } from '../api/workloads.ts'

/** What a rolling update may do at most: pods above the wanted number, and pods short of it. */
export function bounds({ spec }: Deployment): { readonly surge: number; readonly unavailable: number } {
  if (spec.strategy.type === 'Recreate') return { surge: 0, unavailable: spec.replicas }
  const surge = scaled(spec.strategy.maxSurge, spec.replicas, true)
  const unavailable = scaled(spec.strategy.maxUnavailable, spec.replicas, false)
  // ResolveFenceposts: both rounding to nothing would be a standstill.
  return surge === 0 && unavailable === 0
    ? { surge, unavailable: 1 }
    : { surge, unavailable: Math.min(unavailable, spec.replicas) }
}

export const sumOf = <T>(all: readonly T[], value: (one: T) => number): number =>
  all.reduce((sum, one) => sum + value(one), 0)

/** deploymentutil.NewRSNewReplicas: as many as the surge leaves room for. `present` is what the new set has. */
export function newReplicas(deployment: Deployment, old: readonly ReplicaSet[], present: number): number {
  const { replicas, strategy } = deployment.spec
  if (strategy.type === 'Recreate') return replicas
  const most = replicas + bounds(deployment).surge
  const now = sumOf(old, ({ spec }) => spec.replicas) + present
  if (now >= most) return Math.min(present, replicas)
  return present > replicas ? replicas : present + Math.min(most - now, replicas - present)
}

export interface Scaling {
  readonly set: ReplicaSet
  readonly replicas: number
}

/**
 * reconcileOldReplicaSets: old pods that are not healthy go first, since they serve nobody; then as many as leave enough
 * available ones.
 */
export function scaleDownOld(deployment: Deployment, fresh: ReplicaSet, old: readonly ReplicaSet[]): Scaling[] {
  const total = sumOf(old, ({ spec }) => spec.replicas) + fresh.spec.replicas
  const least = deployment.spec.replicas - bounds(deployment).unavailable
  const missing = fresh.spec.replicas - fresh.status.availableReplicas
  let allowed = total - least - missing
  const left = new Map(old.map((set) => [set, set.spec.replicas]))
  const oldest = [...old].sort((a, b) => a.meta.creationTimestamp - b.meta.creationTimestamp)
  for (const set of oldest) {
    const unhealthy = Math.max(0, set.spec.replicas - set.status.availableReplicas)
    const down = Math.max(0, Math.min(unhealthy, allowed))
    left.set(set, set.spec.replicas - down)
    allowed -= down
  }
  const available = sumOf(old, ({ status }) => status.availableReplicas) + fresh.status.availableReplicas
  let spare = Math.min(available - least, allowed)
  for (const set of oldest) {
    const down = Math.max(0, Math.min(left.get(set)!, spare))
    left.set(set, left.get(set)! - down)
    spare -= down
  }
  return [...left]
    .filter(([set, replicas]) => replicas !== set.spec.replicas)
    .map(([set, replicas]) => ({ set, replicas }))
}

/** Deployment.scale in mid-rollout: what is to be added or taken is shared by size, the rest goes to the largest. */
export function proportional(deployment: Deployment, active: readonly ReplicaSet[]): Scaling[] {
  const size = deployment.spec.replicas === 0 ? 0 : deployment.spec.replicas + bounds(deployment).surge
  const total = sumOf(active, ({ spec }) => spec.replicas)
  const change = size - total
  let left = change
  const largest = [...active].sort((a, b) => b.spec.replicas - a.spec.replicas)
  const shares = largest.map((set) => {
    const wish = Math.round((set.spec.replicas * change) / total)
    const share = change > 0 ? Math.min(wish, left) : Math.max(wish, left)
    left -= share
    return { set, replicas: Math.max(0, set.spec.replicas + share) }
  })
  if (shares.length > 0) shares[0] = { ...shares[0], replicas: Math.max(0, shares[0].replicas + left) }
  return shares
}
