import { MILLISECOND, type Nanos } from '../../sim/time.ts'
import { type CronJob, type Job, NEW_JOB_STATUS } from '../api/batch.ts'
import { Events } from '../api/events.ts'
import { nameOf } from '../api/meta.ts'
import { controllerRef, newMeta } from '../api/object.ts'
import { conditionOf } from '../api/pod-object.ts'
import type { Store } from '../api/store.ts'
import { type CronSchedule, nextTime, parseCron } from './cron-schedule.ts'
import { isOver } from './job.ts'
import { controlled, enqueueOwners } from './owners.ts'
import { formatInZone, type TimeZone, timeZone } from './time-zone.ts'
import { type Control, WorkQueue } from './work-queue.ts'

/** More missed minutes than this are worth a warning. */
const MANY = 100

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
    const zone = cron === null ? null : timeZone(cron.spec.timeZone)
    if (cron === null || schedule === null || zone === null || cron.meta.deletionTimestamp !== null) return null
    const jobs = controlled(this.store, cron, 'Job')
    this.forget(cron, jobs)
    this.note(cron, jobs)
    if (cron.spec.suspend) return null
    const now = this.date(this.store.now)
    const { due, missed } = latestDue(schedule, zone, this.earliest(cron, now), now)
    if (missed > MANY)
      this.events.warning(
        cron,
        'TooManyMissedTimes',
        'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
      )
    if (due !== null) this.start(key, due, zone)
    const next = nextTime(schedule, now, zone)
    return next === null ? null : Math.round((next - now) * MILLISECOND)
  }

  private date(time: Nanos): number {
    return this.epoch + time / MILLISECOND
  }

  /** Since when there may be a minute that was not run in; what is longer ago than the starting deadline is not made up for. */
  private earliest({ spec, status, meta }: CronJob, now: number): number {
    const since = this.date(status.lastScheduleTime ?? meta.creationTimestamp)
    const deadline = spec.startingDeadlineSeconds
    return deadline === null ? since : Math.max(since, now - deadline * 1000)
  }

  /** Starts the Job of a scheduled minute, unless another may not run beside. */
  private start(key: string, due: number, zone: TimeZone): void {
    const { concurrencyPolicy } = this.store.at('CronJob', key)!.spec
    const active = controlled(this.store, this.store.at('CronJob', key)!, 'Job').filter((job) => !isOver(job))
    if (concurrencyPolicy === 'Forbid' && active.length > 0) {
      this.events.normal(
        this.store.at('CronJob', key)!,
        'JobAlreadyActive',
        'Not starting job because prior execution is running and concurrency policy is Forbid',
      )
      return
    }
    if (concurrencyPolicy === 'Replace')
      for (const { meta } of active) {
        this.store.delete('Job', meta.namespace, meta.name)
        this.events.normal(this.store.at('CronJob', key)!, 'SuccessfulDelete', `Deleted job ${meta.name}`)
      }
    const cron = this.store.at('CronJob', key)!
    const job = this.store.create(jobOf(cron, due, zone))
    this.events.normal(cron, 'SuccessfulCreate', `Created job ${job.meta.name}`)
    const lastScheduleTime = (due - this.epoch) * MILLISECOND
    const others = concurrencyPolicy === 'Replace' ? [] : cron.status.active
    this.store.update({ ...cron, status: { lastScheduleTime, active: [...others, job.meta.name] } })
  }

  /** Takes Jobs that are over, or gone, off the list of those that run. */
  private note(cron: CronJob, jobs: readonly Job[]): void {
    const names = jobs.filter((job) => !isOver(job)).map(({ meta }) => meta.name)
    for (const name of cron.status.active) {
      if (names.includes(name)) continue
      const over = jobs.find(({ meta }) => meta.name === name)
      if (over === undefined) this.events.normal(cron, 'MissingJob', `Active job went missing: ${name}`)
      else this.events.normal(cron, 'SawCompletedJob', `Saw completed job: ${name}, condition: ${endOf(over)}`)
    }
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

const endOf = ({ status }: Job): string =>
  conditionOf(status.conditions, 'Complete')?.status === 'True' ? 'Complete' : 'Failed'

/** Of the minutes that passed, the last: earlier ones are skipped. */
function latestDue(schedule: CronSchedule, zone: TimeZone, since: number, now: number) {
  let due: number | null = null
  let missed = 0
  for (let at = nextTime(schedule, since, zone); at !== null && at <= now; at = nextTime(schedule, at, zone)) {
    due = at
    missed++
  }
  return { due, missed }
}

/** The name holds the minute, so that no minute is started twice. */
const jobOf = ({ spec, meta, kind }: CronJob, due: number, zone: TimeZone): Job => ({
  kind: 'Job',
  meta: newMeta({
    namespace: meta.namespace,
    name: `${meta.name}-${due / 60_000}`,
    labels: spec.jobLabels,
    annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': formatInZone(due, zone) },
    ownerReferences: [controllerRef({ kind, meta })],
  }),
  spec: spec.job,
  status: NEW_JOB_STATUS,
})
