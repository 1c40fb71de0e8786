import { describe, expect, it } from 'vitest'
import { isReady } from '../../kube/api/pod-object.ts'
import type { Emulation } from '../emulation.ts'
import { play } from './testing/web.ts'

const pod = (probe: string): string => `---
apiVersion: v1
kind: Pod
metadata: { name: web, annotations: { podwire.dev/serve: 'https:8443' } }
spec:
  nodeName: node-1
  containers:
    - name: web
      image: nginx:1
      ports: [{ name: http, containerPort: 8080 }, { name: grpc, containerPort: 50051 }]
      readinessProbe: { ${probe}, periodSeconds: 1, failureThreshold: 1 }
`
const FAIL = '{ at: 10s, failProbe: { name: web } }, '
const CUT = '{ at: 10s, cutLink: { pod: default/web } }, '

/** What the last probe was told, a while after `step`. */
function answer(probe: string, step = '') {
  const emulation = play(`${step}{ at: 15s, check: { pod: default/web } }`, pod(probe))
  const probes = emulation.recorder.steps.flatMap(({ event }) => (event.kind === 'probe' ? [event] : []))
  const { ok, detail, asked } = probes.at(-1)!
  return { ok, detail, asked, ready: isReady(emulation.life!.pod('default', 'web')!), emulation }
}
/** Where its packets came from, of those that reached the pod's port. */
const callers = ({ recorder }: Emulation, port: number): Set<string> =>
  new Set(
    recorder.steps.flatMap(({ event, place }) =>
      event.kind === 'deliver' && event.local.port === port && recorder.places[place].netns === 'default/web'
        ? [recorder.places[place].node]
        : [],
    ),
  )

const HTTP = 'httpGet: { path: /ready, port: http }'
const HTTPS = 'httpGet: { scheme: HTTPS, port: 8443 }'
const TCP = 'tcpSocket: { port: http }'
const GRPC = 'grpc: { port: 50051 }'
const EXEC = 'exec: { command: [cat, /tmp/healthy] }'

// Kubernetes documentation, "Configure Liveness, Readiness and Startup Probes", "Pod Lifecycle": Check mechanisms;
// details as pkg/probe/{http,tcp,grpc,exec} word them.
describe.each([
  ['HTTP', HTTP, 'GET http://10.244.1.2:8080/ready', 8080],
  ['HTTPS', HTTPS, 'GET https://10.244.1.2:8443/', 8443],
  ['TCP', TCP, 'tcp 10.244.1.2:8080', 8080],
  ['gRPC', GRPC, 'grpc 10.244.1.2:50051', 50_051],
  ['exec', EXEC, 'exec cat /tmp/healthy', 0],
])('a probe by %s', (_kind, probe, what, port) => {
  it('succeeds with a container that is well, and makes the pod ready', () => {
    const { ok, detail, asked, ready, emulation } = answer(probe)
    expect({ ok, detail, asked, ready }).toEqual({ ok: true, detail: '', asked: what, ready: true })
    expect([...callers(emulation, port)]).toEqual(port === 0 ? [] : ['node-1'])
  })

  it('fails with one that is not, and the pod is not ready', () => {
    const { ok, ready } = answer(probe, FAIL)
    expect({ ok, ready }).toEqual({ ok: false, ready: false })
  })

  it(`${port === 0 ? 'needs no' : 'needs the'} network`, () => {
    expect(answer(probe, CUT).ok).toBe(port === 0)
  })
})

describe('what kubelet says', () => {
  it.each([
    ['of a status', HTTP, FAIL, 'HTTP probe failed with statuscode: 500'],
    ['of a status through TLS', HTTPS, FAIL, 'HTTP probe failed with statuscode: 500'],
    [
      'of a port that nobody listens on, by HTTP',
      'httpGet: { port: 81 }',
      '',
      'Get "http://10.244.1.2:81/": dial tcp 10.244.1.2:81: connect: connection refused',
    ],
    [
      'of a server that does not answer in time',
      HTTP,
      CUT,
      'Get "http://10.244.1.2:8080/ready": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
    ],
    ['of a closed port', TCP, FAIL, 'dial tcp 10.244.1.2:8080: connect: connection refused'],
    ['of an answer that does not come, by TCP', TCP, CUT, 'dial tcp 10.244.1.2:8080: i/o timeout'],
    ['of a service that is not well', GRPC, FAIL, 'service unhealthy (responded with "NOT_SERVING")'],
    [
      'of a service that cannot be reached',
      GRPC,
      CUT,
      'timeout: failed to connect service "10.244.1.2:50051" within 1s: context deadline exceeded',
    ],
    [
      'of a program that does not speak TLS',
      'httpGet: { scheme: HTTPS, port: http }',
      '',
      'Get "https://10.244.1.2:8080/": http: server gave HTTP response to HTTPS client',
    ],
  ])('%s', (_title, probe, step, detail) => {
    expect(answer(probe, step).detail).toBe(detail)
  })
})

describe('a preStop hook by HTTP', () => {
  it('is a request from the node to the container, which is still served', () => {
    const text = pod(HTTP).replace(
      'image: nginx:1',
      'image: nginx:1\n      lifecycle: { preStop: { httpGet: { path: /bye, port: http } } }',
    )
    const emulation = play('{ at: 10s, deletePod: { name: web } }, { advance: 5s }', text)
    const { steps, places } = emulation.recorder
    const asked = steps.flatMap(({ event, place }) =>
      event.kind === 'http-request' && places[place].netns === 'default/web' && event.url.endsWith('/bye')
        ? [event]
        : [],
    )
    expect(asked).toHaveLength(1)
    expect(emulation.life!.pod('default', 'web')).toBe(null)
  })
})
