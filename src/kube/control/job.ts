import type { Nanos } from '../../sim/time.ts'
import { JOB_TRACKING, type Job, type JobStatus } from '../api/batch.ts'
import { Events } from '../api/events.ts'
import { nameOf } from '../api/meta.ts'
import { controllerOf, type Uid } from '../api/object.ts'
import { conditionOf, isFinished, isReady, type PodObject, withCondition } from '../api/pod-object.ts'
import { selectorOf } from '../api/selector.ts'
import type { Store } from '../api/store.ts'
import { INDEX, indexOf, lacking } from './job-indexes.ts'
import { decidedEnding, type Ending, endingOf, ruleFor } from './job-policy.ts'
import { claimPods, createPod, enqueueOwners } from './owners.ts'
import { type Control, sooner, WorkQueue } from './work-queue.ts'

/**
 * The Job controller. Pods that ended are counted once, by the finalizer they carry, whoever deletes them.
 * Source: pkg/controller/job/job_controller.go; Kubernetes documentation, "Jobs".
 */
export class JobController {
  readonly queue: WorkQueue
  private readonly orphans: WorkQueue
  private readonly store: Store
  private readonly events: Events

  constructor(private readonly control: Control) {
    this.store = control.store
    this.queue = new WorkQueue(control, 'job-controller', (key) => this.reconcile(key))
    this.events = new Events(control.store, 'job-controller', control.settings.events)
    this.orphans = new WorkQueue(control, 'job-controller', (uid) => this.releaseOrphan(uid))
    control.store.watch('Job', ({ type, object, step }) => {
      this.queue.add(nameOf(object.meta), step)
      if (type !== 'DELETED') return
      for (const { kind, meta } of this.store.index.dependentsOf(object.meta.uid))
        if (kind === 'Pod') this.orphans.add(meta.uid, step)
    })
    control.store.watch('Pod', (change) => {
      enqueueOwners(this.queue, 'Job', change)
      if (change.object.meta.finalizers.includes(JOB_TRACKING)) this.orphans.add(change.object.meta.uid, change.step)
    })
  }

  /** syncOrphanPod: nobody counts the pods of a Job that is gone, so nothing holds them. */
  private releaseOrphan(uid: Uid): null {
    const pod = this.store.byId(uid)
    if (pod?.kind !== 'Pod' || !pod.meta.finalizers.includes(JOB_TRACKING)) return null
    const owner = controllerOf(pod.meta)
    if (owner === null || this.store.byId(owner.uid) === null) this.release(pod)
    return null
  }

  reconcile(key: string): Nanos | null {
    const found = this.store.at('Job', key)
    if (found === null) return null
    if (isOver(found)) return this.expire(found)
    if (found.meta.deletionTimestamp !== null) return this.letGo(found)
    const job = this.begin(found)
    const pods = claimPods(this.store, job, job.spec.selector ?? selectorOf({}))
    const { status, left, ending } = this.count(job, pods)
    const reason = decidedEnding(job) ?? ending ?? endingOf(job, status, left, this.store.now)
    const wait = reason === null ? this.steer(job, status, left) : this.stop(left)
    this.report(job, status, reason, left.length === 0)
    return reason === null ? sooner(wait, this.deadline(job)) : null
  }

  private begin(job: Job): Job {
    if (job.status.startTime !== null || job.spec.suspend) return job
    return this.store.update({ ...job, status: { ...job.status, startTime: this.store.now } })
  }

  /** Takes the pods that ended into the status and lets go of them; `left` are those that run or wait. */
  private count(job: Job, pods: readonly PodObject[]) {
    let { succeeded, failed } = job.status
    const done = new Set(job.status.completedIndexes)
    const lost = new Set(job.status.failedIndexes)
    const left: PodObject[] = []
    let ending: Ending | null = null
    for (const pod of pods) {
      if (!isFinished(pod) && !wasKilled(pod)) {
        left.push(pod)
        continue
      }
      if (!pod.meta.finalizers.includes(JOB_TRACKING)) continue
      const index = indexOf(pod)
      if (pod.status.phase === 'Succeeded') {
        if (job.spec.completionMode === 'Indexed' && index !== null) done.add(index)
        else succeeded++
      } else {
        const rule = ruleFor(job.spec.podFailurePolicy, pod)
        if (rule?.action === 'FailJob')
          ending ??= {
            type: 'Failed',
            reason: 'PodFailurePolicy',
            message: `Container failure of pod ${nameOf(pod.meta)} matching FailJob rule`,
          }
        if (rule?.action === 'FailIndex' && index !== null) lost.add(index)
        if (rule?.action !== 'Ignore') failed++
        this.note(job, index, lost, pod)
      }
      this.release(pod)
    }
    const completedIndexes =
      done.size === job.status.completedIndexes.length ? job.status.completedIndexes : ascending(done)
    const failedIndexes = lost.size === job.status.failedIndexes.length ? job.status.failedIndexes : ascending(lost)
    if (job.spec.completionMode === 'Indexed') succeeded = done.size
    const alive = left.filter(({ meta }) => meta.deletionTimestamp === null)
    const status: JobStatus = {
      ...job.status,
      ...{ succeeded, failed, completedIndexes, failedIndexes },
      active: alive.length,
      ready: alive.filter(isReady).length,
      terminating: left.length - alive.length,
    }
    return { status, left, ending }
  }

  /** Remembers a failure for the back-off, and gives an index up that failed too often. */
  private note(job: Job, index: number | null, lost: Set<number>, pod: PodObject): void {
    const record = this.failures.get(job.meta.uid) ?? { count: 0, last: 0, byIndex: new Map<number, number>() }
    this.failures.set(job.meta.uid, record)
    record.count++
    record.last = finishedAt(pod, this.store.now)
    if (index === null) return
    const count = (record.byIndex.get(index) ?? 0) + 1
    record.byIndex.set(index, count)
    if (job.spec.backoffLimitPerIndex !== null && count > job.spec.backoffLimitPerIndex) lost.add(index)
  }

  private readonly failures = new Map<string, { count: number; last: Nanos; readonly byIndex: Map<number, number> }>()

  private release(pod: PodObject): void {
    const latest = this.store.latest(pod)
    if (latest === null) return
    const finalizers = latest.meta.finalizers.filter((name) => name !== JOB_TRACKING)
    this.store.update({ ...latest, meta: { ...latest.meta, finalizers } })
  }

  /** manageJob: as many active pods as wanted. Returns when a back-off is over. */
  private steer(job: Job, status: JobStatus, left: readonly PodObject[]): Nanos | null {
    const { spec } = job
    const active = left.filter(({ meta }) => meta.deletionTimestamp === null)
    const wanted = spec.suspend ? 0 : wantedActive(job, status)
    if (active.length > wanted) {
      const surplus = [...active].sort(
        (a, b) => Number(isReady(a)) - Number(isReady(b)) || b.meta.creationTimestamp - a.meta.creationTimestamp,
      )
      for (const pod of surplus.slice(0, active.length - wanted)) this.remove(job, pod)
      return null
    }
    const missing = wanted - active.length
    if (missing <= 0) return null
    const wait = this.backoff(job)
    if (wait > 0) return wait
    if (spec.completionMode === 'Indexed') {
      const used = new Set([...status.completedIndexes, ...status.failedIndexes, ...left.map((pod) => indexOf(pod)!)])
      for (const index of lacking(spec.completions!, used, missing)) this.create(job, index)
    } else {
      for (let i = 0; i < missing; i++) this.create(job, null)
    }
    return null
  }

  private backoff(job: Job): Nanos {
    const record = this.failures.get(job.meta.uid)
    if (record === undefined || record.count === 0) return 0
    const { jobBackoff, jobMaxBackoff } = this.control.settings
    const delay = Math.min(jobBackoff * 2 ** (record.count - 1), jobMaxBackoff)
    return Math.max(0, record.last + delay - this.store.now)
  }

  private create(job: Job, index: number | null): void {
    const base = `${job.meta.name}-`
    const indexed = index === null ? undefined : { [INDEX]: String(index) }
    const pod = createPod(this.store, job, job.spec.template, {
      generateName: index === null ? base : `${base}${index}-`,
      labels: indexed,
      annotations: indexed,
      spec: index === null ? undefined : { hostname: `${base}${index}` },
      finalizers: [JOB_TRACKING],
    })
    this.events.normal(job, 'SuccessfulCreate', `Created pod: ${pod.meta.name}`)
  }

  private remove(job: Job, { meta }: PodObject): void {
    if (meta.deletionTimestamp !== null) return
    this.store.delete('Pod', meta.namespace, meta.name, { uid: meta.uid })
    this.events.normal(job, 'SuccessfulDelete', `Deleted pod: ${meta.name}`)
  }

  /** A Job that is decided deletes what still runs, and counts it when it is gone. */
  private stop(left: readonly PodObject[]): null {
    for (const { meta } of left) {
      if (meta.deletionTimestamp === null) this.store.delete('Pod', meta.namespace, meta.name)
    }
    return null
  }

  private letGo(job: Job): null {
    for (const pod of claimPods(this.store, job, job.spec.selector ?? selectorOf({}))) this.release(pod)
    return null
  }

  /** Decided it is at once (FailureTarget, SuccessCriteriaMet); ended when the last of its pods is (since Kubernetes 1.31). */
  private report(job: Job, counted: JobStatus, ending: Ending | null, isEmpty: boolean): void {
    const latest = this.store.latest(job)
    if (latest === null) return
    const { now } = this.store
    let status = counted
    if (ending !== null) {
      const { type, reason, message } = ending
      const before = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget'
      let conditions = withCondition(counted.conditions, now, before, 'True', reason, message)
      if (isEmpty) {
        conditions = withCondition(conditions, now, type, 'True', reason, message)
        if (type === 'Complete') this.events.normal(job, 'Completed', 'Job completed')
        else this.events.warning(job, reason, message)
        this.failures.delete(job.meta.uid)
      }
      status = { ...counted, conditions, completionTime: isEmpty && type === 'Complete' ? now : null }
    }
    if (JSON.stringify(status) !== JSON.stringify(latest.status)) this.store.update({ ...latest, status })
  }

  private deadline({ spec, status }: Job): Nanos | null {
    if (spec.activeDeadlineSeconds === null || status.startTime === null) return null
    return Math.max(0, status.startTime + spec.activeDeadlineSeconds * 1e9 - this.store.now)
  }

  /** The TTL controller: a finished Job goes `ttlSecondsAfterFinished` after it ended, with its pods. */
  private expire(job: Job): Nanos | null {
    for (const pod of claimPods(this.store, job, job.spec.selector ?? selectorOf({}))) {
      if (pod.meta.finalizers.includes(JOB_TRACKING)) this.release(pod)
    }
    const { ttlSecondsAfterFinished } = job.spec
    if (ttlSecondsAfterFinished === null || job.meta.deletionTimestamp !== null) return null
    const ended = (conditionOf(job.status.conditions, 'Complete') ?? conditionOf(job.status.conditions, 'Failed'))!
    const left = ended.lastTransitionTime + ttlSecondsAfterFinished * 1e9 - this.store.now
    if (left > 0) return left
    this.store.delete('Job', job.meta.namespace, job.meta.name, { propagation: 'Foreground', uid: job.meta.uid })
    return null
  }
}

export const isOver = ({ status }: Job): boolean =>
  ['Complete', 'Failed'].some((type) => conditionOf(status.conditions, type)?.status === 'True')

/** A pod that was deleted before it ended counts as failed, once nothing but the finalizer keeps it. */
const wasKilled = ({ meta }: PodObject): boolean =>
  meta.deletionTimestamp !== null && meta.deletionGracePeriodSeconds === 0

function wantedActive({ spec }: Job, status: JobStatus): number {
  if (spec.completions === null) return status.succeeded > 0 ? status.active : spec.parallelism
  const open = spec.completions - status.succeeded - status.failedIndexes.length
  return Math.max(0, Math.min(spec.parallelism, open))
}

const ascending = (set: ReadonlySet<number>): number[] => [...set].sort((a, b) => a - b)

function finishedAt({ status }: PodObject, otherwise: Nanos): Nanos {
  let latest = 0
  for (const { state } of status.containerStatuses)
    if (state.kind === 'terminated') latest = Math.max(latest, state.finishedAt)
  return latest === 0 ? otherwise : latest
}
