import { describe, expect, it } from 'vitest'
import { InputError } from '../../util/diagnostics.ts'
import { Emulation } from '../emulation.ts'
import { load } from '../load/load.ts'
import { perform } from '../operations.ts'

// Kubernetes documentation, "Jobs": Pod failure policy, Success policy, Backoff limit per index, TTL mechanism.
const job = (spec: string, command: string, pod = 'restartPolicy: Never'): string => `apiVersion: batch/v1
kind: Job
metadata: { name: work }
spec:
  ${spec}
  template: { spec: { ${pod}, containers: [{ name: main, image: 'busybox:1', command: [sh, -c, '${command}'] }] } }
`

function run(text: string, seconds = 120) {
  const emulation = new Emulation(load([{ name: 'job.yaml', text }]), { recording: 'off' })
  emulation.advance(seconds * 1e9)
  const { store } = emulation.life!
  const found = store.get('Job', 'default', 'work')
  const ended = found?.status.conditions.find(({ type }) => type === 'Complete' || type === 'Failed')
  const { succeeded = 0, failed = 0 } = found?.status ?? {}
  return { end: ended === undefined ? 'none' : `${ended.type} ${ended.reason}`, succeeded, failed, store, emulation }
}
const outcome = (text: string, seconds?: number): string => {
  const { end, succeeded, failed } = run(text, seconds)
  return `${end} ${succeeded}/${failed}`
}
const RULE = (action: string, operator: string, values: string) =>
  `podFailurePolicy: { rules: [{ action: ${action}, onExitCodes: { operator: ${operator}, values: [${values}] } }] }`

describe('a Job of a manifest', () => {
  it.each([
    ['runs one pod once when neither number is given', 'backoffLimit: 6', 'true', 'Complete CompletionsReached 1/0'],
    ['fails at its backoffLimit', 'backoffLimit: 1', 'exit 3', 'Failed BackoffLimitExceeded 0/2'],
    [
      'FailJob ends it at the first such exit',
      `backoffLimit: 6\n  ${RULE('FailJob', 'In', '42')}`,
      'exit 42',
      'Failed PodFailurePolicy 0/1',
    ],
    [
      'a rule that does not match leaves it to the backoffLimit',
      `backoffLimit: 1\n  ${RULE('FailJob', 'In', '42')}`,
      'exit 1',
      'Failed BackoffLimitExceeded 0/2',
    ],
    ['NotIn', `backoffLimit: 6\n  ${RULE('FailJob', 'NotIn', '1, 2')}`, 'exit 3', 'Failed PodFailurePolicy 0/1'],
    ['Ignore does not count', `backoffLimit: 0\n  ${RULE('Ignore', 'In', '9')}`, 'exit 9', 'none 0/0'],
    ['a deadline ends it', 'activeDeadlineSeconds: 20', 'sleep 100', 'Failed DeadlineExceeded 0/1'],
    [
      'an index that fails too often is given up',
      'completions: 2\n  parallelism: 2\n  completionMode: Indexed\n  backoffLimitPerIndex: 0',
      'exit 1',
      'Failed FailedIndexes 0/2',
    ],
    [
      'FailIndex gives it up at once',
      `completions: 1\n  completionMode: Indexed\n  backoffLimitPerIndex: 5\n  ${RULE('FailIndex', 'In', '7')}`,
      'exit 7',
      'Failed FailedIndexes 0/1',
    ],
    [
      'a success policy by count ends it early',
      'completions: 5\n  parallelism: 2\n  completionMode: Indexed\n  successPolicy: { rules: [{ succeededCount: 2 }] }',
      'sleep 5',
      'Complete SuccessPolicy 2/0',
    ],
    [
      'by the index of a leader',
      "completions: 3\n  parallelism: 1\n  completionMode: Indexed\n  successPolicy: { rules: [{ succeededIndexes: '0' }] }",
      'sleep 5',
      'Complete SuccessPolicy 1/0',
    ],
    [
      'by a range',
      "completions: 4\n  parallelism: 4\n  completionMode: Indexed\n  successPolicy: { rules: [{ succeededIndexes: '1-2', succeededCount: 1 }] }",
      'sleep 5',
      'Complete SuccessPolicy 4/0',
    ],
    ['suspended it makes no pod', 'suspend: true', 'true', 'none 0/0'],
  ])('%s', (_name, spec, command, end) => {
    expect(outcome(job(spec, command))).toBe(end)
  })

  it('goes with its pods when its time to live is over', () => {
    const { store } = run(job('ttlSecondsAfterFinished: 30', 'true'), 60)
    expect([store.list('Job').length, store.list('Pod', 'default').length]).toEqual([0, 0])
  })

  it('does not count pods that were taken from it, where its policy ignores disruptions', () => {
    const spec =
      'backoffLimit: 0\n  podFailurePolicy: { rules: [{ action: Ignore, onPodConditions: [{ type: DisruptionTarget }] }] }'
    const { emulation, store } = run(
      job(spec, 'sleep 40', 'restartPolicy: Never, nodeSelector: { kubernetes.io/hostname: node-1 }'),
      10,
    )
    const scenario = load([
      {
        name: 's.yaml',
        text: 'apiVersion: podwire.dev/v1alpha1\nkind: Scenario\nmetadata: { name: s }\nspec: { title: T, steps: [{ drain: { name: node-1 } }, { at: 60s, uncordon: { name: node-1 } }, { check: { job: work, state: complete, succeeded: 1, failed: 0, within: 200s } }] }',
      },
    ])
    const outcomes = scenario.scenarios[0].steps.map(({ operation, start, at }) => {
      if (start !== null) emulation.advance(start - emulation.now)
      return perform(emulation, operation, at)
    })
    expect(outcomes.at(-1)).toEqual({ kind: 'check', failures: [] })
    expect(store.get('Job', 'default', 'work')!.status.failed).toBe(0)
  })

  it.each([
    ['successPolicy: { rules: [{ succeededCount: 1 }] }', 'spec.successPolicy: Invalid value'],
    [RULE('FailIndex', 'In', '1'), 'requires the backoffLimitPerIndex to be set'],
    [
      RULE('Retry', 'In', '1'),
      'Unsupported value: "Retry": supported values: "FailJob", "FailIndex", "Ignore", "Count"',
    ],
    [
      'podFailurePolicy: { rules: [{ action: FailJob }] }',
      'specifying one of OnExitCodes and OnPodConditions is required',
    ],
    [
      "completions: 1\n  completionMode: Indexed\n  successPolicy: { rules: [{ succeededIndexes: 'a-b' }] }",
      'cannot convert string to integer for index',
    ],
    ['completions: -1', 'spec.completions: Invalid value: -1: must be greater than or equal to 0'],
  ])('is refused: %s', (spec, message) => {
    expect(() => run(job(spec, 'true'))).toThrow(InputError)
    try {
      run(job(spec, 'true'))
    } catch (error) {
      expect((error as Error).message).toContain(message)
      expect((error as Error).message).toMatch(/^job\.yaml:\d+:\d+: Job\.batch "work" is invalid: /)
    }
  })
})
