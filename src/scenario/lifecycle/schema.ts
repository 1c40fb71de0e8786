import * as z from 'zod'
import { duration } from '../load/duration.ts'

/** Which pods: one by its name, or `count` of those with the labels, the first by name. */
const pods = {
  namespace: z.string().min(1).default('default'),
  name: z.string().min(1).optional(),
  selector: z.string().min(1).optional().describe('app=web,tier=front'),
  count: z.int().min(1).optional().describe('how many of those selected; all by default'),
}
const selected = z.string().min(1)
const probe = z.enum(['startup', 'readiness', 'liveness'])
const node = z.strictObject({ name: z.string().min(1) })
const WORKLOADS = ['Deployment', 'ReplicaSet', 'ReplicationController', 'StatefulSet'] as const
const workload = {
  namespace: z.string().min(1).default('default'),
  kind: z.enum(WORKLOADS).default('Deployment'),
  name: z.string().min(1),
}

const DELETABLE = [
  ...WORKLOADS,
  'DaemonSet',
  'Job',
  'CronJob',
  'Service',
  'Ingress',
  'Secret',
  'PodDisruptionBudget',
  'Pod',
  'Namespace',
] as const

/** What can be expected of the cluster at a moment: by a step `check`, and of the whole at its end. */
export const lifeExpectation = {
  pod: z.string().optional().describe('NS/NAME'),
  selector: selected.optional().describe('app=web: of each of these pods that is not on its way out, `in` a namespace'),
  in: z.string().min(1).optional().describe('the namespace of `selector`; default by default'),
  pods: z.int().min(0).optional().describe('how many pods the selector finds'),
  phase: z.enum(['Pending', 'Running', 'Succeeded', 'Failed', 'gone']).optional(),
  ready: z.int().min(0).optional().describe('ready endpoints or pods; of one pod or a node, 1 for Ready and 0 for not'),
  restarts: z.int().min(0).optional(),
  node: z.string().optional().describe('where the pod is; alone, a Node whose readiness is asked'),
  address: z
    .string()
    .optional()
    .describe('an IP address; or kept, changed: whether the pods of this name always had the same one'),
  uid: z.enum(['kept', 'changed']).optional().describe('whether it is still the pod that had the name first'),
  endpoints: z.string().optional().describe('NS/NAME of a Service'),
  requests: z
    .strictObject({
      failedAtMost: z.int().min(0).optional(),
      failedAtLeast: z.int().min(0).optional(),
      atLeast: z.int().min(0).default(1).describe('how many were made'),
      client: z.string().optional().describe('NS/NAME: only those of this client'),
      from: duration.optional().describe('only those that began at this time or later'),
      until: duration.optional().describe('only those that began before'),
    })
    .optional()
    .describe('of the traffic'),
  job: z.string().optional().describe('NS/NAME'),
  state: z.enum(['active', 'complete', 'failed', 'suspended']).optional().describe('of the job'),
  succeeded: z.int().min(0).optional().describe('pods or indexes of the job'),
  failed: z.int().min(0).optional().describe('pods of the job'),
  workload: z.string().optional().describe('KIND/[NS/]NAME: of it, `replicas` and `ready`'),
  replicas: z.int().min(0).optional().describe('pods that the workload has'),
  event: z
    .strictObject({
      reason: z.string().min(1),
      object: z.string().optional().describe('KIND/NAME'),
      message: z.string().optional().describe('a part of it'),
      atLeast: z.int().min(0).default(1),
      atMost: z.int().min(0).optional(),
    })
    .optional()
    .describe('Events of the cluster'),
}

/** What a scenario does to what lives in the cluster. */
export const lifecycleOperations = {
  apply: z
    .strictObject({
      objects: z.array(z.looseObject({ apiVersion: z.string(), kind: z.string() })).default([]),
      manifests: z.array(z.string().min(1)).default([]).describe('files beside the Scenario, or below it'),
    })
    .describe('kubectl apply'),
  delete: z
    .strictObject({
      kind: z.enum(DELETABLE),
      namespace: z.string().min(1).default('default'),
      name: z.string().min(1),
      propagation: z.enum(['Background', 'Foreground', 'Orphan']).default('Background'),
    })
    .describe('kubectl delete, --cascade'),
  rollout: z
    .strictObject({
      ...{ namespace: z.string().min(1).default('default'), name: z.string().min(1) },
      do: z.enum(['undo', 'pause', 'resume', 'restart']),
      toRevision: z.int().min(0).default(0).describe('undo: 0 is the one before'),
    })
    .describe('kubectl rollout, of a Deployment'),
  label: z
    .strictObject({ ...pods, labels: z.record(z.string(), z.string().nullable()) })
    .describe('kubectl label --overwrite; null takes a label away'),
  check: z
    .strictObject({ ...lifeExpectation, within: duration.optional() })
    .describe('what holds at this moment, or comes to hold within a time'),
  deletePod: z.strictObject({ ...pods, gracePeriodSeconds: z.int().min(0).optional() }),
  killContainer: z.strictObject({ ...pods, container: z.string().optional(), exitCode: z.int().min(0).default(137) }),
  failProbe: z
    .strictObject({ ...pods, container: z.string().optional(), probe: probe.default('readiness') })
    .describe('the containers fail a probe of theirs until fixProbe'),
  fixProbe: z.strictObject({ ...pods, container: z.string().optional(), probe: probe.default('readiness') }),
  scale: z.strictObject({ ...workload, replicas: z.int().min(0) }),
  setImage: z.strictObject({ ...workload, container: z.string().optional(), image: z.string().min(1) }),
  drain: z
    .strictObject({ name: z.string().min(1), force: z.boolean().default(false), timeout: duration.optional() })
    .describe('kubectl drain --ignore-daemonsets'),
  cordon: node.describe('kubectl cordon'),
  uncordon: node.describe('kubectl uncordon'),
  removeNode: node.describe('kubectl delete node, of a machine that is gone'),
  partitionNode: node.describe(
    'the node and the control plane no longer hear each other: its kubelet and kube-proxy keep to what they know. Its packets pass; cutLink cuts those',
  ),
  healNode: node.describe('the node and the control plane hear each other again'),
  rebootNode: z
    .strictObject({ name: z.string().min(1), duration: duration.default('30s') })
    .describe('the machine is down for so long; its pods are the same afterwards, in new sandboxes with new addresses'),
  traffic: z.strictObject({
    from: z.string().min(1),
    url: z.string().min(1),
    every: duration.default('1s'),
    for: duration,
    timeout: duration.default('5s'),
  }),
}

export const LIFECYCLE_OPERATIONS = Object.keys(lifecycleOperations) as readonly (keyof typeof lifecycleOperations)[]

export const isLifecycleOperation = (name: string): boolean => name in lifecycleOperations

/** Delays of the cluster's machinery, each with Kubernetes' own default, or ours where it has none. */
export const timing = z.strictObject({
  watch: duration.optional().describe('until a change of an object reaches those that watch it; 2ms'),
  schedule: duration.optional().describe('kube-scheduler, for each pod; 2ms'),
  sandbox: duration.optional().describe('a sandbox and its network; 200ms'),
  sandboxStop: duration.optional().describe('from the end of the last process to that of the sandbox; 20ms'),
  imagePull: duration.optional().describe('an image that the node does not have yet; 1s'),
  containerStart: duration.optional().describe('from create to a running process; 100ms'),
  shutdown: duration.optional().describe('how long a program lives on after SIGTERM; 0s'),
  task: duration.optional().describe("a Job's or an init container's program whose command does not say; 1s"),
  backoff: duration.optional().describe('the first CrashLoopBackOff; 10s'),
  maxBackoff: duration.optional().describe('the longest; 5m'),
  endpointsBatch: duration.optional().describe('--endpointslice-updates-batch-period; 0s'),
  proxyMinSync: duration.optional().describe('iptables.minSyncPeriod; 1s'),
  leaseRenew: duration.optional().describe("how often a node's lease is renewed; 10s"),
  nodeMonitorGrace: duration.optional().describe('--node-monitor-grace-period; 50s'),
  nodeMonitor: duration.optional().describe('--node-monitor-period; 5s'),
})

export type Timing = z.output<typeof timing>
