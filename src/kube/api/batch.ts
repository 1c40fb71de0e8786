import type { Nanos } from '../../sim/time.ts'
import type { Labels } from './meta.ts'
import type { ObjectMeta } from './object.ts'
import type { Condition } from './pod-object.ts'
import type { PodTemplate } from './pod-spec.ts'
import type { LabelSelector } from './selector.ts'

/** The finalizer by which the Job controller sees every pod end before it is gone. */
export const JOB_TRACKING = 'batch.kubernetes.io/job-tracking'

/** One rule of `podFailurePolicy`: the first that matches a failed pod decides. */
export interface PodFailureRule {
  readonly action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count'
  readonly onExitCodes: {
    readonly containerName: string
    readonly operator: 'In' | 'NotIn'
    readonly values: readonly number[]
  } | null
  readonly onPodConditions: readonly { readonly type: string; readonly status: string }[]
}

export interface SuccessRule {
  /** Null: any index. */
  readonly succeededIndexes: readonly number[] | null
  /** 0: all of those named. */
  readonly succeededCount: number
}

/** batch/v1 JobSpec. `selector` is null until the store sets it from the uid. */
export interface JobSpec {
  readonly parallelism: number
  /** Null: done when any pod succeeded and all have ended (a work queue). */
  readonly completions: number | null
  readonly completionMode: 'NonIndexed' | 'Indexed'
  readonly backoffLimit: number
  readonly backoffLimitPerIndex: number | null
  readonly maxFailedIndexes: number | null
  readonly activeDeadlineSeconds: number | null
  readonly ttlSecondsAfterFinished: number | null
  readonly suspend: boolean
  readonly manualSelector: boolean
  readonly selector: LabelSelector | null
  readonly template: PodTemplate
  readonly podFailurePolicy: readonly PodFailureRule[]
  readonly successPolicy: readonly SuccessRule[]
}

export interface JobStatus {
  readonly active: number
  readonly ready: number
  readonly succeeded: number
  readonly failed: number
  readonly terminating: number
  readonly completedIndexes: readonly number[]
  readonly failedIndexes: readonly number[]
  readonly startTime: Nanos | null
  readonly completionTime: Nanos | null
  readonly conditions: readonly Condition[]
}

export interface Job {
  readonly kind: 'Job'
  readonly meta: ObjectMeta
  readonly spec: JobSpec
  readonly status: JobStatus
}

/** batch/v1 CronJob. */
export interface CronJob {
  readonly kind: 'CronJob'
  readonly meta: ObjectMeta
  readonly spec: {
    readonly schedule: string
    /** A name of the IANA database; empty for UTC. */
    readonly timeZone: string
    readonly concurrencyPolicy: 'Allow' | 'Forbid' | 'Replace'
    readonly suspend: boolean
    readonly startingDeadlineSeconds: number | null
    readonly successfulJobsHistoryLimit: number
    readonly failedJobsHistoryLimit: number
    readonly jobLabels: Labels
    readonly job: JobSpec
  }
  readonly status: { readonly lastScheduleTime: Nanos | null; readonly active: readonly string[] }
}

export const NEW_JOB_STATUS: JobStatus = Object.freeze({
  active: 0,
  ready: 0,
  succeeded: 0,
  failed: 0,
  terminating: 0,
  completedIndexes: [],
  failedIndexes: [],
  startTime: null,
  completionTime: null,
  conditions: [],
})
