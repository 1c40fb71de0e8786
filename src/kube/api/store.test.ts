import { describe, expect, it } from 'vitest'
import { Simulation } from '../../sim/simulation.ts'
import { Recorder } from '../../trace/recorder.ts'
import { Rng } from '../../util/rng.ts'
import {
  container,
  daemonSet,
  deployment,
  job,
  namespace,
  pod,
  podSpec,
  replicaSet,
  replicationController,
  template,
} from './build.ts'
import { ApiError } from './errors.ts'
import { scaled } from './int-or-percent.ts'
import type { KubeObject } from './kinds.ts'
import { parseQuantity } from './quantity.ts'
import { formatSelector, matches, selectorOf } from './selector.ts'
import { Store } from './store.ts'

const make = (seed = 1) => {
  const simulation = new Simulation()
  const recorder = new Recorder('steps')
  return { simulation, recorder, store: new Store({ simulation, recorder, rng: new Rng(seed), watchLatency: 5 }) }
}
const messageOf = (what: () => unknown): string => {
  try {
    what()
  } catch (error) {
    if (error instanceof ApiError) return error.message
    throw error
  }
  return 'accepted'
}

describe('the store', () => {
  it('gives uid, resourceVersion and generation, the same from the same seed', () => {
    const [a, b, c] = [make(), make(), make(2)].map(({ store }) => store.create(replicaSet('web')))
    expect(a.meta.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(a.meta).toMatchObject({ resourceVersion: 1, generation: 1 })
    expect(b.meta.uid).toBe(a.meta.uid)
    expect(c.meta.uid).not.toBe(a.meta.uid)
  })

  it('raises generation with spec alone, and resourceVersion always', () => {
    const { store } = make()
    let set = store.create(replicaSet('web'))
    set = store.update({ ...set, status: { ...set.status, replicas: 1 } })
    expect(set.meta).toMatchObject({ resourceVersion: 2, generation: 1 })
    set = store.update({ ...set, spec: { ...set.spec, replicas: 2 } })
    expect(set.meta).toMatchObject({ resourceVersion: 3, generation: 2 })
  })

  it('tells watchers of changes in order, after the latency', () => {
    const { store, simulation } = make()
    const seen: string[] = []
    store.watch('Pod', ({ type, object }) => seen.push(`${simulation.now} ${type} ${object.meta.name}`))
    store.create(pod('a'))
    simulation.run(3)
    store.create(pod('b'))
    store.delete('Pod', 'default', 'a')
    simulation.run(4)
    expect(seen).toEqual([])
    simulation.run(20)
    expect(seen).toEqual(['5 ADDED a', '8 ADDED b', '8 DELETED a'])
  })

  it('refuses what the API server refuses, in its words', () => {
    const { store } = make()
    const web = store.create(pod('web'))
    expect(messageOf(() => store.create(pod('web')))).toBe('pods "web" already exists')
    expect(messageOf(() => store.delete('Pod', 'default', 'nobody'))).toBe('pods "nobody" not found')
    store.update({ ...web, meta: { ...web.meta, labels: { a: 'b' } } })
    expect(messageOf(() => store.update({ ...web, meta: { ...web.meta, labels: {} } }))).toBe(
      'Operation cannot be fulfilled on pods "web": the object has been modified; please apply your changes to the latest version and try again',
    )
  })

  it('keeps a pod that runs for its grace, and one that is nowhere not at all', () => {
    const { store } = make()
    store.create(pod('nowhere'))
    store.create({ ...pod('placed'), spec: podSpec({ nodeName: 'node-1' }) })
    store.delete('Pod', 'default', 'nowhere')
    store.delete('Pod', 'default', 'placed')
    expect(
      store.list('Pod').map(({ meta }) => [meta.name, meta.deletionTimestamp, meta.deletionGracePeriodSeconds]),
    ).toEqual([['placed', 30e9, 30]])
    store.delete('Pod', 'default', 'placed', { gracePeriodSeconds: 5 })
    expect(store.list('Pod')[0].meta.deletionTimestamp).toBe(5e9)
    store.delete('Pod', 'default', 'placed', { gracePeriodSeconds: 60 })
    expect(store.list('Pod')[0].meta.deletionTimestamp).toBe(5e9)
    store.delete('Pod', 'default', 'placed', { gracePeriodSeconds: 0 })
    expect(store.list('Pod')).toEqual([])
  })

  it('keeps what has finalizers until they are gone', () => {
    const { store } = make()
    const set = store.create({ ...replicaSet('web'), meta: { ...replicaSet('web').meta, finalizers: ['x/y'] } })
    store.delete('ReplicaSet', 'default', 'web')
    const marked = store.latest(set)!
    expect(marked.meta.deletionTimestamp).toBe(0)
    store.update({ ...marked, meta: { ...marked.meta, finalizers: [] } })
    expect(store.latest(set)).toBeNull()
  })

  it('takes nothing into a namespace that goes', () => {
    const { store } = make()
    store.create(namespace('default'))
    store.delete('Namespace', '', 'default')
    expect(messageOf(() => store.create(pod('late')))).toBe(
      'pods "late" is forbidden: unable to create new content in namespace default because it is being terminated',
    )
  })

  it('gives a Job its selector by uid, and a pod five minutes on a lost node', () => {
    const { store } = make()
    const work = store.create(job('work'))
    expect(work.spec.template.meta.labels['batch.kubernetes.io/controller-uid']).toBe(work.meta.uid)
    expect(matches(work.spec.selector, work.spec.template.meta.labels)).toBe(true)
    const seconds = store
      .create(pod('web'))
      .spec.tolerations.map(({ key, tolerationSeconds }) => [key, tolerationSeconds])
    expect(seconds).toEqual([
      ['node.kubernetes.io/not-ready', 300],
      ['node.kubernetes.io/unreachable', 300],
    ])
  })
})

const bad = template({ app: 'web' }, { restartPolicy: 'Never' })
const set = replicaSet('web')

// pkg/apis/{apps,batch,core}/validation.
describe('validation', () => {
  it.each<[string, KubeObject, string]>([
    [
      'negative replicas',
      replicaSet('web', { replicas: -1 }),
      'ReplicaSet.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'negative replicas of an RC',
      replicationController('web', { replicas: -2 }),
      'ReplicationController "web" is invalid: spec.replicas: Invalid value: -2: must be greater than or equal to 0',
    ],
    [
      'a selector that misses the template',
      { ...set, spec: { ...set.spec, selector: selectorOf({ app: 'x' }) } },
      'ReplicaSet.apps "web" is invalid: spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
    [
      'an empty selector',
      { ...set, spec: { ...set.spec, selector: selectorOf({}) } },
      'ReplicaSet.apps "web" is invalid: spec.selector: Invalid value: {}: empty selector is invalid for replicaset',
    ],
    [
      'a restartPolicy',
      { ...set, spec: { ...set.spec, template: bad } },
      'ReplicaSet.apps "web" is invalid: spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    [
      'no way to roll',
      deployment('web', { strategy: { type: 'RollingUpdate', maxSurge: 0, maxUnavailable: 0 } }),
      'Deployment.apps "web" is invalid: spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0',
    ],
    ['no containers', pod('web', {}, { containers: [] }), 'Pod "web" is invalid: spec.containers: Required value'],
    [
      'containers of one name',
      pod('web', {}, { containers: [container('a'), container('a')] }),
      'Pod "web" is invalid: spec.containers[1].name: Duplicate value: "a"',
    ],
    [
      'a Job that restarts always',
      job('work', {}, { restartPolicy: 'Always' }),
      'Job.batch "work" is invalid: spec.template.spec.restartPolicy: Unsupported value: "Always": supported values: "OnFailure", "Never"',
    ],
    [
      'an index of nothing',
      job('work', { completionMode: 'Indexed', completions: null }),
      'Job.batch "work" is invalid: spec.completions: Required value: when completion mode is Indexed',
    ],
    [
      'two faults',
      daemonSet('agent', { minReadySeconds: -1, spec: { containers: [] } }),
      'DaemonSet.apps "agent" is invalid: [spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0, spec.template.spec.containers: Required value]',
    ],
  ])('refuses %s', (_what, object, message) => {
    const { store } = make()
    expect(messageOf(() => store.create(object))).toBe(message)
    expect(store.count(object.kind)).toBe(0)
  })

  it('refuses to change a selector', () => {
    const { store } = make()
    const known = store.create(replicaSet('web', { labels: { app: 'web', tier: 'a' } }))
    const changed = { ...known, spec: { ...known.spec, selector: selectorOf({ app: 'web' }) } }
    expect(messageOf(() => store.update(changed))).toContain(
      'spec.selector: Invalid value: {"matchLabels":{"app":"web"},"matchExpressions":[]}: field is immutable',
    )
  })
})

describe('small values', () => {
  it.each([
    ['100m', 0.1],
    ['1', 1],
    ['1.5', 1.5],
    ['128Mi', 128 * 2 ** 20],
    ['1k', 1000],
    ['1e3', 1000],
    ['1Gi1', null],
    ['', null],
    ['abc', null],
  ])('quantity %s is %s', (text, value) => expect(parseQuantity(text)).toBe(value))

  it.each([
    [3, 10, true, 3],
    ['25%', 10, true, 3],
    ['25%', 10, false, 2],
    ['100%', 7, false, 7],
  ] as const)('%s of %i, up: %s, is %i', (value, total, up, result) => expect(scaled(value, total, up)).toBe(result))

  const expressions = {
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['a', 'b'] },
      { key: 'env', operator: 'NotIn', values: ['test'] },
      { key: 'old', operator: 'DoesNotExist', values: [] },
    ],
  } as const
  it.each([
    [{ app: 'web', tier: 'a' }, true],
    [{ app: 'web', tier: 'c' }, false],
    [{ app: 'web', tier: 'b', env: 'test' }, false],
    [{ app: 'web', tier: 'b', env: 'prod' }, true],
    [{ app: 'web', tier: 'b', old: '' }, false],
    [{ tier: 'b' }, false],
  ])('labels %o match: %s', (labels, result) =>
    expect(matches(expressions, labels as Record<string, string>)).toBe(result),
  )

  it('a selector prints as kubectl prints it', () => {
    expect(formatSelector(expressions)).toBe('app=web,tier in (a,b),env notin (test),!old')
    expect(formatSelector(selectorOf({}))).toBe('<none>')
  })
})
