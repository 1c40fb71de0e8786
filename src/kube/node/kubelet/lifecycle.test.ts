import { describe, expect, it } from 'vitest'
import { container, deployment, pod, replicaSet } from '../../api/build.ts'
import { NO_LABELS } from '../../api/meta.ts'
import { conditionOf } from '../../api/pod-object.ts'
import type { PodSpec } from '../../api/pod-spec.ts'
import { Lab } from './testing/lab.ts'

const start = (spec: Partial<PodSpec>, options: ConstructorParameters<typeof Lab>[0] = {}): Lab => {
  const lab = new Lab(options)
  lab.store.create(pod('web', NO_LABELS, spec))
  return lab
}
const sh = (name: string, script: string, more = {}) => container(name, { command: ['sh', '-c', script], ...more })

// Kubernetes documentation, "Pod Lifecycle".
describe('a pod', () => {
  it('is Pending, then Running and Ready, with an address and its conditions', () => {
    const lab = start({})
    lab.run(0.1)
    expect(lab.pod('web').status).toMatchObject({
      phase: 'Pending',
      podIPs: [],
      containerStatuses: [{ state: { kind: 'waiting', reason: 'ContainerCreating' } }],
    })
    lab.run(10)
    expect(lab.pod('web').status).toMatchObject({
      phase: 'Running',
      containerStatuses: [{ ready: true, restartCount: 0, state: { kind: 'running' } }],
    })
    expect(lab.address('web')).toBe('10.244.1.2')
    const types = ['PodReadyToStartContainers', 'Initialized', 'PodScheduled', 'ContainersReady', 'Ready']
    for (const type of types)
      expect([type, conditionOf(lab.pod('web').status.conditions, type)?.status]).toEqual([type, 'True'])
    expect(lab.events('web')).toEqual(['Scheduled', 'Pulling', 'Pulled', 'Created', 'Started'])
  })

  it.each([
    ['Never', 'sleep 5', 'Succeeded', 0],
    ['Never', 'sleep 5; exit 3', 'Failed', 0],
    ['OnFailure', 'sleep 5', 'Succeeded', 0],
    ['Always', 'sleep 5', 'Running', 2],
    ['OnFailure', 'sleep 5; exit 3', 'Running', 2],
  ] as const)('with restartPolicy %s, whose container does %s, is %s', (restartPolicy, script, phase, restarts) => {
    const lab = start({ restartPolicy, containers: [sh('app', script)] })
    lab.run(28)
    const { status } = lab.pod('web')
    expect([status.phase, status.containerStatuses[0].restartCount]).toEqual([phase, restarts])
    if (phase !== 'Running') expect(lab.network.held.size).toBe(0)
  })

  it('in CrashLoopBackOff waits 0, 10, 20, 40, 80, 160, 300, 300 s', () => {
    const lab = start({ containers: [sh('app', 'exit 1')] })
    lab.run(1500)
    const starts = lab.log.filter((line) => line.endsWith('start app')).map((line) => Number(line.split(' ')[0]))
    const gaps = starts.slice(1, 9).map((time, i) => Math.round((time - starts[i]) / 10) * 10)
    expect(gaps).toEqual([0, 10, 20, 40, 80, 160, 300, 300])
    expect(lab.pod('web').status.containerStatuses[0]).toMatchObject({
      state: { kind: 'waiting', reason: 'CrashLoopBackOff' },
      lastState: { kind: 'terminated', exitCode: 1, reason: 'Error' },
    })
    const { uid } = lab.pod('web').meta
    const { state } = lab.pod('web').status.containerStatuses[0]
    expect(state).toMatchObject({ message: `back-off 5m0s restarting failed container=app pod=web_default(${uid})` })
  })

  it('that ran for more than ten minutes restarts at once again', () => {
    const lab = start({ containers: [sh('app', 'sleep 700; exit 1')] })
    lab.run(2200)
    const starts = lab.log.filter((line) => line.endsWith('start app')).map((line) => Number(line.split(' ')[0]))
    expect(starts.slice(1).map((time, i) => Math.round((time - starts[i]) / 10))).toEqual([70, 70, 70])
  })

  it('runs its init containers in order, and stays Pending until they are done', () => {
    const lab = start({ initContainers: [sh('first', 'sleep 5'), sh('second', 'sleep 5')] })
    lab.run(9)
    expect(lab.pod('web').status.phase).toBe('Pending')
    expect(conditionOf(lab.pod('web').status.conditions, 'Initialized')).toMatchObject({
      status: 'False',
      message: 'containers with incomplete status: [second]',
    })
    lab.run(10)
    expect(lab.pod('web').status.phase).toBe('Running')
    expect(lab.log.map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'start first',
      'stop first',
      'start second',
      'stop second',
      'start app',
    ])
  })

  it('starts a sidecar before its containers and stops it after them', () => {
    const sidecar = container('proxy', { sidecar: true })
    const lab = start({ initContainers: [sidecar], terminationGracePeriodSeconds: 10 })
    lab.run(10)
    lab.store.delete('Pod', 'default', 'web')
    lab.run(30)
    expect(lab.log.map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'start proxy',
      'start app',
      'term app',
      'stop app',
      'term proxy',
      'stop proxy',
    ])
    expect(lab.store.list('Pod')).toEqual([])
  })

  it('does not complete while only a sidecar runs on, and takes it along when its Job-like containers are done', () => {
    const lab = start({
      restartPolicy: 'Never',
      initContainers: [container('proxy', { sidecar: true })],
      containers: [sh('app', 'sleep 5')],
    })
    lab.run(30)
    expect(lab.pod('web').status.phase).toBe('Succeeded')
  })

  it('whose image cannot be pulled backs off', () => {
    const lab = start({}, { pull: () => 'manifest unknown' })
    lab.run(0.5)
    expect(lab.pod('web').status.containerStatuses[0].state).toMatchObject({
      reason: 'ErrImagePull',
      message: 'manifest unknown',
    })
    lab.run(5)
    expect(lab.pod('web').status.containerStatuses[0].state).toMatchObject({ reason: 'ImagePullBackOff' })
    expect(lab.pod('web').status.phase).toBe('Pending')
    lab.run(60)
    const failed = lab.store.list('Event').filter(({ reason }) => reason === 'Failed')
    expect(failed.map(({ message, count }) => `${count} ${message}`)).toEqual([
      '3 Failed to pull image "app": manifest unknown',
      '3 Error: ErrImagePull',
      '3 Error: ImagePullBackOff',
    ])
  })

  it('whose image is never to be pulled waits for somebody to bring it', () => {
    const lab = start({ containers: [container('app', { imagePullPolicy: 'Never' })] })
    lab.run(60)
    expect(lab.pod('web').status.containerStatuses[0].state).toMatchObject({ reason: 'ErrImageNeverPull' })
    const why = 'Container image "app" is not present with pull policy of Never'
    const events = lab.store.list('Event').filter(({ type }) => type === 'Warning')
    expect(events.map(({ reason, message }) => `${reason}: ${message}`)).toEqual([
      `ErrImageNeverPull: ${why}`,
      'Failed: Error: ErrImageNeverPull',
    ])
  })

  it('fails when its deadline is over', () => {
    const lab = start({ restartPolicy: 'Never', activeDeadlineSeconds: 20, containers: [sh('app', 'sleep 100')] })
    lab.run(60)
    expect(lab.pod('web').status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' })
  })

  it('keeps its address when a container dies, and gets no other node ever', () => {
    const lab = start({})
    lab.run(10)
    const run = lab.kubelet.worker(lab.pod('web').meta.uid)!.main[0]
    run.end(1, 0)
    lab.run(5)
    expect([lab.address('web'), lab.pod('web').status.containerStatuses[0].restartCount]).toEqual(['10.244.1.2', 1])
    const { spec } = lab.pod('web')
    expect(() => lab.store.update({ ...lab.pod('web'), spec: { ...spec, nodeName: 'node-2' } })).toThrow(
      /never rescheduled/,
    )
  })
})

// Kubernetes documentation, "Termination of Pods".
describe('a pod that is deleted', () => {
  it.each([
    ['a program that heeds SIGTERM', {}, 30, 0],
    ['preStop that sleeps', { preStop: { kind: 'sleep', seconds: 5 } }, 30, 5],
    ['sleep, which does not hear SIGTERM', { command: ['sleep', 'infinity'] }, 30, 30],
    ['preStop longer than the grace', { preStop: { kind: 'sleep', seconds: 50 } }, 10, 10],
    ['a short grace', { command: ['sleep', 'infinity'] }, 3, 3],
  ] as const)('with %s is gone when it should be', (_what, given, grace, took) => {
    const lab = start({ terminationGracePeriodSeconds: grace, containers: [container('app', given)] })
    lab.run(10)
    lab.store.delete('Pod', 'default', 'web')
    expect(lab.pod('web').meta.deletionGracePeriodSeconds).toBe(grace)
    lab.run(took - 0.5)
    if (took > 0) expect(lab.pod('web').status.phase).toBe('Running')
    lab.run(1)
    expect(lab.store.list('Pod')).toEqual([])
    expect(lab.network.held.size).toBe(0)
  })

  const GET = { kind: 'httpGet', scheme: 'HTTP', host: '', path: '/drain', port: 8080, headers: [] } as const
  it.each([
    ['that is answered', { ok: true, after: 3e9 }, 30, 3, []],
    ['that is not answered within the grace', { ok: true, after: 60e9 }, 10, 10, []],
    ['that is refused', { ok: false }, 30, 0, ['FailedPreStopHook']],
  ])('after a request of preStop %s hears SIGTERM', (_what, answer, grace, after, reasons) => {
    const lab = new Lab({ probe: () => answer })
    const containers = [container('app', { preStop: GET })]
    lab.store.create(pod('web', NO_LABELS, { containers, terminationGracePeriodSeconds: grace }))
    lab.run(10)
    lab.log.length = 0
    lab.store.delete('Pod', 'default', 'web')
    lab.run(100)
    expect(lab.log).toEqual([`${10 + after} term app`, `${10 + after} stop app`])
    expect(lab.events('web').filter((reason) => reason.startsWith('Failed'))).toEqual(reasons)
  })

  it('is replaced by one with another name, uid and the next address', () => {
    const lab = new Lab()
    lab.store.create(replicaSet('web', { replicas: 1 }))
    lab.run(10)
    const [first] = lab.store.list('Pod')
    lab.store.delete('Pod', 'default', first.meta.name)
    lab.run(10)
    const [second] = lab.store.list('Pod')
    expect(lab.address(second.meta.name)).toBe('10.244.1.3')
    expect(second.meta.uid).not.toBe(first.meta.uid)
  })

  it('by force is gone at once', () => {
    const lab = start({ containers: [container('app', { command: ['sleep', 'infinity'] })] })
    lab.run(10)
    lab.store.delete('Pod', 'default', 'web', { gracePeriodSeconds: 0 })
    expect(lab.store.list('Pod')).toEqual([])
    lab.run(1)
    expect(lab.network.held.size).toBe(0)
  })
})

describe('a node', () => {
  it('that reboots gives the same pod a new sandbox and a new address', () => {
    const lab = start({})
    lab.run(10)
    const { uid } = lab.pod('web').meta
    lab.kubelet.reboot('node-1', 20e9)
    lab.run(60)
    expect(lab.pod('web').meta.uid).toBe(uid)
    expect(lab.address('web')).toBe('10.244.1.3')
    expect(lab.pod('web').status).toMatchObject({
      phase: 'Running',
      containerStatuses: [{ restartCount: 1, lastState: { exitCode: 255 } }],
    })
    expect(lab.events('web')).toContain('SandboxChanged')
  })

  it('that is cut off runs its pods on until it hears that they were replaced', () => {
    const lab = new Lab({ nodes: 2 })
    lab.store.create(deployment('web', { replicas: 1 }))
    lab.run(10)
    const [first] = lab.store.list('Pod')
    lab.kubelet.partition(first.spec.nodeName)
    lab.run(400)
    expect(lab.store.list('Pod').map(({ spec }) => spec.nodeName)).toHaveLength(2)
    expect(lab.network.held.size).toBe(2)
    lab.kubelet.heal(first.spec.nodeName)
    lab.run(60)
    const [second] = lab.store.list('Pod')
    expect(lab.store.list('Pod')).toHaveLength(1)
    expect(second.spec.nodeName).not.toBe(first.spec.nodeName)
    expect(lab.network.held.size).toBe(1)
  })
})
