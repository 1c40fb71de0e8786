import type { LabelSelector, Requirement } from './selector.ts'

export type TaintEffect = 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'

export interface Taint {
  readonly key: string
  readonly value: string
  readonly effect: TaintEffect
}

export interface Toleration {
  /** Empty with `Exists`: every taint. */
  readonly key: string
  readonly operator: 'Equal' | 'Exists'
  readonly value: string
  /** Empty: every effect. */
  readonly effect: TaintEffect | ''
  /** For NoExecute: how long the pod stays; null for ever. */
  readonly tolerationSeconds: number | null
}

/** A term holds when all its requirements do. */
export interface NodeSelectorTerm {
  readonly matchExpressions: readonly Requirement[]
  /** Only `metadata.name` exists. */
  readonly matchFields: readonly Requirement[]
}

export interface PodAffinityTerm {
  readonly labelSelector: LabelSelector | null
  readonly topologyKey: string
  /** Empty: the pod's own namespace. */
  readonly namespaces: readonly string[]
}

export interface Weighted<T> {
  readonly weight: number
  readonly term: T
}

export interface Affinity {
  /** Terms of which one must hold; null when nothing is required. */
  readonly nodeRequired: readonly NodeSelectorTerm[] | null
  readonly nodePreferred: readonly Weighted<NodeSelectorTerm>[]
  readonly podRequired: readonly PodAffinityTerm[]
  readonly podPreferred: readonly Weighted<PodAffinityTerm>[]
  readonly antiRequired: readonly PodAffinityTerm[]
  readonly antiPreferred: readonly Weighted<PodAffinityTerm>[]
}

export interface TopologySpreadConstraint {
  readonly maxSkew: number
  readonly topologyKey: string
  readonly whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway'
  readonly labelSelector: LabelSelector | null
  readonly minDomains: number
}

/** v1helper.ToleratesTaint. */
export const tolerates = (toleration: Toleration, taint: Taint): boolean =>
  (toleration.effect === '' || toleration.effect === taint.effect) &&
  (toleration.key === '' || toleration.key === taint.key) &&
  (toleration.operator === 'Exists' || toleration.value === taint.value)

/** The first taint of these effects that nothing tolerates, or null. */
export function untolerated(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  effects: readonly TaintEffect[],
): Taint | null {
  for (const taint of taints) {
    if (effects.includes(taint.effect) && !tolerations.some((toleration) => tolerates(toleration, taint))) return taint
  }
  return null
}
