import type { Nanos } from '../../sim/time.ts'
import type { Address } from '../../util/address.ts'
import type { ObjectMeta } from './object.ts'
import type { Container, PodSpec } from './pod-spec.ts'

export type ConditionStatus = 'True' | 'False' | 'Unknown'

/** A condition of a pod, node, Deployment or Job. */
export interface Condition {
  readonly type: string
  readonly status: ConditionStatus
  readonly reason: string
  readonly message: string
  readonly lastTransitionTime: Nanos
}

export type ContainerState =
  | { readonly kind: 'waiting'; readonly reason: string; readonly message: string }
  | { readonly kind: 'running'; readonly startedAt: Nanos }
  | {
      readonly kind: 'terminated'
      readonly exitCode: number
      /** 0 unless a signal ended it. */
      readonly signal: number
      /** `Completed`, `Error`, `OOMKilled`. */
      readonly reason: string
      readonly startedAt: Nanos
      readonly finishedAt: Nanos
    }

export interface ContainerStatus {
  readonly name: string
  readonly state: ContainerState
  readonly lastState: ContainerState | null
  readonly ready: boolean
  /** null until the startup probe, where there is one, has succeeded. */
  readonly started: boolean
  readonly restartCount: number
}

/** Kubernetes ceased to set `Unknown` (it was for nodes that fell silent), so it is not among them. */
export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

export interface PodStatus {
  readonly phase: Phase
  readonly reason: string
  readonly message: string
  readonly conditions: readonly Condition[]
  readonly podIPs: readonly Address[]
  readonly hostIPs: readonly Address[]
  /** When kubelet took it over; null before. */
  readonly startTime: Nanos | null
  readonly initContainerStatuses: readonly ContainerStatus[]
  readonly containerStatuses: readonly ContainerStatus[]
  /** A node that preemption made room on. */
  readonly nominatedNodeName: string
}

/** core/v1 Pod as controllers, scheduler and kubelet see it. */
export interface PodObject {
  readonly kind: 'Pod'
  readonly meta: ObjectMeta
  readonly spec: PodSpec
  readonly status: PodStatus
}

const NONE: readonly never[] = Object.freeze([])

export const NEW_POD_STATUS: PodStatus = Object.freeze({
  phase: 'Pending',
  reason: '',
  message: '',
  conditions: NONE,
  podIPs: NONE,
  hostIPs: NONE,
  startTime: null,
  initContainerStatuses: NONE,
  containerStatuses: NONE,
  nominatedNodeName: '',
})

export function conditionOf(conditions: readonly Condition[], type: string): Condition | null {
  const at = placeOf(conditions, type)
  return at < 0 ? null : conditions[at]
}

function placeOf(conditions: readonly Condition[], type: string): number {
  for (let i = 0; i < conditions.length; i++) if (conditions[i].type === type) return i
  return -1
}

/** Conditions from one state to the next. The list is copied once, when the first of them changes. */
export class ConditionChanges {
  private changed: Condition[] | null = null

  constructor(
    private readonly before: readonly Condition[],
    private readonly now: Nanos,
  ) {}

  /** The same array as before when nothing changed. */
  get list(): readonly Condition[] {
    return this.changed ?? this.before
  }

  /** A transition time changes only with the status. */
  set(type: string, status: ConditionStatus, reason = '', message = ''): void {
    const at = placeOf(this.list, type)
    const old = at < 0 ? null : this.list[at]
    if (old !== null && old.status === status && old.reason === reason && old.message === message) return
    const lastTransitionTime = old !== null && old.status === status ? old.lastTransitionTime : this.now
    this.changed ??= this.before.slice()
    this.changed[at < 0 ? this.changed.length : at] = { type, status, reason, message, lastTransitionTime }
  }
}

/** The conditions with one set; the same array when nothing changed. */
export function withCondition(
  conditions: readonly Condition[],
  now: Nanos,
  type: string,
  status: ConditionStatus,
  reason = '',
  message = '',
): readonly Condition[] {
  const changes = new ConditionChanges(conditions, now)
  changes.set(type, status, reason, message)
  return changes.list
}

export const isReady = ({ status }: PodObject): boolean => conditionOf(status.conditions, 'Ready')?.status === 'True'

/** podutil.IsPodAvailable: ready for `minReadySeconds` at least. */
export function isAvailable(pod: PodObject, minReadySeconds: number, now: Nanos): boolean {
  const ready = conditionOf(pod.status.conditions, 'Ready')
  return ready?.status === 'True' && now - ready.lastTransitionTime >= minReadySeconds * 1e9
}

export const isFinished = ({ status: { phase } }: PodObject): boolean => phase === 'Succeeded' || phase === 'Failed'

/** controller.IsPodActive: counts towards replicas. */
export const isActive = (pod: PodObject): boolean => !isFinished(pod) && pod.meta.deletionTimestamp === null

export const restartsOf = ({ status }: PodObject): number =>
  [...status.initContainerStatuses, ...status.containerStatuses].reduce(
    (sum, { restartCount }) => sum + restartCount,
    0,
  )

/** The number of a port given by name or number, null for a name that no container has. */
export function portNumber(port: number | string, containers: readonly Container[]): number | null {
  if (typeof port === 'number') return port
  for (const { ports } of containers) for (const own of ports) if (own.name === port) return own.port
  return null
}
