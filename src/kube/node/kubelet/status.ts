import type { Nanos } from '../../../sim/time.ts'
import type { Address } from '../../../util/address.ts'
import {
  type Condition,
  ConditionChanges,
  type ContainerStatus,
  conditionOf,
  type Phase,
  type PodObject,
  type PodStatus,
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
  const changes = new ConditionChanges(object.status.conditions, now)
  changes.set('PodReadyToStartContainers', hasSandbox ? 'True' : 'False')
  if (init.every(isInitialized)) changes.set('Initialized', 'True', phase === 'Succeeded' ? 'PodCompleted' : '')
  else {
    const message = `containers with incomplete status: [${namesOf(init.filter(isUnready))}]`
    changes.set('Initialized', 'False', 'ContainersNotInitialized', message)
  }
  if (conditionOf(changes.list, 'PodScheduled') === null) changes.set('PodScheduled', 'True')
  const ended = isEnd(phase)
  if (ended || main.some(isUnready) || init.some((run) => run.spec.sidecar && isUnready(run))) {
    const why = phase === 'Succeeded' ? 'PodCompleted' : phase === 'Failed' ? 'PodFailed' : 'ContainersNotReady'
    const unready = [...init.filter(({ spec }) => spec.sidecar), ...main].filter(isUnready)
    const message = ended ? '' : `containers with unready status: [${namesOf(unready)}]`
    changes.set('ContainersReady', 'False', why, message)
    changes.set('Ready', 'False', why, message)
    return changes.list
  }
  changes.set('ContainersReady', 'True')
  const gate = object.spec.readinessGates.find((type) => conditionOf(changes.list, type)?.status !== 'True')
  if (gate === undefined) changes.set('Ready', 'True')
  else {
    const status = conditionOf(changes.list, gate)?.status ?? 'False'
    const message = `the status of pod readiness gate "${gate}" is not "True", but ${status}`
    changes.set('Ready', 'False', 'ReadinessGatesNotReady', message)
  }
  return changes.list
}

const isUnready = ({ isReady }: ContainerRun): boolean => !isReady

const namesOf = (runs: readonly ContainerRun[]): string => runs.map(({ spec }) => spec.name).join(' ')
