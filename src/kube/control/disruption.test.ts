import { describe, expect, it } from 'vitest'
import {
  budget,
  container,
  daemonSet,
  deployment,
  job,
  pod,
  replicaSet,
  replicationController,
  statefulSet,
} from '../api/build.ts'
import type { PodDisruptionBudget } from '../api/cluster-objects.ts'
import { ApiError } from '../api/errors.ts'
import type { KubeObject } from '../api/kinds.ts'
import { conditionOf } from '../api/pod-object.ts'
import { selectorOf } from '../api/selector.ts'
import { evict } from './disruption.ts'
import { Hollow } from './testing/hollow.ts'

type Spec = Partial<PodDisruptionBudget['spec']>

/** A budget over the pods `app=web`, of which those on an ordinal in `unwell` are not ready; after a minute. */
function world(spec: Spec, objects: readonly KubeObject[], unwell = 0): Hollow {
  let made = 0
  const hollow = new Hollow({ healthy: () => ++made > unwell })
  for (const object of objects) hollow.store.create(object)
  hollow.store.create(budget('web', spec))
  hollow.run()
  return hollow
}
const status = (hollow: Hollow): string => {
  const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods } = hollow.get(
    'PodDisruptionBudget',
    'web',
  ).status
  return `${disruptionsAllowed} of ${currentHealthy}/${desiredHealthy}/${expectedPods}`
}
const web = { replicas: 3, labels: { app: 'web' } }

// Kubernetes documentation, "Specifying a Disruption Budget for your Application"; test/e2e/apps/disruption.go.
describe('a PodDisruptionBudget allows so many of healthy/desired/expected', () => {
  const three = [deployment('web', { replicas: 3 })]
  it.each<[Spec, readonly KubeObject[], number, string]>([
    [{ minAvailable: 2 }, three, 0, '1 of 3/2/3'],
    [{ minAvailable: 2 }, three, 1, '0 of 2/2/3'],
    [{ minAvailable: 4 }, three, 0, '0 of 3/4/3'],
    [{ minAvailable: 0 }, three, 0, '3 of 3/0/3'],
    // Shares are rounded up, of what is to be available and of what may be lacking.
    [{ minAvailable: '50%' }, three, 0, '1 of 3/2/3'],
    [{ minAvailable: '100%' }, three, 0, '0 of 3/3/3'],
    [{ maxUnavailable: 1 }, three, 0, '1 of 3/2/3'],
    [{ maxUnavailable: 1 }, three, 1, '0 of 2/2/3'],
    [{ maxUnavailable: '50%' }, three, 0, '2 of 3/1/3'],
    [{ maxUnavailable: '0%' }, three, 0, '0 of 3/3/3'],
    [{ maxUnavailable: 5 }, three, 0, '3 of 3/0/3'],
    [{ maxUnavailable: 1 }, [replicaSet('web', web)], 0, '1 of 3/2/3'],
    [{ maxUnavailable: 1 }, [replicationController('web', web)], 0, '1 of 3/2/3'],
    [{ maxUnavailable: 1 }, [statefulSet('web', web)], 0, '1 of 3/2/3'],
    [{ maxUnavailable: 1 }, [deployment('a', web), deployment('b', web)].slice(0, 1), 0, '1 of 3/2/3'],
    // Pods that nobody controls count for a number of pods alone.
    [{ minAvailable: 1 }, [pod('a', { app: 'web' }), pod('b', { app: 'web' })], 0, '1 of 2/1/2'],
    [{ maxUnavailable: 1 }, [pod('a', { app: 'web' }), pod('b', { app: 'web' })], 0, '0 of 2/0/0'],
    [{ minAvailable: '50%' }, [pod('a', { app: 'web' }), ...three], 0, '2 of 4/2/3'],
    // Who has no scale is not known well enough.
    [{ minAvailable: 1 }, [daemonSet('web')], 0, '2 of 3/1/3'],
    [{ maxUnavailable: 1 }, [daemonSet('web')], 0, '0 of 0/0/0'],
    [{ maxUnavailable: 1 }, [], 0, '0 of 0/0/0'],
    [{ minAvailable: 1, selector: null }, three, 0, '0 of 0/1/0'],
  ])('%j', (spec, objects, unwell, expected) => {
    expect(status(world(spec, objects, unwell))).toBe(expected)
  })

  it('counts a Deployment once while it rolls', () => {
    const hollow = world({ maxUnavailable: 1 }, three)
    const latest = hollow.get('Deployment', 'web')
    const { template } = latest.spec
    const spec = { ...template.spec, containers: [container('app', { image: 'v2' })] }
    hollow.store.update({ ...latest, spec: { ...latest.spec, template: { ...template, spec } } })
    const seen = new Set<number>()
    hollow.onPod = () => seen.add(hollow.get('PodDisruptionBudget', 'web').status.expectedPods)
    hollow.run()
    expect([...seen]).toEqual([3])
  })

  it.each<[string, Spec, readonly KubeObject[], string]>([
    ['nothing to protect', { minAvailable: 1 }, [], 'NoPods: No matching pods found'],
    [
      'pods that nobody controls',
      { maxUnavailable: 1 },
      [pod('a', { app: 'web' })],
      'UnmanagedPods: Pods selected by this PodDisruptionBudget (selector: &LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.',
    ],
    [
      'a controller without a scale',
      { maxUnavailable: 1, selector: selectorOf({ 'batch.kubernetes.io/job-name': 'web' }) },
      [job('web')],
      'CalculateExpectedPodCountFailed: Failed to calculate the number of expected pods: jobs.batch does not implement the scale subresource',
    ],
  ])('and says of %s', (_what, spec, objects, event) => {
    expect(world(spec, objects).events('web')).toContain(event)
  })
})

// Kubernetes documentation, "API-initiated Eviction".
describe('an eviction', () => {
  const ask = (hollow: Hollow, name: string): string => {
    try {
      evict(hollow.store, hollow.get('Pod', name))
      return 'evicted'
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return `${error.reason}: ${error.message}`
    }
  }
  const names = (hollow: Hollow): string[] => hollow.pods().map(({ meta }) => meta.name)
  const refused =
    "TooManyRequests: Cannot evict pod as it would violate the pod's disruption budget: The disruption budget web needs 2 healthy pods and has 2 currently"

  it('takes one after the other while the budget lasts, and says on the pod why it goes', () => {
    const hollow = world({ minAvailable: 2 }, [replicaSet('web', web)])
    const [first, second] = names(hollow)
    expect(ask(hollow, first)).toBe('evicted')
    const reason = conditionOf(hollow.get('Pod', first).status.conditions, 'DisruptionTarget')?.reason
    expect(reason).toBe('EvictionByEvictionAPI')
    expect(ask(hollow, second)).toMatch(
      /^TooManyRequests: Cannot evict pod as it would violate the pod's disruption budget/,
    )
    hollow.run()
    expect(names(hollow)).not.toContain(first)
    expect(ask(hollow, second)).toBe('evicted')
  })

  it('is refused with the numbers', () => {
    const hollow = world({ minAvailable: 2 }, [replicaSet('web', { ...web, replicas: 2 })])
    expect(names(hollow).map((name) => ask(hollow, name))).toEqual([refused, refused])
  })

  it('of a pod that is not ready is free while the rest is enough, or none was enough anyway', () => {
    const enough = world({ minAvailable: 2 }, [replicaSet('web', web)], 1)
    const unready = enough.pods().find(({ status: { phase } }) => phase !== 'Running')!
    expect(ask(enough, unready.meta.name)).toBe('evicted')
    const tooFew = world({ minAvailable: 2 }, [replicaSet('web', web)], 2)
    const other = tooFew.pods().find(({ status: { phase } }) => phase !== 'Running')!
    expect(ask(tooFew, other.meta.name)).toMatch(/^TooManyRequests/)
  })

  it('where no budget speaks, is a deletion; where two do, an error', () => {
    const hollow = new Hollow()
    hollow.store.create(pod('alone'))
    hollow.store.create(pod('twice', { app: 'web' }))
    hollow.store.create(budget('web', { minAvailable: 0 }))
    hollow.store.create({ ...budget('other', { minAvailable: 0, selector: selectorOf({ app: 'web' }) }) })
    hollow.run()
    expect(ask(hollow, 'alone')).toBe('evicted')
    expect(ask(hollow, 'twice')).toBe(
      'Invalid: This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  })
})
