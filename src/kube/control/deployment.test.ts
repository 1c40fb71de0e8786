import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { container, deployment } from '../api/build.ts'
import { conditionOf, isActive } from '../api/pod-object.ts'
import type { Deployment } from '../api/workloads.ts'
import { rollBack } from './deployment.ts'
import { bounds } from './rolling.ts'
import { Hollow, readyCount } from './testing/hollow.ts'

const image = (hollow: Hollow, tag: string): void => {
  const latest = hollow.get('Deployment', 'web')
  const { template } = latest.spec
  const spec = { ...template.spec, containers: [container('app', { image: tag })] }
  hollow.store.update({ ...latest, spec: { ...latest.spec, template: { ...template, spec } } })
}
const change = (hollow: Hollow, spec: Partial<Deployment['spec']>): void => {
  const latest = hollow.get('Deployment', 'web')
  hollow.store.update({ ...latest, spec: { ...latest.spec, ...spec } })
}
const images = (hollow: Hollow): string[] => hollow.pods().map(({ spec }) => spec.containers[0].image)

// Kubernetes documentation, "Deployments"; test/e2e/apps/deployment.go.
describe('a Deployment', () => {
  it('has a ReplicaSet named after it and its template, whose pods carry the hash', () => {
    const hollow = new Hollow()
    hollow.store.create(deployment('web', { replicas: 3 }))
    hollow.run()
    const [set] = hollow.store.list('ReplicaSet')
    const hash = set.meta.labels['pod-template-hash']
    expect(set.meta.name).toBe(`web-${hash}`)
    for (const pod of hollow.pods())
      expect(pod.meta).toMatchObject({ labels: { app: 'web', 'pod-template-hash': hash } })
    expect(hollow.get('Deployment', 'web').status).toMatchObject({
      replicas: 3,
      updatedReplicas: 3,
      availableReplicas: 3,
      unavailableReplicas: 0,
    })
    const { conditions } = hollow.get('Deployment', 'web').status
    expect(conditionOf(conditions, 'Available')).toMatchObject({ status: 'True', reason: 'MinimumReplicasAvailable' })
    expect(conditionOf(conditions, 'Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' })
  })

  it.each([
    ['25%', '25%', 4, 3],
    [1, 0, 4, 4],
    [0, 1, 4, 3],
    ['100%', '100%', 4, 0],
    [2, 3, 5, 2],
  ] as const)(
    'with maxSurge %s and maxUnavailable %s goes from %i pods never below %i available',
    (maxSurge, maxUnavailable, replicas, least) => {
      const hollow = new Hollow()
      hollow.store.create(
        deployment('web', { replicas, strategy: { type: 'RollingUpdate', maxSurge, maxUnavailable } }),
      )
      hollow.run()
      const most = replicas + bounds(hollow.get('Deployment', 'web')).surge
      const seen = { most: 0, least: replicas as number }
      hollow.onPod = () => {
        const pods = hollow.pods().filter(isActive)
        seen.most = Math.max(seen.most, pods.length)
        seen.least = Math.min(seen.least, readyCount(pods))
      }
      image(hollow, 'v2')
      hollow.run(300e9)
      expect(images(hollow)).toEqual(Array(replicas).fill('v2'))
      expect(seen.most).toBeLessThanOrEqual(most)
      expect(seen.least).toBeGreaterThanOrEqual(least)
    },
  )

  it('never exceeds surge and unavailability, whatever is changed in mid-rollout, and converges', () => {
    const action = fc.oneof(
      fc.record({ do: fc.constant('image' as const), n: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ do: fc.constant('scale' as const), n: fc.integer({ min: 0, max: 9 }) }),
    )
    const share = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('25%' as const, '50%' as const))
    fc.assert(
      fc.property(
        share,
        share,
        fc.array(fc.tuple(action, fc.integer({ min: 0, max: 4e9 })), { maxLength: 5 }),
        (maxSurge, unavailable, actions) => {
          const maxUnavailable = maxSurge === 0 && unavailable === 0 ? 1 : unavailable
          const hollow = new Hollow()
          hollow.store.create(
            deployment('web', { replicas: 4, strategy: { type: 'RollingUpdate', maxSurge, maxUnavailable } }),
          )
          hollow.run()
          let largest = 4
          let tag = 'app'
          // While the size itself changes, the larger of the sizes bounds what there may be.
          hollow.onPod = () => {
            const { surge } = bounds({
              ...hollow.get('Deployment', 'web'),
              spec: { ...hollow.get('Deployment', 'web').spec, replicas: largest },
            })
            expect(hollow.pods().filter(isActive).length).toBeLessThanOrEqual(largest + surge)
          }
          for (const [{ do: what, n }, pause] of actions) {
            if (what === 'image') image(hollow, (tag = `v${n}`))
            else {
              largest = Math.max(largest, n)
              change(hollow, { replicas: n })
            }
            hollow.run(pause)
          }
          hollow.run(600e9)
          expect(images(hollow)).toEqual(Array(hollow.get('Deployment', 'web').spec.replicas).fill(tag))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('stands still when the new pods never become ready, and serves on', () => {
    const hollow = new Hollow({ healthy: ({ spec }) => spec.containers[0].image !== 'broken' })
    hollow.store.create(deployment('web', { replicas: 4 }))
    hollow.run()
    image(hollow, 'broken')
    hollow.run(700e9)
    expect(readyCount(hollow.pods())).toBe(3)
    expect(images(hollow).filter((tag) => tag === 'broken')).toHaveLength(2)
    const { conditions } = hollow.get('Deployment', 'web').status
    expect(conditionOf(conditions, 'Progressing')).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
    })
    rollBack(hollow.store, hollow.get('Deployment', 'web'))
    hollow.run()
    expect(images(hollow)).toEqual(['app', 'app', 'app', 'app'])
    expect(hollow.store.list('ReplicaSet')).toHaveLength(2)
  })

  it('recreated, has no pod of two templates at once', () => {
    const hollow = new Hollow()
    hollow.store.create(deployment('web', { replicas: 3, strategy: { type: 'Recreate' } }))
    hollow.run()
    hollow.onPod = () => expect(new Set(images(hollow)).size).toBeLessThanOrEqual(1)
    image(hollow, 'v2')
    hollow.run()
    expect(images(hollow)).toEqual(['v2', 'v2', 'v2'])
  })

  it('paused, changes its size and not its pods; resumed, rolls', () => {
    const hollow = new Hollow()
    hollow.store.create(deployment('web', { replicas: 2 }))
    hollow.run()
    change(hollow, { paused: true })
    image(hollow, 'v2')
    change(hollow, { replicas: 3 })
    hollow.run()
    expect(images(hollow)).toEqual(['app', 'app', 'app'])
    change(hollow, { paused: false })
    hollow.run()
    expect(images(hollow)).toEqual(['v2', 'v2', 'v2'])
  })

  it('deleted, takes its ReplicaSets and pods with it', () => {
    const hollow = new Hollow()
    hollow.store.create(deployment('web', { replicas: 2 }))
    hollow.run()
    hollow.store.delete('Deployment', 'default', 'web')
    hollow.run()
    expect([hollow.store.list('ReplicaSet'), hollow.pods()]).toEqual([[], []])
  })
})
