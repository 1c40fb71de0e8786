import { describe, expect, it } from 'vitest'
import { Recorder } from '../../trace/recorder.ts'
import type { KubeEvent, ObjectRef } from '../../trace/steps/kube.ts'
import { v4 } from '../../util/address.ts'
import { TimelineText } from '../text/timeline.ts'
import { timelineOf } from './timeline.ts'

const pod = (name: string, uid = name): ObjectRef => ({ kind: 'Pod', namespace: 'default', name, uid })
const answer = (ok: boolean, count: number): KubeEvent => ({
  ...({ kind: 'probe', pod: pod('web'), container: 'web', probe: 'readiness', ok, count, threshold: 3 } as const),
  detail: ok ? '' : 'HTTP probe failed with statuscode: 500',
  asked: 'GET http://10.244.1.2:80/',
})
const request = (began: number, error: string): KubeEvent => ({
  ...({ kind: 'request', url: 'http://web/', began, server: 'web' } as const),
  ...{ status: error === '' ? 200 : null, error },
})
const object = (change: 'created' | 'deleting' | 'deleted', by: string, of = pod('web')): KubeEvent => ({
  ...({ kind: 'kube-object', change, object: of, resourceVersion: 1, by } as const),
  ...{ owner: by === 'kubectl' ? null : { kind: 'ReplicaSet', name: 'web' }, grace: change === 'deleting' ? 30 : null },
})

/** Lines of what happened at these times, in seconds, on node-1. */
function lines(...events: (readonly [number, KubeEvent])[]): string[] {
  const recorder = new Recorder('steps')
  const place = recorder.place('node-1', 'host', '')
  for (const [at, event] of events) recorder.step(at * 1e9, place, 0, 0, null, event)
  const entries = timelineOf(recorder)
  const text = new TimelineText(entries)
  return entries.map((entry) => text.line(entry).replace(/ +/g, ' ').trim())
}

describe('the timeline', () => {
  it('joins what follows at once on one thing, and begins anew after a while', () => {
    expect(
      lines(
        [1, object('created', 'replicaset-controller')],
        [1.002, { kind: 'pod-scheduled', pod: pod('web'), node: 'node-1' }],
        [
          1.2,
          { kind: 'pod-address', change: 'assigned', pod: pod('web'), node: 'node-1', addresses: [v4('10.244.1.2')] },
        ],
        [5, object('deleting', 'kubectl')],
        [
          5.01,
          { kind: 'pod-address', change: 'released', pod: pod('web'), node: 'node-1', addresses: [v4('10.244.1.2')] },
        ],
        [5.011, object('deleted', 'kubelet')],
      ),
    ).toEqual([
      '1.000 web created by ReplicaSet web; on node-1',
      '1.200 web sandbox on node-1: address 10.244.1.2',
      '5.000 web deleted by kubectl: 30 s of grace; 10.244.1.2 is free again; gone',
    ])
  })

  it('tells a new address of the same pod from that of its successor', () => {
    const given = (at: number, uid: string, address: string): readonly [number, KubeEvent] => [
      at,
      { kind: 'pod-address', change: 'assigned', pod: pod('db-0', uid), node: 'node-1', addresses: [v4(address)] },
    ]
    expect(
      lines(given(1, 'a', '10.244.1.2'), given(2, 'a', '10.244.1.3'), [3, object('created', 'x', pod('db-0', 'b'))]),
    ).toEqual([
      '1.000 db-0 sandbox on node-1: address 10.244.1.2',
      '2.000 db-0 new sandbox, same pod: 10.244.1.2 => 10.244.1.3',
      '3.000 db-0 created by ReplicaSet web; a new pod of the same name: the one before it had 10.244.1.3',
    ])
  })

  it('says of probes when their answer changes, and counts those that fail in a row', () => {
    const detail = 'HTTP probe failed with statuscode: 500 (GET http://10.244.1.2:80/)'
    expect(
      lines(
        ...([1, 2, 3] as const).map((at) => [at, answer(true, at)] as const),
        ...([1, 2, 3, 4] as const).map((count) => [10 * count, answer(false, count)] as const),
        [50, answer(true, 1)],
      ),
    ).toEqual([
      '1.000 web readiness probe passes: node-1 asked GET http://10.244.1.2:80/',
      `10.000 web readiness probe fails 4 times within 30 s: ${detail}`,
      '50.000 web readiness probe passes again (1 of 3)',
    ])
  })

  it('tells only of requests that fail, those in a row for one reason together', () => {
    const refused = (ms: number) => `Failed to connect to 10.96.0.80 port 80 after ${ms} ms: Couldn't connect to server`
    expect(
      lines(
        [1, request(1e9, '')],
        [2, request(2e9, refused(0))],
        [3, request(3e9, refused(2))],
        [3.5, request(3.2e9, '')],
        [9, request(5e9, 'Connection timed out after 4000 milliseconds')],
        [30, request(30e9, refused(1))],
      ),
    ).toEqual([
      '2.000 host 2 requests fail within 1 s: Failed to connect to 10.96.0.80 port 80',
      '5.000 host a request fails: Connection timed out after 4000 milliseconds',
      '30.000 host a request fails: Failed to connect to 10.96.0.80 port 80',
    ])
  })

  it('tells what changed in a Service, and how many endpoints are ready then', () => {
    const endpoints = (...states: [string, boolean, boolean][]): KubeEvent => ({
      ...({ kind: 'endpoints', service: 'default/web', slice: 'web-x' } as const),
      endpoints: states.map(([address, ready, terminating]) => {
        return { address: v4(address), ready, serving: ready || terminating, terminating, pod: '' }
      }),
    })
    expect(
      lines(
        [1, endpoints(['10.244.1.2', false, false])],
        [2, endpoints(['10.244.1.2', true, false])],
        [3, endpoints(['10.244.1.2', true, false])],
        [4, endpoints(['10.244.1.2', false, true], ['10.244.1.3', true, false])],
        [5, endpoints(['10.244.1.3', true, false])],
      ),
    ).toEqual([
      '1.000 svc/web 10.244.1.2 not ready · 0 ready',
      '2.000 svc/web 10.244.1.2 ready · 1 ready',
      '4.000 svc/web 10.244.1.2 terminating, still serving; 10.244.1.3 ready · 1 ready',
      '5.000 svc/web 10.244.1.2 removed · 1 ready',
    ])
  })
})
