import { describe, expect, it } from 'vitest'
import { addressHistory } from '../../explain/address-history.ts'
import { isReady } from '../../kube/api/pod-object.ts'
import { InputError } from '../../util/diagnostics.ts'
import { load } from '../load/load.ts'
import { play, web, workload } from './testing/web.ts'

const errors = (text: string): string => {
  try {
    load([{ name: 'in.yaml', text }])
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
  return ''
}

describe.each(['ReplicationController', 'ReplicaSet', 'Deployment', 'StatefulSet'])('a %s', (kind) => {
  it('comes up, answers, and answers again when any of its pods was deleted', () => {
    const emulation = play('{ at: 20s, deletePod: { selector: app=web, count: 1 } }', workload(kind))
    const before = web(emulation).map(({ meta }) => meta.uid)
    emulation.advance(10e9)
    expect(web(emulation).filter(isReady)).toHaveLength(2)
    const same = web(emulation).filter(({ meta }) => before.includes(meta.uid))
    expect(same.length).toBeLessThan(2 + before.length)
    for (let n = 0; n < 8; n++) {
      const { trace } = emulation.trace({ from: 'client', to: 'svc/web:80' })
      expect(trace.verdict).toBe('delivered')
      expect(web(emulation).map(({ meta }) => meta.name)).toContain(trace.delivered?.name)
    }
  })
})

describe('addresses', () => {
  it('change with a pod that is replaced, and stay with a container that is', () => {
    const emulation = play(
      '{ at: 20s, killContainer: { selector: app=web, count: 1 } }, { at: 30s, deletePod: { selector: app=web, count: 1 } }, { advance: 20s }',
      workload('Deployment'),
    )
    const history = addressHistory(emulation.recorder).filter(({ pod }) => pod.name.startsWith('web'))
    expect(history).toHaveLength(3)
    expect(new Set(history.map(({ address }) => address)).size).toBe(3)
    expect(history.filter(({ until }) => until === null)).toHaveLength(2)
  })

  it('are never those of two pods, and every pod has its own sandbox', () => {
    const emulation = play(
      '{ at: 10s, scale: { name: web, replicas: 12 } }, { at: 20s, scale: { name: web, replicas: 3 } }, { at: 40s, scale: { name: web, replicas: 9 } }, { advance: 10s }',
      workload('Deployment'),
    )
    const open = new Map<string, string>()
    for (const { event } of emulation.recorder.steps) {
      if (event.kind !== 'pod-address') continue
      for (const address of event.addresses.map(String)) {
        if (event.change === 'released') open.delete(address)
        else {
          expect(open.get(address)).toBeUndefined()
          open.set(address, event.pod.uid)
        }
      }
    }
    // Nine, the client, and CoreDNS.
    expect(open.size).toBe(11)
  })
})

describe('a rolling update under traffic', () => {
  const TRAFFIC = "{ at: 10s, traffic: { from: client, url: 'http://10.96.0.80/', every: 20ms, for: 4s } }"
  const ROLL = "{ at: 11s, setImage: { name: web, image: 'nginx:2' } }, { advance: 10s }"
  const lost = (container: string): number =>
    play(`${TRAFFIC}, ${ROLL}`, workload('Deployment', '', container), 'off').life!.traffic.failed.length

  it('loses requests without preStop, and none with it', () => {
    expect(lost('')).toBeGreaterThan(0)
    expect(lost(', lifecycle: { preStop: { sleep: { seconds: 5 } } }')).toBe(0)
  })
})

describe('an HTTPS probe', () => {
  it('asks through TLS and accepts any certificate, also one that nobody should trust', () => {
    const probe = ', readinessProbe: { httpGet: { scheme: HTTPS, port: 8443, path: / }, periodSeconds: 1 }'
    const served = workload('Deployment', '', probe).replace(
      'metadata: { labels: { app: web } }',
      "metadata: { labels: { app: web }, annotations: { podwire.dev/serve: 'https:8443' } }",
    )
    const emulation = play('{ at: 10s, scale: { name: web, replicas: 1 } }, { advance: 5s }', served)
    expect(web(emulation).filter(isReady)).toHaveLength(1)
    const refused = play(
      '{ at: 10s, scale: { name: web, replicas: 1 } }, { advance: 5s }',
      workload('Deployment', '', probe),
    )
    expect(web(refused).filter(isReady)).toHaveLength(0)
  })
})

describe('the host of a probe', () => {
  const ready = (kind: string, more = ''): boolean => {
    const probe = `, readinessProbe: { ${kind}, periodSeconds: 1 }`
    const emulation = play(
      '{ at: 10s, scale: { name: web, replicas: 1 } }, { advance: 5s }',
      workload('Deployment', '', probe) + more,
    )
    return web(emulation).some(isReady)
  }
  const OTHER = `---
apiVersion: v1
kind: Pod
metadata: { name: other }
spec: { nodeName: node-1, hostNetwork: true, containers: [{ name: a, image: 'a:1', ports: [{ containerPort: 9000 }] }] }
`

  it('is where the packets of the probe go, whoever answers there', () => {
    expect(ready('tcpSocket: { port: 8080 }')).toBe(true)
    expect(ready('tcpSocket: { host: 192.168.56.11, port: 8080 }')).toBe(false)
    expect(ready('tcpSocket: { host: 192.168.56.11, port: 9000 }', OTHER)).toBe(true)
    expect(ready('httpGet: { host: 192.168.56.11, port: 9000 }', OTHER)).toBe(true)
    expect(ready('httpGet: { host: 192.168.56.11, port: 9001 }', OTHER)).toBe(false)
  })

  it('is looked up on the node, which asks no cluster DNS', () => {
    expect(ready('httpGet: { host: web.default.svc, port: 80 }')).toBe(false)
    expect(ready('tcpSocket: { host: web.default.svc.cluster.local, port: 80 }')).toBe(false)
  })

  it('may be the loopback of the node, as for the control plane', () => {
    const probe = ', livenessProbe: { httpGet: { host: localhost, port: 8080 }, periodSeconds: 1 }'
    const text = workload('DaemonSet', '', probe).replace('    spec:\n', '    spec:\n      hostNetwork: true\n')
    const emulation = play('{ advance: 30s }', text)
    expect(web(emulation).map(({ status }) => status.containerStatuses[0].restartCount)).toEqual([0, 0])
    const asked = emulation.recorder.steps.flatMap(({ event }) =>
      event.kind === 'probe' ? [[event.asked, event.ok]] : [],
    )
    expect(asked).toContainEqual(['GET http://localhost:8080/', true])
  })
})

describe('nodes', () => {
  it('that are drained, rebooted or cut off do to pods what they do in life', () => {
    const drained = play('{ at: 10s, drain: { name: node-2, force: true } }, { advance: 20s }', workload('Deployment'))
    expect(web(drained).map(({ spec }) => spec.nodeName)).toEqual(['node-1', 'node-1'])
    const rebooted = play(
      '{ at: 10s, rebootNode: { name: node-2, duration: 20s } }, { advance: 60s }',
      workload('Deployment'),
    )
    const history = addressHistory(rebooted.recorder).filter(
      ({ node, pod }) => node === 'node-2' && pod.name !== 'client',
    )
    expect(history.map(({ address }) => address)).toEqual(['10.244.2.2', '10.244.2.3'])
    expect(history[0].pod.uid).toBe(history[1].pod.uid)
    const lost = play('{ at: 10s, partitionNode: { name: node-2 } }, { advance: 400s }', workload('Deployment'))
    expect(
      web(lost)
        .filter(isReady)
        .map(({ spec }) => spec.nodeName),
    ).toEqual(['node-1', 'node-1'])
  })

  it('that join get the pods of a DaemonSet', () => {
    const emulation = play('{ at: 10s, addNode: { name: node-3 } }, { advance: 20s }', workload('DaemonSet'))
    expect(
      web(emulation)
        .map(({ spec }) => spec.nodeName)
        .sort(),
    ).toEqual(['node-1', 'node-2', 'node-3'])
  })
})

describe('manifests that are wrong', () => {
  it.each([
    [
      'replicas: 2',
      'replicas: -1',
      'in.yaml:6:13: Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'labels: { app: web }',
      'labels: { app: x }',
      'in.yaml:10:25: Deployment.apps "web" is invalid: spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`',
    ],
    [
      'apps/v1',
      'apps/v1beta1',
      'in.yaml:2:13: no matches for kind "Deployment" in version "apps/v1beta1", expected apps/v1',
    ],
    [
      "image: 'nginx:1',",
      "image: 'nginx:1', resources: { requests: { cpu: abc } },",
      `in.yaml:12:81: Deployment.apps "web" is invalid: spec.template.spec.containers[0].resources.requests.cpu: Invalid value: "abc": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
    ],
    [
      'replicas: 2',
      'replcas: 2',
      'in.yaml:6:12: Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replcas", expected replicas',
    ],
    [
      'ports: [{ name: http, containerPort',
      'ports: [{ name: http, container-port: 1, containerPort',
      'in.yaml:12:89: Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.template.spec.containers[0].ports[0].container-port", expected containerPort',
    ],
    [
      'replicas: 2',
      "replicas: '2'",
      'in.yaml:6:13: Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
  ])('%s as %s', (right, wrong, message) => {
    expect(errors(workload('Deployment').replace(right, wrong).split('---\napiVersion: v1')[0])).toContain(message)
  })
})
