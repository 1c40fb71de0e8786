import { MILLISECOND, type Nanos } from '../../sim/time.ts'
import { type CronJob, type Job, NEW_JOB_STATUS } from '../api/batch.ts'
import { Events } from '../api/events.ts'
import { nameOf } from '../api/meta.ts'
import { controllerRef, newMeta } from '../api/object.ts'
import { conditionOf } from '../api/pod-object.ts'
import type { Store } from '../api/store.ts'
import { nextTime, parseCron } from './cron-schedule.ts'
import { isOver } from './job.ts'
import { controlled, enqueueOwners } from './owners.ts'
import { type Control, WorkQueue } from './work-queue.ts'

/** The CronJob controller. Source: pkg/controller/cronjob/cronjob_controllerv2.go. */
export class CronJobController {
  readonly queue: WorkQueue
  private readonly store: Store
  private readonly events: Events

  constructor(
    control: Control,
    /** The date at the start of virtual time, in milliseconds since 1970. */
    private readonly epoch: number,
  ) {
    this.store = control.store
    this.queue = new WorkQueue(control, 'cronjob-controller', (key) => this.reconcile(key))
    this.events = new Events(control.store, 'cronjob-controller', control.settings.events)
    control.store.watch('CronJob', ({ object, step }) => this.queue.add(nameOf(object.meta), step))
    control.store.watch('Job', (change) => enqueueOwners(this.queue, 'CronJob', change))
  }

  reconcile(key: string): Nanos | null {
    const cron = this.store.at('CronJob', key)
    const schedule = cron === null ? null : parseCron(cron.spec.schedule)
    if (cron === null || schedule === null || cron.meta.deletionTimestamp !== null) return null
    const jobs = controlled(this.store, cron, 'Job')
    this.forget(cron, jobs)
    this.note(
      cron,
      jobs.filter((job) => !isOver(job)),
    )
    if (cron.spec.suspend) return null
    const now = this.epoch + this.store.now / MILLISECOND
    const since = this.epoch + (cron.status.lastScheduleTime ?? cron.meta.creationTimestamp) / MILLISECOND
    const due = latestDue(cron, since, now)
    if (due !== null) this.start(key, due)
    const next = nextTime(schedule, now)
    return next === null ? null : Math.round((next - now) * MILLISECOND)
  }

  /** Starts the Job of a scheduled minute, unless it came too late or another may not run beside. */
  private start(key: string, due: number): void {
    let cron = this.store.at('CronJob', key)!
    const { startingDeadlineSeconds, concurrencyPolicy } = cron.spec
    const late = this.epoch + this.store.now / MILLISECOND - due
    if (startingDeadlineSeconds !== null && late > startingDeadlineSeconds * 1000) {
      this.events.warning(cron, 'MissSchedule', `Missed scheduled time to start a job: ${new Date(due).toUTCString()}`)
      return
    }
    const active = controlled(this.store, cron, 'Job').filter((job) => !isOver(job))
    if (concurrencyPolicy === 'Forbid' && active.length > 0) {
      this.events.normal(
        cron,
        'JobAlreadyActive',
        'Not starting job because prior execution is running and concurrency policy is Forbid',
      )
      return
    }
    if (concurrencyPolicy === 'Replace')
      for (const { meta } of active) this.store.delete('Job', meta.namespace, meta.name)
    // The name holds the minute, so that no minute is started twice.
    const name = `${cron.meta.name}-${due / 60_000}`
    const job = this.store.create(jobOf(cron, name))
    this.events.normal(cron, 'SuccessfulCreate', `Created job ${name}`)
    cron = this.store.latest(cron)!
    const lastScheduleTime = (due - this.epoch) * MILLISECOND
    this.store.update({ ...cron, status: { lastScheduleTime, active: [...cron.status.active, job.meta.name] } })
  }

  private note(cron: CronJob, active: readonly Job[]): void {
    const names = active.map(({ meta }) => meta.name)
    if (names.join() === cron.status.active.join()) return
    this.store.update({ ...cron, status: { ...cron.status, active: names } })
  }

  private forget({ spec }: CronJob, jobs: readonly Job[]): void {
    for (const [type, limit] of [
      ['Complete', spec.successfulJobsHistoryLimit],
      ['Failed', spec.failedJobsHistoryLimit],
    ] as const) {
      const ended = jobs.filter(({ status }) => conditionOf(status.conditions, type)?.status === 'True')
      ended.sort((a, b) => a.meta.creationTimestamp - b.meta.creationTimestamp)
      for (const { meta } of ended.slice(0, Math.max(0, ended.length - limit))) {
        if (meta.deletionTimestamp === null) this.store.delete('Job', meta.namespace, meta.name)
      }
    }
  }
}

/** Of the minutes that passed since, the last: earlier ones are skipped. */
function latestDue({ spec }: CronJob, since: number, now: number): number | null {
  const schedule = parseCron(spec.schedule)!
  let due: number | null = null
  for (let at = nextTime(schedule, since); at !== null && at <= now; at = nextTime(schedule, at)) due = at
  return due
}

const jobOf = (cron: CronJob, name: string): Job => ({
  kind: 'Job',
  meta: newMeta({
    namespace: cron.meta.namespace,
    name,
    labels: cron.spec.jobLabels,
    ownerReferences: [controllerRef(cron)],
  }),
  spec: cron.spec.job,
  status: NEW_JOB_STATUS,
})
