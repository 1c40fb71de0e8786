import { describe, expect, it } from 'vitest'
import { container, daemonSet, node } from '../api/build.ts'
import { isActive, isReady } from '../api/pod-object.ts'
import type { Taint } from '../api/scheduling.ts'
import { Hollow } from './testing/hollow.ts'

const TAINT = { key: 'node-role.kubernetes.io/control-plane', value: '', effect: 'NoSchedule' } as const

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

  const update = (hollow: Hollow): void => {
    const latest = hollow.get('DaemonSet', 'agent')
    const { template } = latest.spec
    const spec = { ...template.spec, containers: [container('app', { image: 'v2' })] }
    hollow.store.update({ ...latest, spec: { ...latest.spec, template: { ...template, spec } } })
  }

  it('on delete, changes a pod when somebody deletes it', () => {
    const hollow = new Hollow({ nodes: 2 })
    hollow.store.create(daemonSet('agent', { updateStrategy: { type: 'OnDelete' } }))
    hollow.run()
    update(hollow)
    hollow.run()
    const images = (): string[] => hollow.pods().map(({ spec }) => `${spec.nodeName} ${spec.containers[0].image}`)
    expect(images().sort()).toEqual(['node-1 app', 'node-2 app'])
    hollow.store.delete('Pod', 'default', hollow.pods().find(({ spec }) => spec.nodeName === 'node-1')!.meta.name)
    hollow.run()
    expect(images().sort()).toEqual(['node-1 v2', 'node-2 app'])
  })

  it('stays on a node that is silent or not ready, whatever else is evicted there', () => {
    const hollow = new Hollow({ nodes: 2 })
    hollow.store.create(daemonSet('agent'))
    hollow.run()
    const before = hollow.pods().map(({ meta }) => meta.uid)
    hollow.plane.nodes.fallSilent('node-1')
    hollow.run(1000e9)
    expect(hollow.get('Node', 'node-1').spec.taints.map(({ effect }) => effect)).toContain('NoExecute')
    expect(hollow.pods().map(({ meta }) => meta.uid)).toEqual(before)
  })

  it('leaves a node whose taint it does not tolerate, and comes back when that is gone', () => {
    const hollow = new Hollow({ nodes: 2 })
    hollow.store.create(daemonSet('agent'))
    hollow.run()
    const taint = (taints: readonly Taint[]): void => {
      const latest = hollow.get('Node', 'node-1')
      hollow.store.update({ ...latest, spec: { ...latest.spec, taints } })
      hollow.run()
    }
    taint([{ key: 'mine', value: '', effect: 'NoSchedule' }])
    expect(nodes(hollow)).toEqual(['node-1', 'node-2'])
    taint([{ key: 'mine', value: '', effect: 'NoExecute' }])
    expect(nodes(hollow)).toEqual(['node-2'])
    taint([])
    expect(nodes(hollow)).toEqual(['node-1', 'node-2'])
  })

  it('replaces a pod that failed, and says so', () => {
    let failures = 0
    const hollow = new Hollow({ nodes: 1, life: () => (failures++ === 0 ? { after: 1e9, code: 1 } : null) })
    hollow.store.create(daemonSet('agent'))
    hollow.run()
    expect(hollow.pods().map(({ status }) => status.phase)).toEqual(['Running'])
    expect(hollow.events('agent').filter((line) => line.startsWith('FailedDaemonPod'))).toHaveLength(1)
  })

  it('counts where it should be, is, is ready, and is where it should not be', () => {
    const hollow = new Hollow({ nodes: 3 })
    hollow.store.create(daemonSet('agent'))
    hollow.run()
    const cordoned = hollow.get('Node', 'node-1')
    const taints = [{ key: 'mine', value: '', effect: 'NoSchedule' }] as const
    hollow.store.update({ ...cordoned, spec: { ...cordoned.spec, taints } })
    hollow.run()
    expect(hollow.get('DaemonSet', 'agent').status).toMatchObject({
      desiredNumberScheduled: 2,
      currentNumberScheduled: 2,
      numberMisscheduled: 1,
      numberReady: 2,
    })
  })
})
