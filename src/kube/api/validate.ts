import type { FieldError } from './errors.ts'
import type { KubeObject } from './kinds.ts'
import type { Labels } from './meta.ts'
import type { PodTemplate } from './pod-spec.ts'
import { isEmptySelector, type LabelSelector, matches, selectorOf } from './selector.ts'
import { at, invalidValue, nonNegative, required, unsupported } from './validate-field.ts'
import { validateJob } from './validate-job.ts'
import { validatePodSpec } from './validate-pod.ts'

type Workload = Extract<
  KubeObject,
  { kind: 'ReplicationController' | 'ReplicaSet' | 'Deployment' | 'StatefulSet' | 'DaemonSet' }
>

/** Everything wrong with an object by itself, in the API server's words and order. */
export function validate(object: KubeObject): FieldError[] {
  const faults: FieldError[] = []
  if (object.meta.name === '' && object.meta.generateName === '') {
    faults.push(at(['metadata', 'name'], required('name or generateName is required')))
  }
  switch (object.kind) {
    case 'Pod':
      validatePodSpec(object.spec, ['spec'], faults)
      break
    case 'ReplicationController':
    case 'ReplicaSet':
    case 'Deployment':
    case 'StatefulSet':
    case 'DaemonSet':
      validateWorkload(object, faults)
      break
    case 'Job':
      validateJob(object.spec, ['spec'], faults)
      break
    case 'CronJob':
      validateJob(object.spec.job, ['spec', 'jobTemplate', 'spec'], faults)
      break
    case 'PodDisruptionBudget':
      if (object.spec.minAvailable !== null && object.spec.maxUnavailable !== null) {
        faults.push(at(['spec'], invalidValue(object.spec, 'minAvailable and maxUnavailable cannot be both set')))
      }
  }
  return faults
}

/** What may not change in an object that is there. */
export function validateUpdate(object: KubeObject, before: KubeObject): FieldError[] {
  if (object.kind === 'Pod' && before.kind === 'Pod') {
    const moved = before.spec.nodeName !== '' && before.spec.nodeName !== object.spec.nodeName
    return moved
      ? [at(['spec'], 'Forbidden: pod updates may not change spec.nodeName: a pod is never rescheduled')]
      : []
  }
  if (!hasSelector(object) || !hasSelector(before) || object.kind === 'ReplicationController') return []
  const same = JSON.stringify(object.spec.selector) === JSON.stringify(before.spec.selector)
  return same ? [] : [at(['spec', 'selector'], invalidValue(object.spec.selector, 'field is immutable'))]
}

type Selecting =
  | Exclude<Workload, { kind: 'ReplicationController' }>
  | Extract<KubeObject, { kind: 'ReplicationController' | 'Job' }>

const hasSelector = (object: KubeObject): object is Selecting =>
  ['ReplicaSet', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'ReplicationController'].includes(object.kind)

function validateWorkload(object: Workload, faults: FieldError[]): void {
  const { spec, kind } = object
  if ('replicas' in spec) nonNegative(spec.replicas, ['spec', 'replicas'], faults)
  nonNegative(spec.minReadySeconds, ['spec', 'minReadySeconds'], faults)
  validateSelector(kind, asSelector(object), spec.template, faults)
  if (object.kind === 'Deployment') validateRolling(object.spec.strategy, ['spec', 'strategy'], faults)
  if (object.kind === 'DaemonSet') validateRolling(object.spec.updateStrategy, ['spec', 'updateStrategy'], faults)
  const path = ['spec', 'template', 'spec']
  validatePodSpec(spec.template.spec, path, faults)
  const policy = spec.template.spec.restartPolicy
  if (policy !== 'Always') faults.push(at([...path, 'restartPolicy'], unsupported(policy, ['Always'])))
}

const asSelector = (object: Workload): LabelSelector =>
  object.kind === 'ReplicationController' ? selectorOf(object.spec.selector) : object.spec.selector

function validateSelector(kind: string, selector: LabelSelector, template: PodTemplate, faults: FieldError[]): void {
  const path = ['spec', 'selector']
  if (isEmptySelector(selector)) {
    const text =
      kind === 'ReplicationController'
        ? required()
        : invalidValue({}, `empty selector is invalid for ${kind.toLowerCase()}`)
    faults.push(at(path, text))
  } else if (!matches(selector, template.meta.labels)) {
    const labels: Labels = template.meta.labels
    faults.push(
      at(
        ['spec', 'template', 'metadata', 'labels'],
        invalidValue(labels, '`selector` does not match template `labels`'),
      ),
    )
  }
}

function validateRolling(strategy: { readonly type: string }, path: string[], faults: FieldError[]): void {
  if (!('maxSurge' in strategy && 'maxUnavailable' in strategy)) return
  const isZero = (value: unknown): boolean => value === 0 || value === '0%'
  if (isZero(strategy.maxSurge) && isZero(strategy.maxUnavailable)) {
    const message = invalidValue(strategy.maxUnavailable, 'may not be 0 when `maxSurge` is 0')
    faults.push(at([...path, 'rollingUpdate', 'maxUnavailable'], message))
  }
}
