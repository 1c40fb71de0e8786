import { type JobSpec, NEW_JOB_STATUS, type PodFailureRule, type SuccessRule } from '../../../kube/api/batch.ts'
import type { PodDisruptionBudget } from '../../../kube/api/cluster-objects.ts'
import type { KubeObject } from '../../../kube/api/kinds.ts'
import type { Meta } from '../../../kube/api/meta.ts'
import { newMeta } from '../../../kube/api/object.ts'
import { NEW_POD_STATUS, type PodObject } from '../../../kube/api/pod-object.ts'
import { type LabelSelector, selectorOf } from '../../../kube/api/selector.ts'
import { validate } from '../../../kube/api/validate.ts'
import {
  type DeploymentStrategy,
  NEW_DAEMON_SET_STATUS,
  NEW_DEPLOYMENT_STATUS,
  NEW_STATEFUL_SET_STATUS,
  NO_REPLICAS,
} from '../../../kube/api/workloads.ts'
import { parseCron } from '../../../kube/control/cron-schedule.ts'
import { timeZone } from '../../../kube/control/time-zone.ts'
import type { Fields, ObjectReader } from '../fields.ts'
import { readMeta } from './meta.ts'
import { readPodSpec, readTemplate } from './pod-spec.ts'
import { readSelector } from './scheduling.ts'

const NONE = selectorOf({})

export type WorkloadKind = Exclude<
  KubeObject['kind'],
  | 'Pod'
  | 'Node'
  | 'Namespace'
  | 'Service'
  | 'EndpointSlice'
  | 'IngressClass'
  | 'Ingress'
  | 'Secret'
  | 'ConfigMap'
  | 'Event'
>

/** An object that a controller works on, with defaults, validated in the API server's words. */
export function readWorkload(kind: WorkloadKind, reader: ObjectReader, root: Fields): KubeObject {
  const meta = newMeta(readMeta(reader, root, 'Namespaced'))
  const object = build(kind, meta, root.child('spec', `${kind}Spec`), root)
  for (const { path, message } of validate(object)) root.faultAt(path, message)
  return object
}

/** A pod whose manifest has no status: one that is still to be made. */
export function readPodObject(meta: Meta, root: Fields): PodObject | null {
  if (root.has('status')) return null
  const spec = readPodSpec(root.child('spec', 'PodSpec'), 'Always')
  const object: PodObject = { kind: 'Pod', meta: newMeta(meta), spec, status: NEW_POD_STATUS }
  for (const { path, message } of validate(object)) root.faultAt(path, message)
  return object
}

function build(kind: WorkloadKind, meta: KubeObject['meta'], spec: Fields, root: Fields): KubeObject {
  const base = (): { replicas: number; minReadySeconds: number } => ({
    replicas: spec.int('replicas', 1),
    minReadySeconds: spec.int('minReadySeconds'),
  })
  const selector = (): LabelSelector => readSelector(spec, 'selector') ?? NONE
  switch (kind) {
    case 'ReplicationController': {
      const template = readTemplate(spec)
      const own = spec.has('selector') ? spec.labels('selector') : template.meta.labels
      return { kind, meta, spec: { ...base(), selector: own, template }, status: NO_REPLICAS }
    }
    case 'ReplicaSet':
      return {
        kind,
        meta,
        spec: { ...base(), selector: selector(), template: readTemplate(spec) },
        status: NO_REPLICAS,
      }
    case 'Deployment':
      return {
        kind,
        meta,
        spec: {
          ...base(),
          selector: selector(),
          template: readTemplate(spec),
          strategy: readStrategy(spec.child('strategy', 'DeploymentStrategy')),
          revisionHistoryLimit: spec.int('revisionHistoryLimit', 10),
          progressDeadlineSeconds: spec.int('progressDeadlineSeconds', 600),
          paused: spec.flag('paused'),
        },
        status: NEW_DEPLOYMENT_STATUS,
      }
    case 'StatefulSet': {
      const strategy = spec.child('updateStrategy', 'StatefulSetUpdateStrategy')
      return {
        kind,
        meta,
        spec: {
          ...base(),
          selector: selector(),
          template: readTemplate(spec),
          serviceName: spec.text('serviceName'),
          podManagementPolicy: spec.oneOf('podManagementPolicy', ['OrderedReady', 'Parallel'], 'OrderedReady'),
          updateStrategy: {
            type: strategy.oneOf('type', ['RollingUpdate', 'OnDelete'], 'RollingUpdate'),
            partition: strategy.child('rollingUpdate', 'RollingUpdateStatefulSetStrategy').int('partition'),
          },
          ordinalsStart: spec.child('ordinals', 'StatefulSetOrdinals').int('start'),
        },
        status: NEW_STATEFUL_SET_STATUS,
      }
    }
    case 'DaemonSet': {
      const strategy = spec.child('updateStrategy', 'DaemonSetUpdateStrategy')
      const rolling = strategy.child('rollingUpdate', 'RollingUpdateDaemonSet')
      const type = strategy.oneOf('type', ['RollingUpdate', 'OnDelete'], 'RollingUpdate')
      const maxSurge = rolling.share('maxSurge', 0)
      const maxUnavailable = rolling.share('maxUnavailable', 1)
      return {
        kind,
        meta,
        spec: {
          minReadySeconds: spec.int('minReadySeconds'),
          selector: selector(),
          template: readTemplate(spec),
          updateStrategy: type === 'OnDelete' ? { type } : { type, maxSurge, maxUnavailable },
        },
        status: NEW_DAEMON_SET_STATUS,
      }
    }
    case 'Job':
      return { kind, meta, spec: readJobSpec(spec), status: NEW_JOB_STATUS }
    case 'CronJob':
      checkSchedule(spec)
      return {
        kind,
        meta,
        spec: {
          schedule: spec.required('schedule'),
          timeZone: spec.text('timeZone'),
          concurrencyPolicy: spec.oneOf('concurrencyPolicy', ['Allow', 'Forbid', 'Replace'], 'Allow'),
          suspend: spec.flag('suspend'),
          startingDeadlineSeconds: optional(spec, 'startingDeadlineSeconds'),
          successfulJobsHistoryLimit: spec.int('successfulJobsHistoryLimit', 3),
          failedJobsHistoryLimit: spec.int('failedJobsHistoryLimit', 1),
          jobLabels: spec.child('jobTemplate', 'JobTemplateSpec').child('metadata', 'ObjectMeta').labels('labels'),
          job: readJobSpec(spec.child('jobTemplate', 'JobTemplateSpec').child('spec', 'JobSpec')),
        },
        status: { lastScheduleTime: null, active: [] },
      }
    case 'PodDisruptionBudget':
      return readBudget(meta, spec)
  }
  throw new Error(`${root} is no workload`)
}

function readStrategy(fields: Fields): DeploymentStrategy {
  const type = fields.oneOf('type', ['RollingUpdate', 'Recreate'], 'RollingUpdate')
  if (type === 'Recreate') return { type }
  const rolling = fields.child('rollingUpdate', 'RollingUpdateDeployment')
  return { type, maxSurge: rolling.share('maxSurge', '25%'), maxUnavailable: rolling.share('maxUnavailable', '25%') }
}

/** Where neither is given, one pod is run once. */
function readJobSpec(spec: Fields): JobSpec {
  const single = !spec.has('completions') && !spec.has('parallelism')
  return {
    parallelism: spec.int('parallelism', 1),
    completions: single ? 1 : optional(spec, 'completions'),
    completionMode: spec.oneOf('completionMode', ['NonIndexed', 'Indexed'], 'NonIndexed'),
    backoffLimit: spec.int('backoffLimit', spec.has('backoffLimitPerIndex') ? 2 ** 31 - 1 : 6),
    backoffLimitPerIndex: optional(spec, 'backoffLimitPerIndex'),
    maxFailedIndexes: optional(spec, 'maxFailedIndexes'),
    activeDeadlineSeconds: optional(spec, 'activeDeadlineSeconds'),
    ttlSecondsAfterFinished: optional(spec, 'ttlSecondsAfterFinished'),
    suspend: spec.flag('suspend'),
    manualSelector: spec.flag('manualSelector'),
    selector: readSelector(spec, 'selector'),
    template: readTemplate(spec),
    podFailurePolicy: spec
      .child('podFailurePolicy', 'PodFailurePolicy')
      .list('rules', 'PodFailurePolicyRule')
      .map(readFailureRule),
    successPolicy: spec.child('successPolicy', 'SuccessPolicy').list('rules', 'SuccessPolicyRule').map(readSuccessRule),
  }
}

const ACTIONS = ['FailJob', 'FailIndex', 'Ignore', 'Count'] as const

function readFailureRule(fields: Fields): PodFailureRule {
  const codes = fields.child('onExitCodes', 'PodFailurePolicyOnExitCodesRequirement')
  const both = fields.has('onExitCodes') && fields.has('onPodConditions')
  if (both || (!fields.has('onExitCodes') && !fields.has('onPodConditions')))
    fields.fault('', 'Invalid value: specifying one of OnExitCodes and OnPodConditions is required')
  if (!fields.has('action'))
    fields.fault('action', 'Required value: valid values: "Count", "FailIndex", "FailJob", "Ignore"')
  return {
    action: fields.oneOf('action', ACTIONS, 'Count'),
    onExitCodes: fields.has('onExitCodes')
      ? {
          containerName: codes.text('containerName'),
          operator: codes.oneOf('operator', ['In', 'NotIn'], 'In'),
          values: codes.ints('values'),
        }
      : null,
    onPodConditions: fields
      .list('onPodConditions', 'PodFailurePolicyOnPodConditionsPattern')
      .map((one) => ({ type: one.required('type'), status: one.text('status', 'True') })),
  }
}

function readSuccessRule(fields: Fields): SuccessRule {
  const text = fields.text('succeededIndexes')
  const indexes = fields.has('succeededIndexes') ? indexesOf(text) : null
  if (text !== '' && indexes === null)
    fields.fault('succeededIndexes', `Invalid value: "${text}": cannot convert string to integer for index`)
  return { succeededIndexes: indexes, succeededCount: fields.int('succeededCount') }
}

/** `0,2-4`: null for what is no list of indexes. */
function indexesOf(text: string): number[] | null {
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) return null
  return text.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number)
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
  })
}

/** robfig/cron's words for a line with too few fields; others it words by the field that it cannot read. */
function checkSchedule(spec: Fields): void {
  const line = spec.text('schedule')
  const zone = spec.text('timeZone')
  if (/TZ/.test(line)) {
    const why = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'
    spec.fault('schedule', `Invalid value: ${JSON.stringify(line)}: ${why}`)
    return
  }
  const fields = line.trim().split(/\s+/)
  if (line !== '' && parseCron(line) === null) {
    const count = `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`
    const why = fields.length === 5 || line.startsWith('@') ? `failed to parse ${line}` : count
    spec.fault('schedule', `Invalid value: ${JSON.stringify(line)}: ${why}`)
  }
  if (zone !== '' && timeZone(zone) === null)
    spec.fault('timeZone', `Invalid value: "${zone}": unknown time zone ${zone}`)
}

const optional = (fields: Fields, key: string): number | null => (fields.has(key) ? fields.int(key) : null)

const readBudget = (meta: KubeObject['meta'], spec: Fields): PodDisruptionBudget => ({
  kind: 'PodDisruptionBudget',
  meta,
  spec: {
    minAvailable: spec.has('minAvailable') ? spec.share('minAvailable', 1) : null,
    maxUnavailable: spec.has('maxUnavailable') ? spec.share('maxUnavailable', 1) : null,
    selector: readSelector(spec, 'selector'),
  },
  status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
})
