import type { Nanos } from '../../sim/time.ts'
import type { Recorder } from '../../trace/recorder.ts'
import type { StepId } from '../../trace/step.ts'
import type { KubeEvent, ObjectRef } from '../../trace/steps/kube.ts'
import type { EndpointSliceObject, EventObject } from './cluster-objects.ts'
import type { KubeObject } from './kinds.ts'
import { nameOf } from './meta.ts'
import { controllerOf } from './object.ts'
import { type ContainerStatus, conditionOf, type PodObject } from './pod-object.ts'

export const refOf = ({ kind, meta }: Pick<KubeObject, 'kind' | 'meta'>): ObjectRef => ({
  kind,
  namespace: meta.namespace,
  name: meta.name,
  uid: meta.uid,
})

type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED'

/** Events are made only where they are recorded; counted they are always, so that recording changes no id. */
type Emit = (cause: StepId, make: () => KubeEvent) => StepId

/** Records a change and what of it people look for: a pod's node, phase, conditions, containers; a slice's endpoints. */
export function recordChange(
  recorder: Recorder,
  at: Nanos,
  cause: StepId,
  by: string,
  type: ChangeType,
  object: KubeObject,
  before: KubeObject | null,
): StepId {
  const place = recorder.on ? recorder.place(object.kind === 'Pod' ? object.spec.nodeName : '', 'host', '') : 0
  const emit: Emit = recorder.on ? (why, make) => recorder.step(at, place, why, 0, null, make()) : () => recorder.skip()
  if (object.kind === 'Event') return emit(cause, () => eventStep(object))
  const { resourceVersion } = object.meta
  const step = emit(cause, () => {
    const owner = controllerOf(object.meta)
    return {
      ...({
        kind: 'kube-object',
        change: changeOf(type, object, before),
        object: refOf(object),
        resourceVersion,
        by,
      } as const),
      owner: owner === null ? null : { kind: owner.kind, name: owner.name },
      grace: object.meta.deletionGracePeriodSeconds,
    }
  })
  if (object.kind === 'Pod' && type !== 'DELETED') podSteps(object, before as PodObject | null, step, emit)
  if (object.kind === 'EndpointSlice') emit(step, () => endpointsStep(object, type === 'DELETED'))
  return step
}

function changeOf(
  type: ChangeType,
  object: KubeObject,
  before: KubeObject | null,
): 'created' | 'updated' | 'deleting' | 'deleted' {
  if (type === 'ADDED') return 'created'
  if (type === 'DELETED') return 'deleted'
  const began = object.meta.deletionTimestamp !== null && before?.meta.deletionTimestamp === null
  return began ? 'deleting' : 'updated'
}

function podSteps(pod: PodObject, before: PodObject | null, cause: StepId, emit: Emit): void {
  const { status, spec } = pod
  if (spec.nodeName !== (before?.spec.nodeName ?? '')) {
    emit(cause, () => ({ kind: 'pod-scheduled', pod: refOf(pod), node: spec.nodeName }))
  }
  const old = before?.status
  if (status === old) return
  containerSteps(pod, status.initContainerStatuses, old?.initContainerStatuses ?? [], cause, emit)
  containerSteps(pod, status.containerStatuses, old?.containerStatuses ?? [], cause, emit)
  const { phase } = status
  if (phase !== old?.phase) {
    emit(cause, () => ({ kind: 'pod-phase', pod: refOf(pod), from: old?.phase ?? '', to: phase }))
  }
  if (status.conditions === old?.conditions) return
  for (const { type, status: value, reason } of status.conditions) {
    const known = conditionOf(old?.conditions ?? [], type)
    if (known?.status === value && known.reason === reason) continue
    emit(cause, () => ({ kind: 'pod-condition', pod: refOf(pod), condition: type, status: value, reason }))
  }
}

function containerSteps(
  pod: PodObject,
  now: readonly ContainerStatus[],
  before: readonly ContainerStatus[],
  cause: StepId,
  emit: Emit,
): void {
  if (now === before) return
  now.forEach(({ name: container, state, lastState, restartCount: restarts }, i) => {
    if (before[i]?.state === state) return
    const reason = state.kind === 'running' ? '' : state.reason
    // One that waits for its restart has ended since it was last told of.
    const ended = state.kind === 'waiting' && before[i]?.state.kind === 'running' ? lastState : state
    const exitCode = ended?.kind === 'terminated' ? ended.exitCode : null
    const message = state.kind === 'waiting' ? state.message : ''
    emit(cause, () => {
      const what = { kind: 'container-state', pod: refOf(pod), container, state: state.kind } as const
      return { ...what, reason, exitCode, restarts, message }
    })
  })
}

function endpointsStep({ meta, service, endpoints }: EndpointSliceObject, gone: boolean): KubeEvent {
  const states = endpoints.map(({ addresses: [address], ready, serving, terminating, pod }) => {
    return { address, ready, serving, terminating, pod }
  })
  const name = nameOf({ namespace: meta.namespace, name: service })
  return { kind: 'endpoints', service: name, slice: meta.name, endpoints: gone ? [] : states }
}

function eventStep({ type, reason, message, involved, count, source }: EventObject): KubeEvent {
  return { kind: 'kube-event', type, reason, message, object: involved, count, source }
}
