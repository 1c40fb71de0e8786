import { describe, expect, it } from 'vitest'
import { spawn } from '../../sim/process.ts'
import { address } from '../../util/address.ts'
import { budget, container, node, pod, podSpec, replicaSet } from '../api/build.ts'
import type { ServiceObject } from '../api/cluster-objects.ts'
import { named } from '../api/object.ts'
import { conditionOf, isActive, isReady } from '../api/pod-object.ts'
import type { PodSpec } from '../api/pod-spec.ts'
import type { Toleration } from '../api/scheduling.ts'
import { selectorOf } from '../api/selector.ts'
import { type Drained, drain } from './drain.ts'
import { Hollow } from './testing/hollow.ts'

const UNREACHABLE = 'node.kubernetes.io/unreachable'
const cpu = (millis: number): Partial<PodSpec> => ({ containers: [container('app', { requests: { cpu: millis } })] })
const place = (hollow: Hollow, name: string): string => hollow.get('Pod', name).spec.nodeName
const why = (hollow: Hollow, name: string): string | undefined =>
  conditionOf(hollow.get('Pod', name).status.conditions, 'PodScheduled')?.message
const anti = { nodeRequired: null, nodePreferred: [], podRequired: [], podPreferred: [], antiPreferred: [] }

// Kubernetes documentation, "Assigning Pods to Nodes", "Taints and Tolerations", "Pod Topology Spread Constraints",
// "Pod Priority and Preemption"; messages as kube-scheduler 1.35 words them.
describe('the scheduler', () => {
  it.each<[string, Partial<PodSpec>, string]>([
    [
      'too much cpu',
      cpu(5000),
      '0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.',
    ],
    [
      'a nodeSelector',
      { nodeSelector: { disk: 'ssd' } },
      "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    ],
  ])('says why nobody takes a pod with %s', (_what, spec, message) => {
    const hollow = new Hollow({ nodes: 2 })
    hollow.store.create(pod('big', {}, spec))
    hollow.run()
    expect(why(hollow, 'big')).toBe(message)
    expect(hollow.events('big')).toContain(`FailedScheduling: ${message}`)
  })

  it('counts different reasons, in the order of their text', () => {
    const hollow = new Hollow({ nodes: 2 })
    hollow.store.create(
      node(
        'control-plane',
        {},
        { taints: [{ key: 'node-role.kubernetes.io/control-plane', value: '', effect: 'NoSchedule' }] },
      ),
    )
    hollow.store.create(node('cordoned', {}, { unschedulable: true }))
    hollow.store.create(pod('big', {}, cpu(9000)))
    hollow.run()
    expect(why(hollow, 'big')).toContain(
      '0/4 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 2 Insufficient cpu.',
    )
  })

  it('places a pod that waited when a node comes that can take it', () => {
    const hollow = new Hollow({ nodes: 1 })
    hollow.store.create(pod('wants', {}, { nodeSelector: { disk: 'ssd' } }))
    hollow.run()
    hollow.store.create(node('fast', { disk: 'ssd' }))
    hollow.run()
    expect(place(hollow, 'wants')).toBe('fast')
  })

  it('fills nodes by what is requested, never beyond what they have', () => {
    const hollow = new Hollow({ nodes: 2 })
    hollow.store.create(replicaSet('web', { replicas: 9, spec: cpu(1000) }))
    hollow.run()
    const placed = hollow.pods().map(({ spec }) => spec.nodeName)
    expect(['node-1', 'node-2', ''].map((name) => placed.filter((one) => one === name).length)).toEqual([4, 4, 1])
  })

  it('keeps pods apart by anti-affinity, in both directions', () => {
    const hollow = new Hollow({ nodes: 2 })
    const term = { labelSelector: selectorOf({ app: 'web' }), topologyKey: 'kubernetes.io/hostname', namespaces: [] }
    hollow.store.create(replicaSet('web', { replicas: 3, spec: { affinity: { ...anti, antiRequired: [term] } } }))
    hollow.run()
    expect(
      hollow
        .pods()
        .map(({ spec }) => spec.nodeName)
        .sort(),
    ).toEqual(['', 'node-1', 'node-2'])
    const waiting = hollow.pods().find(({ spec }) => spec.nodeName === '')!
    expect(why(hollow, waiting.meta.name)).toContain("2 node(s) didn't match pod anti-affinity rules")
  })

  it('spreads over zones no more unevenly than maxSkew', () => {
    const hollow = new Hollow({ nodes: 0 })
    for (const [name, zone] of [
      ['a-1', 'a'],
      ['a-2', 'a'],
      ['b-1', 'b'],
    ])
      hollow.store.create(node(name, { zone }))
    const spread = {
      maxSkew: 1,
      topologyKey: 'zone',
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: selectorOf({ app: 'web' }),
      minDomains: 1,
    } as const
    hollow.store.create(replicaSet('web', { replicas: 6, spec: { topologySpreadConstraints: [spread] } }))
    hollow.run()
    const inZone = (zone: string): number => hollow.pods().filter(({ spec }) => spec.nodeName.startsWith(zone)).length
    expect([inZone('a'), inZone('b')]).toEqual([3, 3])
  })

  it('makes room for a pod of higher priority, and says by whom', () => {
    const hollow = new Hollow({ nodes: 1 })
    hollow.store.create(pod('low', {}, cpu(3000)))
    hollow.run()
    const high = hollow.store.create(pod('high', {}, { ...cpu(3000), priority: 1000 }))
    hollow.run()
    expect(hollow.pods().map(({ meta }) => meta.name)).toEqual(['high'])
    expect(place(hollow, 'high')).toBe('node-1')
    expect(hollow.events('low')).toContain(`Preempted: Preempted by pod ${high.meta.uid} on node node-1`)
  })
})

// Kubernetes documentation, "Nodes": Heartbeats and node controller; "Taint based Evictions".
describe('a node that falls silent', () => {
  it('is Unknown after 50 s, unreachable, and loses its pods 300 s later', () => {
    const hollow = new Hollow({ nodes: 2, settings: { schedulePod: 0 } })
    hollow.store.create(replicaSet('web', { replicas: 2 }))
    hollow.run(20e9)
    const home = hollow.pods()[0].spec.nodeName
    hollow.plane.nodes.fallSilent(home)
    hollow.run(45e9)
    expect(conditionOf(hollow.get('Node', home).status.conditions, 'Ready')?.status).toBe('True')
    hollow.run(6e9)
    expect(conditionOf(hollow.get('Node', home).status.conditions, 'Ready')).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
    })
    expect(hollow.get('Node', home).spec.taints.map(({ key, effect }) => `${key}:${effect}`)).toEqual([
      'node.kubernetes.io/unreachable:NoSchedule',
      'node.kubernetes.io/unreachable:NoExecute',
    ])
    expect(
      hollow
        .pods()
        .filter(
          ({ spec, status }) => spec.nodeName === home && conditionOf(status.conditions, 'Ready')?.status === 'True',
        ),
    ).toEqual([])
    hollow.run(298e9)
    expect(hollow.pods().filter(({ spec }) => spec.nodeName === home)).not.toEqual([])
    hollow.run(10e9)
    expect(hollow.pods().filter((one) => isActive(one) && one.spec.nodeName === home)).toEqual([])
    expect(hollow.pods().filter(isActive)).toHaveLength(2)
  })

  // Seconds from the taint, which comes 50 s after the last heartbeat.
  it.each<[string, readonly Partial<Toleration>[], number | null]>([
    ['says nothing', [], 300],
    ['tolerates it for a minute', [{ key: UNREACHABLE, tolerationSeconds: 60 }], 60],
    ['does not tolerate it at all', [{ key: UNREACHABLE, tolerationSeconds: 0 }], 0],
    ['tolerates it for ever', [{ key: UNREACHABLE }], null],
    ['tolerates everything', [{ key: '', effect: '' }], null],
    ['means another taint', [{ key: 'node.kubernetes.io/not-ready', tolerationSeconds: 60 }], 300],
    [
      'says two things: the shorter counts',
      [
        { key: UNREACHABLE, tolerationSeconds: 90 },
        { key: UNREACHABLE, tolerationSeconds: 30 },
      ],
      30,
    ],
  ])('loses a pod that %s', (_title, given, after) => {
    const hollow = new Hollow({ nodes: 1 })
    const base = { key: '', operator: 'Exists', value: '', effect: 'NoExecute', tolerationSeconds: null } as const
    hollow.store.create(pod('web', {}, { tolerations: given.map((one) => ({ ...base, ...one })) }))
    hollow.run()
    hollow.plane.nodes.fallSilent('node-1')
    const tainted = (): boolean => hollow.get('Node', 'node-1').spec.taints.length > 0
    while (!tainted()) hollow.run(1e9)
    let waited = 0
    for (; hollow.pods().length > 0 && waited < 1000; waited++) hollow.run(1e9)
    expect(hollow.pods()).toHaveLength(after === null ? 1 : 0)
    if (after !== null) expect(Math.abs(waited - after)).toBeLessThanOrEqual(1)
  })

  it('that speaks again in time keeps its pods', () => {
    const hollow = new Hollow({ nodes: 1 })
    hollow.store.create(pod('web'))
    hollow.run(20e9)
    const { uid } = hollow.get('Pod', 'web').meta
    hollow.plane.nodes.fallSilent('node-1')
    hollow.run(100e9)
    hollow.plane.nodes.speakAgain('node-1')
    hollow.run(600e9)
    expect(hollow.get('Node', 'node-1').spec.taints).toEqual([])
    expect(hollow.get('Pod', 'web').meta.uid).toBe(uid)
  })

  it('that is removed leaves no pods behind', () => {
    const hollow = new Hollow({ nodes: 2 })
    hollow.store.create(replicaSet('web', { replicas: 4 }))
    hollow.run()
    hollow.store.delete('Node', '', 'node-1')
    hollow.run(200e9)
    expect(hollow.pods().map(({ spec }) => spec.nodeName)).toEqual(Array(4).fill('node-2'))
  })
})

// Kubernetes documentation, "Safely Drain a Node", "Disruptions".
describe('drain', () => {
  it('moves pods one by one as the budget allows, and never breaks it', () => {
    const hollow = new Hollow({ nodes: 2 })
    hollow.store.create(replicaSet('web', { replicas: 3 }))
    hollow.store.create(budget('web', { minAvailable: 2 }))
    hollow.run()
    hollow.onPod = () =>
      expect(hollow.pods().filter((one) => isActive(one) && isReady(one)).length).toBeGreaterThanOrEqual(2)
    const task = spawn<Drained>(
      hollow.kernel.simulation,
      drain(hollow.plane, 'node-1', { force: false, timeout: null }),
      'drain',
    )
    hollow.run(120e9)
    expect(task.outcome).toMatchObject({ kind: 'returned', value: { error: null } })
    expect(hollow.pods().map(({ spec }) => spec.nodeName)).toEqual(['node-2', 'node-2', 'node-2'])
    expect(hollow.get('Node', 'node-1').spec.unschedulable).toBe(true)
  })

  it('refuses pods that nobody would recreate', () => {
    const hollow = new Hollow({ nodes: 1 })
    hollow.store.create(pod('alone'))
    hollow.run()
    const task = spawn<Drained>(
      hollow.kernel.simulation,
      drain(hollow.plane, 'node-1', { force: false, timeout: null }),
      'drain',
    )
    hollow.run()
    const error = 'cannot delete Pods that declare no controller (use --force to override): default/alone'
    expect(task.outcome).toMatchObject({ value: { evicted: [], error } })
  })
})

const service = (given: Partial<ServiceObject> = {}): ServiceObject => ({
  kind: 'Service',
  meta: named('default', 'web'),
  type: 'ClusterIP',
  clusterIPs: [address('10.96.0.80')],
  headless: false,
  externalName: '',
  ports: [{ name: '', port: 80, protocol: 'TCP', targetPort: 8080, nodePort: 0, appProtocol: '' }],
  selector: { app: 'web' },
  externalIPs: [],
  ingress: [],
  sourceRanges: [],
  loadBalancerClass: '',
  healthCheckNodePort: 0,
  sessionAffinity: 'None',
  affinityTimeout: 10_800,
  internalTrafficPolicy: 'Cluster',
  externalTrafficPolicy: 'Cluster',
  publishNotReadyAddresses: false,
  trafficDistribution: '',
  ...given,
})

// Kubernetes documentation, "EndpointSlices": Conditions.
describe('the EndpointSlice controller', () => {
  const cluster = (given: Partial<ServiceObject> = {}): Hollow => {
    const hollow = new Hollow({ nodes: 0, idle: true })
    hollow.store.create(service(given))
    return hollow
  }
  const add = (hollow: Hollow, name: string, ip: string, ready: boolean, deleting = false): void => {
    const one = hollow.store.create({ ...pod(name, { app: 'web' }), spec: podSpec({ nodeName: 'node-1' }) })
    const conditions = [
      { type: 'Ready', status: ready ? 'True' : 'False', reason: '', message: '', lastTransitionTime: 0 },
    ] as const
    hollow.store.update({ ...one, status: { ...one.status, phase: 'Running', podIPs: [address(ip)], conditions } })
    if (deleting) hollow.store.delete('Pod', 'default', name)
  }

  it.each([
    ['ready', true, false, {}, { ready: true, serving: true, terminating: false }],
    ['not ready', false, false, {}, { ready: false, serving: false, terminating: false }],
    ['going and still serving', true, true, {}, { ready: false, serving: true, terminating: true }],
    ['going', false, true, {}, { ready: false, serving: false, terminating: true }],
    [
      'not ready, published',
      false,
      false,
      { publishNotReadyAddresses: true },
      { ready: true, serving: false, terminating: false },
    ],
  ] as const)('says of a pod that is %s what it is', (_what, ready, deleting, given, expected) => {
    const hollow = cluster(given)
    hollow.store.create(node('node-1', { 'topology.kubernetes.io/zone': 'a' }))
    add(hollow, 'web-1', '10.244.1.2', ready, deleting)
    hollow.run()
    const [slice] = hollow.store.list('EndpointSlice')
    expect(slice.endpoints).toMatchObject([
      { addresses: [address('10.244.1.2')], zone: 'a', node: 'node-1', pod: 'default/web-1', ...expected },
    ])
    expect(slice.ports).toEqual([{ name: '', port: 8080, protocol: 'TCP' }])
  })

  it('cuts many endpoints into slices of a hundred, and touches only the slice that changed', () => {
    const hollow = cluster()
    hollow.store.create(node('node-1'))
    for (let n = 0; n < 150; n++) add(hollow, `web-${n}`, `10.244.1.${n + 2}`, true)
    hollow.run()
    expect(hollow.store.list('EndpointSlice').map(({ endpoints }) => endpoints.length)).toEqual([100, 50])
    const [before] = hollow.store.list('EndpointSlice')
    hollow.store.delete('Pod', 'default', 'web-149', { gracePeriodSeconds: 0 })
    hollow.run()
    expect(hollow.store.list('EndpointSlice').map(({ endpoints }) => endpoints.length)).toEqual([100, 49])
    expect(hollow.store.list('EndpointSlice')[0]).toBe(before)
  })
})
