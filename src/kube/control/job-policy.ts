import type { Nanos } from '../../sim/time.ts'
import type { Job, JobStatus, PodFailureRule } from '../api/batch.ts'
import { conditionOf, type PodObject } from '../api/pod-object.ts'

/** How a Job ends: the condition it gets. */
export interface Ending {
  readonly type: 'Complete' | 'Failed'
  readonly reason: string
  readonly message: string
}

/** What was decided before: a Job that waits for its last pods does not change its mind. */
export function decidedEnding({ status: { conditions } }: Job): Ending | null {
  for (const [mark, type] of [
    ['FailureTarget', 'Failed'],
    ['SuccessCriteriaMet', 'Complete'],
  ] as const) {
    const found = conditionOf(conditions, mark)
    if (found?.status === 'True') return { type, reason: found.reason, message: found.message }
  }
  return null
}

/** Whether it is over, in the order in which syncJob asks. `left` are pods that have not ended. */
export function endingOf(job: Job, status: JobStatus, left: readonly PodObject[], now: Nanos): Ending | null {
  const { spec } = job
  const failed = (reason: string, message: string): Ending => ({ type: 'Failed', reason, message })
  const restarts =
    spec.template.spec.restartPolicy === 'OnFailure' ? left.reduce((sum, pod) => sum + restartsOf(pod), 0) : 0
  const limit = spec.backoffLimitPerIndex === null ? spec.backoffLimit : Number.POSITIVE_INFINITY
  if (status.failed > limit || (restarts > 0 && restarts >= limit)) {
    return failed('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  }
  const { activeDeadlineSeconds, maxFailedIndexes } = spec
  if (!spec.suspend && activeDeadlineSeconds !== null && status.startTime !== null) {
    if (now - status.startTime >= activeDeadlineSeconds * 1e9) {
      return failed('DeadlineExceeded', 'Job was active longer than specified deadline')
    }
  }
  if (maxFailedIndexes !== null && status.failedIndexes.length > maxFailedIndexes) {
    return failed('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes')
  }
  const rule = matchedSuccess(job, status)
  if (rule >= 0) return { type: 'Complete', reason: 'SuccessPolicy', message: `Matched rules at index ${rule}` }
  if (spec.completions === null) {
    const done = status.succeeded > 0 && left.length === 0
    return done
      ? { type: 'Complete', reason: 'CompletionsReached', message: 'Any pod has succeeded and all have ended' }
      : null
  }
  if (status.succeeded + status.failedIndexes.length < spec.completions) return null
  if (status.failedIndexes.length > 0) return failed('FailedIndexes', 'Job has failed indexes')
  return { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
}

/** The first rule of the success policy that holds, or -1. */
function matchedSuccess({ spec }: Job, { completedIndexes }: JobStatus): number {
  return spec.successPolicy.findIndex(({ succeededIndexes, succeededCount }) => {
    const done = completedIndexes.filter((index) => succeededIndexes === null || succeededIndexes.includes(index))
    return done.length >= (succeededCount > 0 ? succeededCount : (succeededIndexes?.length ?? Number.POSITIVE_INFINITY))
  })
}

const restartsOf = ({ status }: PodObject): number =>
  status.containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0)

/** matchPodFailurePolicy: the first rule that applies to a failed pod. */
export function ruleFor(rules: readonly PodFailureRule[], { status }: PodObject): PodFailureRule | null {
  for (const rule of rules) {
    const codes = rule.onExitCodes
    const byCode =
      codes !== null &&
      status.containerStatuses.some(({ name, state }) => {
        if (state.kind !== 'terminated' || state.exitCode === 0) return false
        if (codes.containerName !== '' && codes.containerName !== name) return false
        return codes.values.includes(state.exitCode) === (codes.operator === 'In')
      })
    const byCondition = rule.onPodConditions.some(({ type, status: wanted }) =>
      status.conditions.some((condition) => condition.type === type && condition.status === wanted),
    )
    if (byCode || byCondition) return rule
  }
  return null
}
