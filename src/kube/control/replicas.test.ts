import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pod, replicaSet, replicationController } from '../api/build.ts'
import { controllerOf } from '../api/object.ts'
import { isActive } from '../api/pod-object.ts'
import { Hollow, readyCount } from './testing/hollow.ts'

const KINDS = { ReplicaSet: replicaSet, ReplicationController: replicationController } as const

// Kubernetes documentation, "ReplicaSet" and "ReplicationController"; test/e2e/apps/{rc,replica_set}.go.
describe.each(Object.entries(KINDS))('%s', (kind, make) => {
  const owner = (replicas: number) => make('web', { replicas })

  it('makes as many pods as wanted, owned by it and named after it', () => {
    const hollow = new Hollow()
    const { meta } = hollow.store.create(owner(3))
    hollow.run()
    expect(hollow.pods()).toHaveLength(3)
    for (const { meta: own } of hollow.pods()) {
      expect(own.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
      expect(controllerOf(own)).toMatchObject({ kind, name: 'web', uid: meta.uid })
    }
    expect(hollow.get(kind as 'ReplicaSet', 'web').status).toMatchObject({
      replicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
    })
  })

  it('replaces a pod that was deleted by one with another name and uid', () => {
    const hollow = new Hollow()
    hollow.store.create(owner(2))
    hollow.run()
    const [victim, survivor] = hollow.pods()
    hollow.store.delete('Pod', 'default', victim.meta.name)
    hollow.run()
    const now = hollow.pods()
    expect(now).toHaveLength(2)
    expect(now.map(({ meta }) => meta.uid)).toContain(survivor.meta.uid)
    expect(now.map(({ meta }) => meta.uid)).not.toContain(victim.meta.uid)
    expect(now.map(({ meta }) => meta.name)).not.toContain(victim.meta.name)
  })

  it('replaces a pod that failed, and keeps the failed one', () => {
    let first = ''
    const life = ({ meta }: { readonly meta: { readonly uid: string } }) => {
      if (first === '') first = meta.uid
      return meta.uid === first ? { after: 1e9, code: 1 } : null
    }
    const hollow = new Hollow({ life })
    hollow.store.create(owner(1))
    hollow.run()
    expect(
      hollow
        .pods()
        .map(({ status }) => status.phase)
        .sort(),
    ).toEqual(['Failed', 'Running'])
  })

  it('adopts a stray pod that matches and trims what is then too many', () => {
    const hollow = new Hollow()
    hollow.store.create(pod('stray', { app: 'web' }))
    hollow.run()
    const { meta } = hollow.store.create(owner(1))
    hollow.run()
    expect(hollow.pods().map((one) => one.meta.name)).toEqual(['stray'])
    expect(controllerOf(hollow.pods()[0].meta)?.uid).toBe(meta.uid)
    hollow.store.create(pod('second', { app: 'web' }))
    hollow.run()
    expect(hollow.pods()).toHaveLength(1)
  })

  it('releases a pod whose labels were changed, and makes another', () => {
    const hollow = new Hollow()
    hollow.store.create(owner(1))
    hollow.run()
    const [first] = hollow.pods()
    hollow.store.update({ ...first, meta: { ...first.meta, labels: { app: 'debug' } } })
    hollow.run()
    expect(hollow.pods()).toHaveLength(2)
    expect(controllerOf(hollow.get('Pod', first.meta.name).meta)).toBeNull()
  })

  it('scaled down, takes the pods that are not ready before those that are', () => {
    const hollow = new Hollow({ healthy: ({ spec }) => spec.nodeName !== 'node-2' })
    hollow.store.create(owner(6))
    hollow.run()
    const ready = readyCount(hollow.pods())
    expect(ready).toBeLessThan(6)
    const latest = hollow.get(kind as 'ReplicaSet', 'web')
    hollow.store.update({ ...latest, spec: { ...latest.spec, replicas: ready } })
    hollow.run()
    expect(hollow.pods()).toHaveLength(ready)
    expect(readyCount(hollow.pods())).toBe(ready)
  })

  it('counts a pod as available only minReadySeconds after it is ready', () => {
    const hollow = new Hollow()
    hollow.store.create(make('web', { replicas: 1, minReadySeconds: 10 }))
    hollow.run(6e9)
    expect(hollow.get(kind as 'ReplicaSet', 'web').status).toMatchObject({ readyReplicas: 1, availableReplicas: 0 })
    hollow.run(10e9)
    expect(hollow.get(kind as 'ReplicaSet', 'web').status).toMatchObject({ readyReplicas: 1, availableReplicas: 1 })
  })

  it('converges from any state, whatever is done to it on the way', () => {
    const action = fc.oneof(
      fc.record({ do: fc.constant('scale' as const), n: fc.integer({ min: 0, max: 8 }) }),
      fc.record({ do: fc.constant('kill' as const), n: fc.nat(8) }),
      fc.record({ do: fc.constant('stray' as const), n: fc.nat(1000) }),
      fc.record({ do: fc.constant('relabel' as const), n: fc.nat(8) }),
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(action, fc.integer({ min: 0, max: 3_000_000_000 })), { maxLength: 8 }),
        (actions) => {
          const hollow = new Hollow()
          hollow.store.create(owner(2))
          let wanted = 2
          for (const [{ do: what, n }, pause] of actions) {
            const one = hollow.pods().filter(isActive)[n % Math.max(1, hollow.pods().filter(isActive).length)]
            if (what === 'scale') {
              const latest = hollow.get(kind as 'ReplicaSet', 'web')
              hollow.store.update({ ...latest, spec: { ...latest.spec, replicas: (wanted = n) } })
            } else if (what === 'stray') {
              if (hollow.store.get('Pod', 'default', `stray-${n}`) === null)
                hollow.store.create(pod(`stray-${n}`, { app: 'web' }))
            } else if (one !== undefined && what === 'kill') hollow.store.delete('Pod', 'default', one.meta.name)
            else if (one !== undefined) hollow.store.update({ ...one, meta: { ...one.meta, labels: { app: 'other' } } })
            hollow.run(pause)
          }
          hollow.run()
          expect(hollow.pods().filter(({ meta }) => meta.labels.app === 'web')).toHaveLength(wanted)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('deleting the owner', () => {
  it.each([
    ['Background', 0],
    ['Foreground', 0],
    ['Orphan', 2],
  ] as const)('with %s leaves %i pods', (propagation, left) => {
    const hollow = new Hollow()
    hollow.store.create(replicaSet('web', { replicas: 2 }))
    hollow.run()
    hollow.store.delete('ReplicaSet', 'default', 'web', { propagation })
    hollow.run()
    expect(hollow.store.list('ReplicaSet')).toEqual([])
    expect(hollow.pods()).toHaveLength(left)
    for (const { meta } of hollow.pods()) expect(meta.ownerReferences).toEqual([])
  })
})
