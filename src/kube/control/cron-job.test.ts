import { describe, expect, it } from 'vitest'
import type { CronJob } from '../api/batch.ts'
import { cronJob, jobSpec } from '../api/build.ts'
import { Hollow } from './testing/hollow.ts'

const MINUTE = 60e9
/** Every five minutes from 2026-01-01T00:00:00Z on, by pods that run so long and leave with a code. */
function start(given: Partial<CronJob['spec']>, seconds = 30, code = 0): Hollow {
  const hollow = new Hollow({ start: 0, life: () => ({ after: seconds * 1e9, code }) })
  hollow.store.create(cronJob('tick', '*/5 * * * *', { job: jobSpec({ backoffLimit: 0 }), ...given }))
  return hollow
}
/** The minutes after midnight that its Jobs are of, by their names. */
const minutes = (hollow: Hollow): number[] =>
  hollow.store.list('Job').map(({ meta }) => Number(meta.name.split('-').at(-1)) - Date.UTC(2026, 0, 1) / 60_000)
/** The same of all Jobs that were ever made. */
const made = (hollow: Hollow): string[] =>
  hollow.events('tick').flatMap((line) => /^SuccessfulCreate: Created job tick-(\d+)/.exec(line)?.[1] ?? [])
const active = (hollow: Hollow): number => hollow.get('CronJob', 'tick').status.active.length

// Kubernetes documentation, "CronJob"; test/e2e/apps/cronjob.go.
describe('a CronJob', () => {
  it('makes a Job named after the minute it is due, which says when that was', () => {
    const hollow = start({})
    hollow.run(4.9 * MINUTE)
    expect(minutes(hollow)).toEqual([])
    hollow.run(0.2 * MINUTE)
    expect(minutes(hollow)).toEqual([5])
    const [job] = hollow.store.list('Job')
    expect(job.meta.annotations['batch.kubernetes.io/cronjob-scheduled-timestamp']).toBe('2026-01-01T00:05:00Z')
    expect(job.meta.ownerReferences.map(({ kind, name }) => `${kind}/${name}`)).toEqual(['CronJob/tick'])
    expect(hollow.get('CronJob', 'tick').status).toEqual({ lastScheduleTime: 5 * MINUTE, active: [job.meta.name] })
    hollow.run(MINUTE)
    expect(active(hollow)).toBe(0)
    expect(hollow.events('tick').at(-1)).toBe(
      `SawCompletedJob: Saw completed job: ${job.meta.name}, condition: Complete`,
    )
  })

  // Jobs take 7 minutes and are due every 5.
  it.each([
    ['Allow', 2, [5, 10, 15]],
    // Not run beside another, and made up for as soon as that is over.
    ['Forbid', 1, [5, 10]],
    ['Replace', 1, [15]],
  ] as const)('with %s runs %i at a time', (concurrencyPolicy, most, left) => {
    const hollow = start({ concurrencyPolicy }, 7 * 60)
    let seen = 0
    for (let n = 0; n < 32; n++) {
      hollow.run(MINUTE / 2)
      seen = Math.max(seen, active(hollow))
    }
    expect(seen).toBe(most)
    expect(minutes(hollow)).toEqual(left)
    expect(hollow.events('tick').some((line) => line.startsWith('JobAlreadyActive'))).toBe(
      concurrencyPolicy === 'Forbid',
    )
  })

  it.each([
    [0, { successfulJobsHistoryLimit: 2, failedJobsHistoryLimit: 1 }, [20, 25]],
    [1, { successfulJobsHistoryLimit: 2, failedJobsHistoryLimit: 1 }, [25]],
    [0, { successfulJobsHistoryLimit: 0 }, []],
  ])('of Jobs that leave with %i keeps as many as %j', (code, limits, kept) => {
    const hollow = start(limits, 30, code)
    hollow.run(26 * MINUTE)
    expect(minutes(hollow)).toEqual(kept)
    expect(made(hollow)).toHaveLength(5)
  })

  const resume = (hollow: Hollow): void => {
    const tick = hollow.get('CronJob', 'tick')
    hollow.store.update({ ...tick, spec: { ...tick.spec, suspend: false } })
  }

  it.each<[string, Partial<CronJob['spec']>, number, number[]]>([
    ['makes up for the last minute it missed', {}, 13, [10]],
    ['makes up for one within its starting deadline', { startingDeadlineSeconds: 240 }, 13, [10]],
    ['and not for one beyond it', { startingDeadlineSeconds: 120 }, 13, []],
  ])('suspended starts nothing; resumed %s', (_title, given, minute, started) => {
    const hollow = start({ suspend: true, ...given })
    hollow.run(minute * MINUTE)
    expect(minutes(hollow)).toEqual([])
    resume(hollow)
    hollow.run(MINUTE)
    expect(minutes(hollow)).toEqual(started)
    hollow.run(2 * MINUTE)
    expect(minutes(hollow)).toEqual([...started, 15])
  })

  it('says when it missed more than a hundred, and starts one', () => {
    const hollow = start({ suspend: true })
    hollow.run(101.5 * 5 * MINUTE)
    resume(hollow)
    hollow.run(MINUTE)
    expect(hollow.events('tick')[0]).toBe(
      'TooManyMissedTimes: too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
    )
    expect(minutes(hollow)).toEqual([505])
  })

  it('runs by the clocks of its time zone', () => {
    const hollow = new Hollow()
    hollow.store.create(cronJob('tick', '30 2 * * *', { timeZone: 'Europe/Berlin' }))
    hollow.run(2 * 60 * MINUTE)
    expect(minutes(hollow)).toEqual([90])
    expect(hollow.store.list('Job')[0].meta.annotations).toEqual({
      'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T02:30:00+01:00',
    })
  })

  it('deleted, takes its Jobs and their pods with it', () => {
    const hollow = start({}, 600)
    hollow.run(6 * MINUTE)
    expect([minutes(hollow), hollow.pods().length]).toEqual([[5], 1])
    hollow.store.delete('CronJob', 'default', 'tick')
    hollow.run(MINUTE)
    expect([minutes(hollow), hollow.pods()]).toEqual([[], []])
  })
})
