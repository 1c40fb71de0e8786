import type { Nanos } from '../../sim/time.ts'
import type { IntOrPercent } from './int-or-percent.ts'
import type { Labels } from './meta.ts'
import type { ObjectMeta } from './object.ts'
import type { Condition } from './pod-object.ts'
import type { PodTemplate } from './pod-spec.ts'
import type { LabelSelector } from './selector.ts'

/** Status of what keeps a number of pods. */
export interface ReplicaStatus {
  readonly replicas: number
  readonly readyReplicas: number
  readonly availableReplicas: number
  readonly observedGeneration: number
}

/** core/v1 ReplicationController; its selector is a map and defaults to the template's labels. */
export interface ReplicationController {
  readonly kind: 'ReplicationController'
  readonly meta: ObjectMeta
  readonly spec: {
    readonly replicas: number
    readonly minReadySeconds: number
    readonly selector: Labels
    readonly template: PodTemplate
  }
  readonly status: ReplicaStatus
}

/** apps/v1 ReplicaSet. */
export interface ReplicaSet {
  readonly kind: 'ReplicaSet'
  readonly meta: ObjectMeta
  readonly spec: {
    readonly replicas: number
    readonly minReadySeconds: number
    readonly selector: LabelSelector
    readonly template: PodTemplate
  }
  readonly status: ReplicaStatus
}

export type DeploymentStrategy =
  | { readonly type: 'RollingUpdate'; readonly maxSurge: IntOrPercent; readonly maxUnavailable: IntOrPercent }
  | { readonly type: 'Recreate' }

/** apps/v1 Deployment. */
export interface Deployment {
  readonly kind: 'Deployment'
  readonly meta: ObjectMeta
  readonly spec: {
    readonly replicas: number
    readonly minReadySeconds: number
    readonly selector: LabelSelector
    readonly template: PodTemplate
    readonly strategy: DeploymentStrategy
    readonly revisionHistoryLimit: number
    readonly progressDeadlineSeconds: number
    readonly paused: boolean
  }
  readonly status: ReplicaStatus & {
    readonly updatedReplicas: number
    readonly unavailableReplicas: number
    readonly collisionCount: number
    readonly conditions: readonly Condition[]
  }
}

/** apps/v1 StatefulSet. */
export interface StatefulSet {
  readonly kind: 'StatefulSet'
  readonly meta: ObjectMeta
  readonly spec: {
    readonly replicas: number
    readonly minReadySeconds: number
    readonly selector: LabelSelector
    readonly template: PodTemplate
    readonly serviceName: string
    readonly podManagementPolicy: 'OrderedReady' | 'Parallel'
    readonly updateStrategy: { readonly type: 'RollingUpdate' | 'OnDelete'; readonly partition: number }
    /** `spec.ordinals.start`. */
    readonly ordinalsStart: number
  }
  readonly status: ReplicaStatus & {
    readonly currentRevision: string
    readonly updateRevision: string
    readonly updatedReplicas: number
  }
}

/** apps/v1 DaemonSet. */
export interface DaemonSet {
  readonly kind: 'DaemonSet'
  readonly meta: ObjectMeta
  readonly spec: {
    readonly minReadySeconds: number
    readonly selector: LabelSelector
    readonly template: PodTemplate
    readonly updateStrategy:
      | { readonly type: 'RollingUpdate'; readonly maxSurge: IntOrPercent; readonly maxUnavailable: IntOrPercent }
      | { readonly type: 'OnDelete' }
  }
  readonly status: {
    readonly desiredNumberScheduled: number
    readonly currentNumberScheduled: number
    readonly numberMisscheduled: number
    readonly numberReady: number
    readonly numberAvailable: number
    readonly updatedNumberScheduled: number
    readonly observedGeneration: number
  }
}

/** Whole seconds of virtual time. */
export const seconds = (count: number): Nanos => count * 1e9

export const NO_REPLICAS: ReplicaStatus = Object.freeze({
  replicas: 0,
  readyReplicas: 0,
  availableReplicas: 0,
  observedGeneration: 0,
})

export const NEW_DEPLOYMENT_STATUS: Deployment['status'] = Object.freeze({
  ...NO_REPLICAS,
  updatedReplicas: 0,
  unavailableReplicas: 0,
  collisionCount: 0,
  conditions: Object.freeze([]),
})

export const NEW_STATEFUL_SET_STATUS: StatefulSet['status'] = Object.freeze({
  ...NO_REPLICAS,
  currentRevision: '',
  updateRevision: '',
  updatedReplicas: 0,
})

export const NEW_DAEMON_SET_STATUS: DaemonSet['status'] = Object.freeze({
  desiredNumberScheduled: 0,
  currentNumberScheduled: 0,
  numberMisscheduled: 0,
  numberReady: 0,
  numberAvailable: 0,
  updatedNumberScheduled: 0,
  observedGeneration: 0,
})
