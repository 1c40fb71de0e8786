import { z } from 'zod'

const DURATION = /^(\d+(\.\d+)?(us|ms|s|m|h))+$/
const duration = z.string().regex(DURATION, { error: 'a duration like 500ms, 10s or 1m30s' })

/** Which pods: one by its name, or `count` of those with the labels, the first by name. */
const pods = {
  namespace: z.string().min(1).default('default'),
  name: z.string().min(1).optional(),
  selector: z.string().min(1).optional().describe('app=web,tier=front'),
  count: z.int().min(1).optional().describe('how many of those selected; all by default'),
}
const probe = z.enum(['startup', 'readiness', 'liveness'])
const node = z.strictObject({ name: z.string().min(1) })
const WORKLOADS = ['Deployment', 'ReplicaSet', 'ReplicationController', 'StatefulSet'] as const
const workload = {
  namespace: z.string().min(1).default('default'),
  kind: z.enum(WORKLOADS).default('Deployment'),
  name: z.string().min(1),
}

/** What a scenario does to what lives in the cluster. */
export const lifecycleOperations = {
  deletePod: z.strictObject({ ...pods, gracePeriodSeconds: z.int().min(0).optional() }),
  killContainer: z.strictObject({ ...pods, container: z.string().optional(), exitCode: z.int().min(0).default(137) }),
  failProbe: z.strictObject({ ...pods, container: z.string().optional(), probe: probe.default('readiness') }),
  fixProbe: z.strictObject({ ...pods, container: z.string().optional(), probe: probe.default('readiness') }),
  scale: z.strictObject({ ...workload, replicas: z.int().min(0) }),
  setImage: z.strictObject({ ...workload, container: z.string().optional(), image: z.string().min(1) }),
  drain: z.strictObject({ name: z.string().min(1), force: z.boolean().default(false), timeout: duration.optional() }),
  cordon: node,
  uncordon: node,
  removeNode: node,
  partitionNode: node,
  healNode: node,
  rebootNode: z.strictObject({ name: z.string().min(1), duration: duration.default('30s') }),
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
