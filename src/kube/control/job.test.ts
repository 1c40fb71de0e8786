import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { job } from '../api/build.ts'
import { conditionOf, isActive } from '../api/pod-object.ts'
import { Hollow } from './testing/hollow.ts'

const succeeds = () => ({ after: 5e9, code: 0 })
const fails = () => ({ after: 5e9, code: 1 })
const conditions = (hollow: Hollow): string[] =>
  hollow.get('Job', 'work').status.conditions.map(({ type, reason }) => `${type}:${reason}`)

// Kubernetes documentation, "Jobs"; test/e2e/apps/job.go.
describe('a Job', () => {
  it.each([
    ['one pod', {}, 1, 1],
    ['three, one at a time', { completions: 3 }, 3, 1],
    ['five, two at a time', { completions: 5, parallelism: 2 }, 5, 2],
    ['a work queue of three', { completions: null, parallelism: 3 }, 3, 3],
    ['indexed', { completions: 3, parallelism: 3, completionMode: 'Indexed' }, 3, 3],
  ] as const)('%s: completes, and never runs more than its parallelism', (_what, spec, pods, most) => {
    const hollow = new Hollow({ life: succeeds })
    let seen = 0
    hollow.onPod = () => {
      seen = Math.max(seen, hollow.pods().filter(isActive).length)
    }
    hollow.store.create(job('work', spec))
    hollow.run(300e9)
    expect(conditions(hollow)).toContain('Complete:CompletionsReached')
    expect(hollow.get('Job', 'work').status.succeeded).toBe(pods)
    expect(seen).toBe(most)
    expect(hollow.pods()).toHaveLength(pods)
  })

  it('selects by its uid, and says its indexes', () => {
    const hollow = new Hollow({ life: succeeds })
    const { meta } = hollow.store.create(job('work', { completions: 2, parallelism: 2, completionMode: 'Indexed' }))
    hollow.run()
    expect(hollow.get('Job', 'work').spec.selector?.matchLabels).toEqual({
      'batch.kubernetes.io/controller-uid': meta.uid,
    })
    expect(hollow.pods().map((pod) => pod.meta.annotations['batch.kubernetes.io/job-completion-index'])).toEqual([
      '0',
      '1',
    ])
    expect(hollow.pods()[1].spec.hostname).toBe('work-1')
    expect(hollow.get('Job', 'work').status.completedIndexes).toEqual([0, 1])
  })

  it.each([
    ['backoffLimit', { backoffLimit: 2 }, 'Failed:BackoffLimitExceeded', 3],
    ['activeDeadlineSeconds', { activeDeadlineSeconds: 8 }, 'Failed:DeadlineExceeded', 1],
    [
      'podFailurePolicy',
      {
        podFailurePolicy: [
          { action: 'FailJob', onExitCodes: null, onPodConditions: [{ type: 'Ready', status: 'False' }] },
        ],
      },
      'Failed:PodFailurePolicy',
      1,
    ],
  ] as const)('fails by its %s', (_what, spec, condition, failed) => {
    const hollow = new Hollow({ life: fails })
    hollow.store.create(job('work', spec))
    hollow.run(600e9)
    expect(conditions(hollow)).toContain(condition)
    expect(hollow.get('Job', 'work').status).toMatchObject({ failed, active: 0 })
  })

  it('waits 10 s, 20 s, 40 s before it tries again', () => {
    const hollow = new Hollow({ life: fails })
    hollow.store.create(job('work', { backoffLimit: 3 }))
    hollow.run(600e9)
    const times = hollow.pods().map(({ meta }) => meta.creationTimestamp / 1e9)
    const gaps = times.slice(1).map((time, i) => Math.round(time - times[i] - 6))
    expect(gaps).toEqual([10, 20, 40])
  })

  it.each([
    ['Background', 0],
    ['Foreground', 0],
    ['Orphan', 2],
  ] as const)('deleted while it runs, with %s, leaves %i pods, and nothing holds them', (propagation, left) => {
    const hollow = new Hollow()
    hollow.store.create(job('work', { parallelism: 2, completions: 2 }))
    hollow.run()
    hollow.store.delete('Job', 'default', 'work', { propagation })
    hollow.run()
    expect(hollow.store.list('Job')).toEqual([])
    expect(hollow.pods().map(({ meta }) => meta.finalizers)).toEqual(Array(left).fill([]))
  })

  it('goes after its ttl, with its pods', () => {
    const hollow = new Hollow({ life: succeeds })
    hollow.store.create(job('work', { ttlSecondsAfterFinished: 30 }))
    hollow.run(30e9)
    expect(hollow.store.list('Job')).toHaveLength(1)
    hollow.run(30e9)
    expect([hollow.store.list('Job'), hollow.pods()]).toEqual([[], []])
  })

  it('ends early by its success policy', () => {
    const hollow = new Hollow({ life: (pod) => (pod.spec.hostname === 'work-0' ? succeeds() : null) })
    const policy = { successPolicy: [{ succeededIndexes: [0], succeededCount: 0 }] }
    hollow.store.create(job('work', { completions: 3, parallelism: 3, completionMode: 'Indexed', ...policy }))
    hollow.run()
    expect(conditions(hollow)).toContain('Complete:SuccessPolicy')
    expect(hollow.pods()).toHaveLength(1)
  })

  it('never runs more than its parallelism, and never completes twice, whatever fails', () => {
    const options = { completions: fc.integer({ min: 1, max: 6 }), parallelism: fc.integer({ min: 1, max: 4 }) }
    fc.assert(
      fc.property(fc.record(options), fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (spec, outcomes) => {
        let n = 0
        const life = () => ({ after: 2e9, code: outcomes[n++ % 12] || n > 12 ? 0 : 1 })
        const hollow = new Hollow({ life })
        hollow.onPod = () => expect(hollow.pods().filter(isActive).length).toBeLessThanOrEqual(spec.parallelism)
        hollow.store.create(job('work', { ...spec, backoffLimit: 20 }))
        hollow.run(86_400e9)
        expect(hollow.get('Job', 'work').status.succeeded).toBe(spec.completions)
        expect(conditionOf(hollow.get('Job', 'work').status.conditions, 'Complete')?.status).toBe('True')
      }),
      { numRuns: 40 },
    )
  })
})
