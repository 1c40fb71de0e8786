import { describe, expect, it } from 'vitest'
import { fetch } from '../app/curl/curl.ts'
import { traceText } from '../explain/text/trace.ts'
import { formatAddress } from '../util/address.ts'
import { Emulation } from './emulation.ts'
import { load } from './load/load.ts'

const pod = (name: string, node: string, more = '', status = ''): string =>
  `---\napiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, labels: { app: ${name.split('-')[0]} } }\nspec: { nodeName: ${node}, containers: [{ name: c${more} }] }\n${status}\n`
const service = (name: string, spec: string): string =>
  `---\napiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: ${spec}\n`
const emulate = (text: string, settings = ''): Emulation => {
  const head = `apiVersion: podwire.dev/v1alpha1\nkind: Scenario\nmetadata: { name: s }\nspec: { title: T, cluster: { ${settings} } }\n`
  return new Emulation(load([{ name: 'in.yaml', text: head + text }]))
}

const HTTP = ', ports: [{ name: http, containerPort: 8080 }]'
const CLUSTER =
  pod('client', 'node-1') +
  pod('web-1', 'node-1', HTTP) +
  pod('web-2', 'node-2', HTTP) +
  service('web', '{ clusterIP: 10.96.0.80, selector: { app: web }, ports: [{ port: 80, targetPort: http }] }') +
  service('none', '{ clusterIP: 10.96.0.81, selector: { app: nobody }, ports: [{ port: 80 }] }') +
  service(
    'open',
    '{ type: NodePort, selector: { app: web }, ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] }',
  )

describe('Services', () => {
  it('lead to every one of their pods, by the rules of kube-proxy', () => {
    const emulation = emulate(CLUSTER)
    const reached = new Set<string>()
    for (let i = 0; i < 12; i++) {
      const { trace } = emulation.trace({ from: 'client', to: 'svc/web' })
      expect(trace.verdict).toBe('delivered')
      expect(trace.forward.hops.some((hop) => hop.action === 'dnat')).toBe(true)
      reached.add(trace.delivered!.name)
    }
    expect([...reached].sort()).toEqual(['web-1', 'web-2'])
    expect(emulation.facts.assumed).toEqual([])
  })

  it('without endpoints reject, from the node', () => {
    const { trace, by } = emulate(CLUSTER).trace({ from: 'client', to: 'svc/none' })
    expect([trace.verdict, by]).toEqual(['rejected', 'node-1'])
  })

  it('of type NodePort are open on every node, for clients outside', () => {
    const emulation = emulate(CLUSTER)
    for (const node of ['control-plane', 'node-1', 'node-2']) {
      const { trace } = emulation.trace({ from: 'external', to: `node/${node}:30080` })
      expect(trace).toMatchObject({ verdict: 'delivered', delivered: { kind: 'pod' } })
    }
  })

  it('without an address get one of the Service range, the same each time', () => {
    const address = (emulation: Emulation): string =>
      formatAddress(emulation.services.all.find(({ meta }) => meta.name === 'open')!.clusterIPs[0])
    expect(address(emulate(CLUSTER))).toMatch(/^10\./)
    expect(address(emulate(CLUSTER))).toBe(address(emulate(CLUSTER)))
    expect(emulate(CLUSTER).trace({ from: 'client', to: 'svc/open' }).trace.verdict).toBe('delivered')
  })

  it('leave out pods that are not ready, and ports that a pod does not have', () => {
    const sick = "status: { phase: Running, conditions: [{ type: Ready, status: 'False' }] }"
    const { services } = emulate(CLUSTER + pod('web-3', 'node-2', HTTP, sick) + pod('web-4', 'node-2'))
    const slices = services!.slices.filter((slice) => slice.service === 'web')
    const ready = slices.flatMap(({ endpoints, ports }) =>
      endpoints
        .filter((endpoint) => endpoint.ready)
        .map((endpoint) => `${endpoint.pod}:${ports.map(({ port }) => port)}`),
    )
    expect(ready.sort()).toEqual(['default/web-1:8080', 'default/web-2:8080', 'default/web-4:'])
    expect(slices.flatMap(({ endpoints }) => endpoints).find(({ pod: name }) => name === 'default/web-3')?.ready).toBe(
      false,
    )
  })

  it('of a dump without EndpointSlices say that they were derived', () => {
    const given = 'status: { phase: Running, podIP: 10.244.2.7 }'
    expect(
      emulate(
        pod('web-1', 'node-2', HTTP, given) + CLUSTER.slice(CLUSTER.indexOf('---\napiVersion: v1\nkind: Service')),
      ).facts.assumed,
    ).toContain('2 Services have no EndpointSlices in the input: endpoints follow from selectors and readiness')
  })

  it('that claim the address of an addon are told so, both named', () => {
    const dns = CLUSTER.replace(/clusterIP: [0-9.]+/, 'clusterIP: 10.96.0.10')
    expect(emulate(dns).diagnostics.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^the ClusterIP 10\.96\.0\.10 of Service default\/\w+ is that of Service kube-system\/kube-dns too/,
      ),
    ])
  })

  it('that keep clients out do not seem to have no ready endpoint', () => {
    const guarded = `---
apiVersion: v1
kind: Service
metadata: { name: guarded }
spec: { type: LoadBalancer, clusterIP: 10.96.0.70, selector: { app: web }, loadBalancerSourceRanges: [10.9.0.0/16], ports: [{ port: 80, targetPort: 8080 }] }
status: { loadBalancer: { ingress: [{ ip: 192.168.56.240 }] } }
`
    const { trace } = emulate(CLUSTER + guarded).trace({ from: 'client', to: '192.168.56.240:80' })
    expect(trace.service).toMatchObject({ name: 'guarded', endpoints: [], withheld: 2 })
    expect(traceText(trace)).toContain(
      'svc/guarded 192.168.56.240:80 is on no device, and the rules lead this packet to none of its ready endpoints (2)',
    )
  })

  it('of an Endpoints object count in all its subsets', () => {
    const endpoints = `---
apiVersion: v1
kind: Service
metadata: { name: split }
spec: { clusterIP: 10.96.0.50, ports: [{ name: http, port: 80 }, { name: admin, port: 81 }] }
---
apiVersion: v1
kind: Endpoints
metadata: { name: split }
subsets:
  - { addresses: [{ ip: 10.244.1.3 }], ports: [{ name: http, port: 8080 }] }
  - { addresses: [{ ip: 10.244.2.2 }], ports: [{ name: admin, port: 8081 }] }
`
    const { services } = emulate(CLUSTER + endpoints)
    const ports = services.model.allPorts(4)
    const split = [...ports].filter(({ info }) => info.name.startsWith('default/split'))
    expect(split.map(({ info, endpoints: found }) => [info.name, ...found.map(({ text }) => text)])).toEqual([
      ['default/split:http', '10.244.1.3:8080'],
      ['default/split:admin', '10.244.2.2:8081'],
    ])
  })

  it.each([
    ['10.96.0.0/12', ['kubernetes 4']],
    ['10.96.0.0/12,fd00:96::/112', ['kubernetes 4', 'kubernetes-v6 6']],
    ['fd00:96::/112,10.96.0.0/12', ['kubernetes 6', 'kubernetes-v4 4']],
  ])('has the slices of the API server that the Service ranges %s call for', (ranges, expected) => {
    const nodes = ['control-plane', 'node-1'].map(
      (name, i) =>
        `---\napiVersion: v1\nkind: Node\nmetadata: { name: ${name} }\nspec: { podCIDRs: [10.244.${i}.0/24, "fd00:244:0:${i}::/64"] }\nstatus: { addresses: [{ type: InternalIP, address: 192.168.56.1${i} }, { type: InternalIP, address: "fd00:56::1${i}" }] }\n`,
    )
    const { services } = emulate(
      nodes.join(''),
      `podCIDR: "10.244.0.0/16,fd00:244::/48", nodeCIDR: "192.168.56.0/24,fd00:56::/64", serviceCIDR: "${ranges}"`,
    ).cluster
    const slices = services!.slices.filter(({ service }) => service === 'kubernetes')
    expect(slices.map(({ meta, family }) => `${meta.name} ${family}`)).toEqual(expected)
  })

  it.each([
    ['external', 'node/node-1:30080', 'node-1', ['10.244.1.3', '10.244.2.2']],
    ['external', 'node/node-1:30081', 'node-1', ['10.244.1.3']],
    // Between nodes a pod's packet carries the address of its node, so that it is a client from outside.
    ['client', 'node/node-2:30081', 'node-2', ['10.244.2.2']],
    ['client', 'node/node-1:30081', 'node-1', ['10.244.1.3', '10.244.2.2']],
    ['external', 'node/control-plane:30081', 'control-plane', []],
  ])('traced from %s to %s shows what the rules of %s choose among', (from, to, node, endpoints) => {
    const local = service(
      'local',
      '{ type: NodePort, externalTrafficPolicy: Local, selector: { app: web }, ports: [{ port: 80, targetPort: 8080, nodePort: 30081 }] }',
    )
    const { trace } = emulate(CLUSTER + local).trace({ from, to })
    expect(trace.service).toMatchObject({ nodePortOf: node, seed: 1 })
    expect(trace.service!.endpoints.map(({ address }) => address)).toEqual(endpoints)
    if (endpoints.length > 0) expect(endpoints.map((address) => `${address}:8080`)).toContain(trace.service!.picked)
  })

  it.each([
    ['', 'rejected'],
    [', publishNotReadyAddresses: true', 'delivered'],
  ])('lead to a pod that is not ready only when told to%s', (more, verdict) => {
    const unready = pod(
      'slow-1',
      'node-2',
      HTTP,
      'status: { phase: Running, conditions: [{ type: Ready, status: "False" }] }',
    )
    const slow = service('slow', `{ selector: { app: slow }, ports: [{ port: 80, targetPort: 8080 }]${more} }`)
    expect(emulate(CLUSTER + unready + slow).trace({ from: 'client', to: 'svc/slow' }).trace.verdict).toBe(verdict)
  })

  it.each([
    ['192.168.56.11', 200, 1],
    ['192.168.56.10', 503, 0],
  ])('tell a load balancer on their healthCheckNodePort whether %s serves: %i', (node, status, count) => {
    const balanced = service(
      'balanced',
      '{ type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 30099, selector: { app: web }, ports: [{ port: 80, targetPort: 8080, nodePort: 30081 }] }',
    )
    const emulation = emulate(CLUSTER + balanced)
    const answer = emulation.runProgram(emulation.cluster.external(), 'probe', (context) =>
      fetch(context, `http://${node}:30099/healthz`),
    )
    expect(answer.status).toBe(status)
    expect(JSON.parse(new TextDecoder().decode(answer.body))).toEqual({
      service: { namespace: 'default', name: 'balanced' },
      localEndpoints: count,
      serviceProxyHealthy: true,
    })
  })
})
