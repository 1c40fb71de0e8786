import { type CronJob, type Job, type JobSpec, NEW_JOB_STATUS } from './batch.ts'
import type { NamespaceObject, NodeObject, PodDisruptionBudget } from './cluster-objects.ts'
import { type Labels, NO_LABELS } from './meta.ts'
import { newMeta, type ObjectMeta } from './object.ts'
import { NEW_POD_STATUS, type PodObject } from './pod-object.ts'
import type { Container, PodSpec, PodTemplate } from './pod-spec.ts'
import { NO_RESOURCES } from './quantity.ts'
import { selectorOf } from './selector.ts'
import type { DaemonSet, Deployment, ReplicaSet, ReplicationController, StatefulSet } from './workloads.ts'
import { NEW_DAEMON_SET_STATUS, NEW_DEPLOYMENT_STATUS, NEW_STATEFUL_SET_STATUS, NO_REPLICAS } from './workloads.ts'

const NONE: readonly never[] = Object.freeze([])

/** A container with the API server's defaults. */
export const container = (name: string, given: Partial<Container> = {}): Container => ({
  name,
  image: name,
  imagePullPolicy: 'IfNotPresent',
  command: NONE,
  args: NONE,
  ports: NONE,
  requests: NO_RESOURCES,
  startupProbe: null,
  readinessProbe: null,
  livenessProbe: null,
  preStop: null,
  sidecar: false,
  ...given,
})

/** A pod's spec with the API server's defaults. */
export const podSpec = (given: Partial<PodSpec> = {}): PodSpec => ({
  nodeName: '',
  initContainers: NONE,
  containers: [container('app')],
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  activeDeadlineSeconds: null,
  hostNetwork: false,
  hostname: '',
  subdomain: '',
  nodeSelector: NO_LABELS,
  affinity: null,
  tolerations: NONE,
  topologySpreadConstraints: NONE,
  priority: 0,
  preemptionPolicy: 'PreemptLowerPriority',
  readinessGates: NONE,
  schedulingGates: NONE,
  ...given,
})

export const template = (labels: Labels, spec: Partial<PodSpec> = {}): PodTemplate => ({
  meta: { labels, annotations: NO_LABELS },
  spec: podSpec(spec),
})

const meta = (name: string, given: Partial<ObjectMeta> = {}): ObjectMeta =>
  newMeta({ namespace: 'default', name, ...given })

export const pod = (name: string, labels: Labels = NO_LABELS, spec: Partial<PodSpec> = {}): PodObject => ({
  kind: 'Pod',
  meta: meta(name, { labels }),
  spec: podSpec(spec),
  status: NEW_POD_STATUS,
})

export const namespace = (name: string): NamespaceObject => ({
  kind: 'Namespace',
  meta: newMeta({ name }),
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
})

/** A Ready node with four cores, 8 GiB and room for 110 pods. */
export const node = (name: string, labels: Labels = NO_LABELS, spec: Partial<NodeObject['spec']> = {}): NodeObject => ({
  kind: 'Node',
  meta: newMeta({ name, labels: { 'kubernetes.io/hostname': name, ...labels } }),
  spec: { podCIDRs: NONE, unschedulable: false, taints: NONE, ...spec },
  status: {
    addresses: NONE,
    allocatable: { cpu: 4000, memory: 8 * 2 ** 30, pods: 110 },
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'KubeletReady',
        message: 'kubelet is posting ready status',
        lastTransitionTime: 0,
      },
    ],
  },
})

interface Replicated {
  readonly replicas?: number
  readonly labels?: Labels
  readonly minReadySeconds?: number
  readonly spec?: Partial<PodSpec>
}

export const replicaSet = (name: string, given: Replicated = {}): ReplicaSet => {
  const labels = given.labels ?? { app: name }
  const { replicas = 1, minReadySeconds = 0 } = given
  return {
    kind: 'ReplicaSet',
    meta: meta(name),
    spec: { replicas, minReadySeconds, selector: selectorOf(labels), template: template(labels, given.spec) },
    status: NO_REPLICAS,
  }
}

export const replicationController = (name: string, given: Replicated = {}): ReplicationController => {
  const { spec, ...rest } = replicaSet(name, given)
  const { matchLabels: selector } = spec.selector
  return { ...rest, kind: 'ReplicationController', spec: { ...spec, selector } }
}

export const deployment = (
  name: string,
  given: Replicated & Partial<Pick<Deployment['spec'], 'strategy' | 'paused'>> = {},
): Deployment => {
  const { spec, ...rest } = replicaSet(name, given)
  return {
    ...rest,
    kind: 'Deployment',
    spec: {
      ...spec,
      strategy: given.strategy ?? { type: 'RollingUpdate', maxSurge: '25%', maxUnavailable: '25%' },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      paused: given.paused ?? false,
    },
    status: NEW_DEPLOYMENT_STATUS,
  }
}

export const statefulSet = (name: string, given: Replicated & Partial<StatefulSet['spec']> = {}): StatefulSet => {
  const { spec, ...rest } = replicaSet(name, given)
  return {
    ...rest,
    kind: 'StatefulSet',
    spec: {
      ...spec,
      serviceName: given.serviceName ?? name,
      podManagementPolicy: given.podManagementPolicy ?? 'OrderedReady',
      updateStrategy: given.updateStrategy ?? { type: 'RollingUpdate', partition: 0 },
      ordinalsStart: given.ordinalsStart ?? 0,
    },
    status: NEW_STATEFUL_SET_STATUS,
  }
}

export const daemonSet = (
  name: string,
  given: Replicated & Partial<Pick<DaemonSet['spec'], 'updateStrategy'>> = {},
): DaemonSet => {
  const { replicas: _, ...spec } = replicaSet(name, given).spec
  return {
    kind: 'DaemonSet',
    meta: meta(name),
    spec: {
      ...spec,
      updateStrategy: given.updateStrategy ?? { type: 'RollingUpdate', maxSurge: 0, maxUnavailable: 1 },
    },
    status: NEW_DAEMON_SET_STATUS,
  }
}

export const jobSpec = (given: Partial<JobSpec> = {}, spec: Partial<PodSpec> = {}): JobSpec => ({
  parallelism: 1,
  completions: 1,
  completionMode: 'NonIndexed',
  backoffLimit: 6,
  backoffLimitPerIndex: null,
  maxFailedIndexes: null,
  activeDeadlineSeconds: null,
  ttlSecondsAfterFinished: null,
  suspend: false,
  manualSelector: false,
  selector: null,
  template: template(NO_LABELS, { restartPolicy: 'Never', ...spec }),
  podFailurePolicy: NONE,
  successPolicy: NONE,
  ...given,
})

export const job = (name: string, given: Partial<JobSpec> = {}, spec: Partial<PodSpec> = {}): Job => ({
  kind: 'Job',
  meta: meta(name),
  spec: jobSpec(given, spec),
  status: NEW_JOB_STATUS,
})

export const cronJob = (name: string, schedule: string, given: Partial<CronJob['spec']> = {}): CronJob => ({
  kind: 'CronJob',
  meta: meta(name),
  spec: {
    ...{ schedule, timeZone: '', concurrencyPolicy: 'Allow', suspend: false, startingDeadlineSeconds: null },
    ...{ successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1, jobLabels: NO_LABELS, job: jobSpec() },
    ...given,
  },
  status: { lastScheduleTime: null, active: NONE },
})

/** Over the pods `app=NAME`. */
export const budget = (name: string, spec: Partial<PodDisruptionBudget['spec']>): PodDisruptionBudget => ({
  kind: 'PodDisruptionBudget',
  meta: meta(name),
  spec: { selector: selectorOf({ app: name }), minAvailable: null, maxUnavailable: null, ...spec },
  status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
})
