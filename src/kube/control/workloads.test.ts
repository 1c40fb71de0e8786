import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { container, daemonSet, job, node, statefulSet } from '../api/build.ts'
import { conditionOf, isActive, isReady } from '../api/pod-object.ts'
import { Hollow } from './testing/hollow.ts'

const TAINT = { key: 'node-role.kubernetes.io/control-plane', value: '', effect: 'NoSchedule' } as const

// Kubernetes documentation, "StatefulSets": Deployment and Scaling Guarantees; test/e2e/apps/statefulset.go.
describe('a StatefulSet', () => {
  it('makes pods with stable names in order, each when its predecessors are ready', () => {
    const hollow = new Hollow()
    const seen: string[] = []
    hollow.onPod = () => {
      const names = hollow.pods().map(({ meta }) => meta.name)
      if (names.length > seen.length) {
        expect(hollow.pods().slice(0, -1).every(isReady)).toBe(true)
        seen.push(names.at(-1)!)
      }
    }
    hollow.store.create(statefulSet('db', { replicas: 3 }))
    hollow.run()
    expect(seen).toEqual(['db-0', 'db-1', 'db-2'])
    const { spec, meta } = hollow.get('Pod', 'db-1')
    expect(spec).toMatchObject({ hostname: 'db-1', subdomain: 'db' })
    expect(meta.labels).toMatchObject({
      'statefulset.kubernetes.io/pod-name': 'db-1',
      'apps.kubernetes.io/pod-index': '1',
    })
  })

  it('gives a deleted pod the same name and another uid', () => {
    const hollow = new Hollow()
    hollow.store.create(statefulSet('db', { replicas: 2 }))
    hollow.run()
    const { uid } = hollow.get('Pod', 'db-0').meta
    hollow.store.delete('Pod', 'default', 'db-0')
    hollow.run()
    expect(hollow.get('Pod', 'db-0').meta.uid).not.toBe(uid)
  })

  it('scales down from the highest ordinal', () => {
    const hollow = new Hollow()
    hollow.store.create(statefulSet('db', { replicas: 3 }))
    hollow.run()
    const latest = hollow.get('StatefulSet', 'db')
    hollow.store.update({ ...latest, spec: { ...latest.spec, replicas: 1 } })
    hollow.run()
    expect(hollow.pods().map(({ meta }) => meta.name)).toEqual(['db-0'])
  })

  it('updates from the highest ordinal down to the partition', () => {
    const hollow = new Hollow()
    hollow.store.create(statefulSet('db', { replicas: 3, updateStrategy: { type: 'RollingUpdate', partition: 1 } }))
    hollow.run()
    const latest = hollow.get('StatefulSet', 'db')
    const { template } = latest.spec
    const spec = { ...template.spec, containers: [container('app', { image: 'v2' })] }
    hollow.store.update({ ...latest, spec: { ...latest.spec, template: { ...template, spec } } })
    hollow.run()
    const images = ['db-0', 'db-1', 'db-2'].map((name) => hollow.get('Pod', name).spec.containers[0].image)
    expect(images).toEqual(['app', 'v2', 'v2'])
  })
})

// Kubernetes documentation, "DaemonSet"; test/e2e/apps/daemon_set.go.
describe('a DaemonSet', () => {
  const nodes = (hollow: Hollow): string[] =>
    hollow
      .pods()
      .map(({ spec }) => spec.nodeName)
      .sort()

  it('runs one pod on each node, not on the control plane, and follows nodes as they join', () => {
    const hollow = new Hollow({ nodes: 2 })
    hollow.store.create(node('control-plane', {}, { taints: [TAINT] }))
    hollow.store.create(daemonSet('agent'))
    hollow.run()
    expect(nodes(hollow)).toEqual(['node-1', 'node-2'])
    hollow.store.create(node('node-3'))
    hollow.run()
    expect(nodes(hollow)).toEqual(['node-1', 'node-2', 'node-3'])
    hollow.store.delete('Node', '', 'node-2')
    hollow.run()
    expect(nodes(hollow)).toEqual(['node-1', 'node-3'])
  })

  it('runs on the control plane when it tolerates its taint, and where its nodeSelector matches', () => {
    const hollow = new Hollow({ nodes: 2 })
    hollow.store.create(node('control-plane', { disk: 'ssd' }, { taints: [TAINT] }))
    const toleration = { key: TAINT.key, operator: 'Exists', value: '', effect: '', tolerationSeconds: null } as const
    hollow.store.create(daemonSet('agent', { spec: { tolerations: [toleration], nodeSelector: { disk: 'ssd' } } }))
    hollow.run()
    expect(nodes(hollow)).toEqual(['control-plane'])
  })

  it('recreates a deleted pod, and stays on a cordoned node', () => {
    const hollow = new Hollow({ nodes: 1 })
    hollow.store.create(daemonSet('agent'))
    hollow.run()
    const only = hollow.get('Node', 'node-1')
    hollow.store.update({ ...only, spec: { ...only.spec, unschedulable: true } })
    hollow.run()
    const [first] = hollow.pods()
    hollow.store.delete('Pod', 'default', first.meta.name)
    hollow.run()
    expect(nodes(hollow)).toEqual(['node-1'])
    expect(hollow.pods()[0].meta.uid).not.toBe(first.meta.uid)
  })

  it('rolls one node at a time', () => {
    const hollow = new Hollow({ nodes: 4 })
    hollow.store.create(daemonSet('agent'))
    hollow.run()
    const latest = hollow.get('DaemonSet', 'agent')
    const { template } = latest.spec
    const spec = { ...template.spec, containers: [container('app', { image: 'v2' })] }
    hollow.store.update({ ...latest, spec: { ...latest.spec, template: { ...template, spec } } })
    hollow.onPod = () =>
      expect(hollow.pods().filter((pod) => isActive(pod) && isReady(pod)).length).toBeGreaterThanOrEqual(3)
    hollow.run(120e9)
    expect(hollow.pods().map((pod) => pod.spec.containers[0].image)).toEqual(['v2', 'v2', 'v2', 'v2'])
  })
})

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
