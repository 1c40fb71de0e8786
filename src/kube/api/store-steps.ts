import type { Nanos } from '../../sim/time.ts'
import type { Recorder } from '../../trace/recorder.ts'
import type { StepId } from '../../trace/step.ts'
import type { KubeEvent, ObjectRef } from '../../trace/steps/kube.ts'
import type { KubeObject } from './kinds.ts'
import { nameOf } from './meta.ts'
import { type ContainerStatus, conditionOf, type PodObject } from './pod-object.ts'

export const refOf = ({ kind, meta }: Pick<KubeObject, 'kind' | 'meta'>): ObjectRef => ({
  kind,
  namespace: meta.namespace,
  name: meta.name,
  uid: meta.uid,
})

interface News {
  readonly object: KubeObject
  readonly before: KubeObject | null
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
}

/** Records a change and what of it people look for: a pod's node, phase, conditions, containers; a slice's endpoints. */
export function recordChange(recorder: Recorder, at: Nanos, cause: StepId, by: string, news: News): StepId {
  const { object, before } = news
  const place = recorder.place(object.kind === 'Pod' ? object.spec.nodeName : '', 'host', '')
  const emit = (why: StepId, event: KubeEvent): StepId => recorder.step(at, place, why, 0, null, event)
  if (object.kind === 'Event') return emit(cause, eventStep(object))
  const { resourceVersion } = object.meta
  const step = emit(cause, { kind: 'kube-object', change: changeOf(news), object: refOf(object), resourceVersion, by })
  if (object.kind === 'Pod' && news.type !== 'DELETED') {
    podSteps(object, before as PodObject | null, (event) => emit(step, event))
  }
  if (object.kind === 'EndpointSlice') {
    const endpoints = news.type === 'DELETED' ? [] : object.endpoints
    emit(step, {
      kind: 'endpoints',
      service: nameOf({ namespace: object.meta.namespace, name: object.service }),
      slice: object.meta.name,
      endpoints: endpoints.map(({ addresses: [address], ready, serving, terminating, pod }) => ({
        ...{ address, ready, serving, terminating, pod },
      })),
    })
  }
  return step
}

function changeOf({ type, object, before }: News): 'created' | 'updated' | 'deleting' | 'deleted' {
  if (type === 'ADDED') return 'created'
  if (type === 'DELETED') return 'deleted'
  const began = object.meta.deletionTimestamp !== null && before?.meta.deletionTimestamp === null
  return began ? 'deleting' : 'updated'
}

function podSteps(pod: PodObject, before: PodObject | null, emit: (event: KubeEvent) => void): void {
  const ref = refOf(pod)
  if (pod.spec.nodeName !== (before?.spec.nodeName ?? '')) {
    emit({ kind: 'pod-scheduled', pod: ref, node: pod.spec.nodeName })
  }
  const { status } = pod
  const old = before?.status
  if (status === old) return
  if (status.phase !== old?.phase) emit({ kind: 'pod-phase', pod: ref, from: old?.phase ?? '', to: status.phase })
  if (status.conditions !== old?.conditions) {
    for (const { type, status: value, reason } of status.conditions) {
      const known = conditionOf(old?.conditions ?? [], type)
      if (known?.status === value && known.reason === reason) continue
      emit({ kind: 'pod-condition', pod: ref, condition: type, status: value, reason })
    }
  }
  containerSteps(ref, status.initContainerStatuses, old?.initContainerStatuses ?? [], emit)
  containerSteps(ref, status.containerStatuses, old?.containerStatuses ?? [], emit)
}

function containerSteps(
  pod: ObjectRef,
  now: readonly ContainerStatus[],
  before: readonly ContainerStatus[],
  emit: (event: KubeEvent) => void,
): void {
  if (now === before) return
  now.forEach(({ name, state, restartCount }, i) => {
    if (before[i]?.state === state) return
    const reason = state.kind === 'running' ? '' : state.reason
    const exitCode = state.kind === 'terminated' ? state.exitCode : null
    emit({ kind: 'container-state', pod, container: name, state: state.kind, reason, exitCode, restarts: restartCount })
  })
}

function eventStep(event: Extract<KubeObject, { kind: 'Event' }>): KubeEvent {
  const { type, reason, message, involved, count, source } = event
  return { kind: 'kube-event', type, reason, message, object: involved, count, source }
}
