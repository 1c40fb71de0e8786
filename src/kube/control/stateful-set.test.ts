import { describe, expect, it } from 'vitest'
import { container, statefulSet } from '../api/build.ts'
import { isReady } from '../api/pod-object.ts'
import { Hollow } from './testing/hollow.ts'

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

  const images = (hollow: Hollow): Record<string, string> =>
    Object.fromEntries(hollow.pods().map(({ meta, spec }) => [meta.name, spec.containers[0].image]))
  const change = (hollow: Hollow, image: string): void => {
    const latest = hollow.get('StatefulSet', 'db')
    const { template } = latest.spec
    const spec = { ...template.spec, containers: [container('app', { image })] }
    hollow.store.update({ ...latest, spec: { ...latest.spec, template: { ...template, spec } } })
  }

  it('makes and takes all at once when it manages them in parallel', () => {
    const hollow = new Hollow({ healthy: () => false })
    hollow.store.create(statefulSet('db', { replicas: 3, podManagementPolicy: 'Parallel' }))
    hollow.run(0.1e9)
    expect(hollow.pods().map(({ meta }) => meta.name)).toEqual(['db-0', 'db-1', 'db-2'])
    const latest = hollow.get('StatefulSet', 'db')
    hollow.store.update({ ...latest, spec: { ...latest.spec, replicas: 0 } })
    hollow.run(0.1e9)
    expect(hollow.pods()).toEqual([])
  })

  it('in order, stops at a pod that does not become ready', () => {
    const hollow = new Hollow({ healthy: ({ meta }) => meta.name !== 'db-1' })
    hollow.store.create(statefulSet('db', { replicas: 4 }))
    hollow.run(600e9)
    expect(hollow.pods().map(({ meta }) => meta.name)).toEqual(['db-0', 'db-1'])
    expect(hollow.get('StatefulSet', 'db').status).toMatchObject({ replicas: 2, readyReplicas: 1 })
  })

  it('on delete, changes a pod when somebody deletes it', () => {
    const hollow = new Hollow()
    hollow.store.create(statefulSet('db', { replicas: 2, updateStrategy: { type: 'OnDelete', partition: 0 } }))
    hollow.run()
    change(hollow, 'v2')
    hollow.run()
    expect(images(hollow)).toEqual({ 'db-0': 'app', 'db-1': 'app' })
    hollow.store.delete('Pod', 'default', 'db-0')
    hollow.run()
    expect(images(hollow)).toEqual({ 'db-0': 'v2', 'db-1': 'app' })
  })

  it('makes a pod below the partition anew by the template of before', () => {
    const hollow = new Hollow()
    hollow.store.create(statefulSet('db', { replicas: 3, updateStrategy: { type: 'RollingUpdate', partition: 2 } }))
    hollow.run()
    change(hollow, 'v2')
    hollow.run()
    hollow.store.delete('Pod', 'default', 'db-0')
    hollow.run()
    expect(images(hollow)).toEqual({ 'db-0': 'app', 'db-1': 'app', 'db-2': 'v2' })
    const { currentRevision, updateRevision, updatedReplicas } = hollow.get('StatefulSet', 'db').status
    expect([currentRevision === updateRevision, updatedReplicas]).toEqual([false, 1])
    const latest = hollow.get('StatefulSet', 'db')
    hollow.store.update({
      ...latest,
      spec: { ...latest.spec, updateStrategy: { type: 'RollingUpdate', partition: 0 } },
    })
    hollow.run(120e9)
    expect(images(hollow)).toEqual({ 'db-0': 'v2', 'db-1': 'v2', 'db-2': 'v2' })
    const after = hollow.get('StatefulSet', 'db').status
    expect(after.currentRevision).toBe(after.updateRevision)
  })

  it('counts ordinals, and the partition, from where they start', () => {
    const hollow = new Hollow()
    const updateStrategy = { type: 'RollingUpdate', partition: 1 } as const
    hollow.store.create(statefulSet('db', { replicas: 3, ordinalsStart: 5, updateStrategy }))
    hollow.run()
    change(hollow, 'v2')
    hollow.run()
    expect(images(hollow)).toEqual({ 'db-5': 'app', 'db-6': 'v2', 'db-7': 'v2' })
  })

  it('rolls no further than a pod that does not become ready', () => {
    const hollow = new Hollow({ healthy: ({ spec }) => spec.containers[0].image === 'app' })
    hollow.store.create(statefulSet('db', { replicas: 3 }))
    hollow.run()
    change(hollow, 'broken')
    hollow.run(600e9)
    expect(images(hollow)).toEqual({ 'db-0': 'app', 'db-1': 'app', 'db-2': 'broken' })
  })
})
