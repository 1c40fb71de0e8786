import { describe, expect, it } from 'vitest'
import { Recorder } from '../trace/recorder.ts'
import type { KubeEvent, ObjectRef } from '../trace/steps/kube.ts'
import { v4 } from '../util/address.ts'
import { endpointCounts, podLives, stageAt } from './pod-lives.ts'

const web = (uid: string): ObjectRef => ({ kind: 'Pod', namespace: 'default', name: 'web', uid })
const object = (change: 'created' | 'deleting' | 'deleted', uid: string): KubeEvent => ({
  ...({ kind: 'kube-object', change, object: web(uid), resourceVersion: 1, by: 'kubectl' } as const),
  ...{ owner: null, grace: null },
})
const container = (state: 'running' | 'waiting', restarts: number): KubeEvent => ({
  ...({ kind: 'container-state', pod: web('a'), container: 'web', state, restarts } as const),
  ...{ reason: '', exitCode: null, message: '' },
})

function recorded(...events: (readonly [number, KubeEvent])[]): Recorder {
  const recorder = new Recorder('steps')
  const place = recorder.place('node-1', 'host', '')
  for (const [at, event] of events) recorder.step(at, place, 0, 0, null, event)
  return recorder
}

describe('the lives of pods', () => {
  it('go from pending to gone, and a name that comes again is another pod', () => {
    const [first, second] = podLives(
      recorded(
        [0, object('created', 'a')],
        [2, { kind: 'pod-scheduled', pod: web('a'), node: 'node-1' }],
        [5, { kind: 'pod-address', change: 'assigned', pod: web('a'), node: 'node-1', addresses: [v4('10.244.1.2')] }],
        [7, { kind: 'pod-phase', pod: web('a'), from: 'Pending', to: 'Running' }],
        [9, object('deleting', 'a')],
        [10, { kind: 'pod-phase', pod: web('a'), from: 'Running', to: 'Succeeded' }],
        [11, object('deleted', 'a')],
        [12, object('created', 'b')],
      ),
    )
    expect(first.stages.map(({ at, stage }) => `${at} ${stage}`)).toEqual([
      '0 pending',
      '2 creating',
      '7 running',
      '9 terminating',
      '11 gone',
    ])
    expect([first.node, first.addresses]).toEqual(['node-1', ['10.244.1.2']])
    expect([1, 8, 99].map((at) => stageAt(first, at))).toEqual(['pending', 'running', 'gone'])
    expect([second.pod.uid, stageAt(second, 11), stageAt(second, 12)]).toEqual(['b', null, 'pending'])
  })

  it('tell of containers that wait for their restart', () => {
    const [life] = podLives(
      recorded(
        [0, object('created', 'a')],
        [1, { kind: 'pod-phase', pod: web('a'), from: 'Pending', to: 'Running' }],
        [2, container('waiting', 0)],
        [3, container('running', 1)],
      ),
    )
    expect(life.stages.map(({ stage }) => stage)).toEqual(['pending', 'running', 'waiting', 'running'])
    expect(life.restarts).toEqual([3])
  })
})

describe('the endpoints of a Service', () => {
  it('are counted over its slices, where the number of the ready changes', () => {
    const slice = (name: string, ...ready: boolean[]): KubeEvent => ({
      ...({ kind: 'endpoints', service: 'default/web', slice: name } as const),
      endpoints: ready.map((is, i) => ({ ...{ address: v4(`10.244.1.${i + 2}`), pod: '' }, ...conditions(is) })),
    })
    const conditions = (ready: boolean) => ({ ready, serving: ready, terminating: false })
    expect(
      endpointCounts(recorded([1, slice('x', true, false)], [2, slice('x', true)], [3, slice('y', true)])),
    ).toEqual([
      {
        service: 'default/web',
        counts: [
          { at: 1, ready: 1 },
          { at: 3, ready: 2 },
        ],
      },
    ])
  })
})
