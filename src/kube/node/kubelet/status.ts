import type { Nanos } from '../../../sim/time.ts'
import type { Address } from '../../../util/address.ts'
import {
  type Condition,
  type ContainerStatus,
  conditionOf,
  type Phase,
  type PodObject,
  type PodStatus,
  withCondition,
} from '../../api/pod-object.ts'
import type { ContainerRun } from './container.ts'

/** What status is made of. */
export interface Reported {
  readonly object: PodObject
  readonly init: readonly ContainerRun[]
  readonly main: readonly ContainerRun[]
  readonly addresses: readonly Address[]
  readonly startTime: Nanos | null
  readonly failure: { readonly reason: string; readonly message: string } | null
  readonly hasSandbox: boolean
  readonly now: Nanos
}

/** kubelet's generateAPIPodStatus: phase, conditions and containers as they are now, beside what others wrote. */
export function statusOf(pod: Reported, hostIPs: readonly Address[]): PodStatus {
  const { status } = pod.object
  const phase = phaseOf(pod)
  const initContainerStatuses = statuses(pod.init, status.initContainerStatuses)
  const containerStatuses = statuses(pod.main, status.containerStatuses)
  return {
    ...status,
    phase,
    reason: pod.failure?.reason ?? status.reason,
    message: pod.failure?.message ?? status.message,
    conditions: conditionsOf(pod, phase),
    podIPs: pod.hasSandbox || isEnd(phase) ? pod.addresses : status.podIPs,
    hostIPs,
    startTime: pod.startTime,
    initContainerStatuses,
    containerStatuses,
  }
}

const isEnd = (phase: Phase): boolean => phase === 'Succeeded' || phase === 'Failed'

const NONE: readonly ContainerStatus[] = Object.freeze([])

/** The old array when nothing in it changed. */
function statuses(runs: readonly ContainerRun[], before: readonly ContainerStatus[]): readonly ContainerStatus[] {
  if (runs.length === 0) return NONE
  const now = runs.map(({ status }) => status)
  const same = now.length === before.length && now.every((status, i) => isSame(status, before[i]))
  return same ? before : now
}

const isSame = (a: ContainerStatus, b: ContainerStatus): boolean =>
  a.state === b.state && a.ready === b.ready && a.started === b.started && a.restartCount === b.restartCount

/** getPhase: what the restart policy makes of the containers' states. */
function phaseOf({ object, init, main, failure, hasSandbox }: Reported): Phase {
  const { restartPolicy } = object.spec
  if (isEnd(object.status.phase)) return object.status.phase
  if (failure !== null && main.every(({ isRunning }) => !isRunning)) return 'Failed'
  if (
    restartPolicy === 'Never' &&
    init.some(({ exitCode, spec }) => !spec.sidecar && exitCode !== null && exitCode !== 0)
  )
    return 'Failed'
  const going = object.meta.deletionTimestamp !== null
  const over = main.every(
    ({ isDone, exitCode }) =>
      isDone && (going || restartPolicy === 'Never' || (restartPolicy === 'OnFailure' && exitCode === 0)),
  )
  if (over && init.every(({ isRunning }) => !isRunning))
    return main.every(({ exitCode }) => exitCode === 0) ? 'Succeeded' : 'Failed'
  const began = main.some(({ isRunning, isDone, lastState }) => isRunning || isDone || lastState !== null)
  const initialized = init.every((run) => isInitialized(run))
  return began &&
    (initialized || object.status.phase === 'Running') &&
    (hasSandbox || object.status.phase === 'Running')
    ? 'Running'
    : 'Pending'
}

const isInitialized = ({ spec, exitCode, isRunning, hasStarted, lastState }: ContainerRun): boolean =>
  spec.sidecar ? (isRunning && hasStarted) || lastState !== null : exitCode === 0

function conditionsOf(pod: Reported, phase: Phase): readonly Condition[] {
  const { object, init, main, now, hasSandbox } = pod
  const failed = (list: readonly ContainerRun[]): string[] =>
    list.filter(({ isReady }) => !isReady).map(({ spec }) => spec.name)
  const initialized = init.every(isInitialized)
  const unready = failed([...init.filter(({ spec }) => spec.sidecar), ...main])
  const ended = phase === 'Succeeded' || phase === 'Failed'
  const why = phase === 'Succeeded' ? 'PodCompleted' : phase === 'Failed' ? 'PodFailed' : 'ContainersNotReady'
  const message = ended ? '' : `containers with unready status: [${unready.join(' ')}]`
  let list = object.status.conditions
  list = withCondition(list, now, 'PodReadyToStartContainers', hasSandbox ? 'True' : 'False')
  list = initialized
    ? withCondition(list, now, 'Initialized', 'True', phase === 'Succeeded' ? 'PodCompleted' : '')
    : withCondition(
        list,
        now,
        'Initialized',
        'False',
        'ContainersNotInitialized',
        `containers with incomplete status: [${failed(init).join(' ')}]`,
      )
  if (conditionOf(list, 'PodScheduled') === null) list = withCondition(list, now, 'PodScheduled', 'True')
  const allReady = unready.length === 0 && !ended
  list = allReady
    ? withCondition(list, now, 'ContainersReady', 'True')
    : withCondition(list, now, 'ContainersReady', 'False', why, message)
  if (!allReady) return withCondition(list, now, 'Ready', 'False', why, message)
  const missing = object.spec.readinessGates.filter((gate) => conditionOf(list, gate)?.status !== 'True')
  return missing.length === 0
    ? withCondition(list, now, 'Ready', 'True')
    : withCondition(
        list,
        now,
        'Ready',
        'False',
        'ReadinessGatesNotReady',
        `the status of pod readiness gate "${missing[0]}" is not "True", but ${conditionOf(list, missing[0])?.status ?? 'False'}`,
      )
}
