import { describe, expect, it } from 'vitest'
import { Emulation } from './emulation.ts'
import { load } from './load/load.ts'

const pod = (name: string, node: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, labels: { app: ${name.split('-')[0]} } }\nspec: { nodeName: ${node}, containers: [{ name: c, ports: [{ name: http, containerPort: 8080 }] }] }\n`
const service = (name: string, app: string, more: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { selector: { app: ${app} }, ${more} }\n`

const CLUSTER = [
  ...[
    pod('client', 'node-1'),
    pod('web-1', 'node-1'),
    pod('web-2', 'node-2'),
    pod('near-1', 'node-1'),
    pod('far-1', 'node-2'),
  ],
  service('web', 'web', 'clusterIP: 10.96.0.80, ports: [{ port: 80, targetPort: http }]'),
  service('near', 'near', 'clusterIP: 10.96.0.81, ports: [{ port: 80, targetPort: http }]'),
  service('far', 'far', 'clusterIP: 10.96.0.82, ports: [{ port: 80, targetPort: http }]'),
  service('none', 'nobody', 'clusterIP: 10.96.0.83, ports: [{ port: 80 }]'),
  service('open', 'far', 'type: NodePort, ports: [{ port: 80, targetPort: http, nodePort: 30080 }]'),
  service('shut', 'nobody', 'type: NodePort, ports: [{ port: 80, nodePort: 30081 }]'),
  service(
    'local',
    'far',
    'type: NodePort, externalTrafficPolicy: Local, ports: [{ port: 80, targetPort: http, nodePort: 30082 }]',
  ),
  service(
    'inside',
    'far',
    'clusterIP: 10.96.0.84, internalTrafficPolicy: Local, ports: [{ port: 80, targetPort: http }]',
  ),
  service('sticky', 'web', 'clusterIP: 10.96.0.85, sessionAffinity: ClientIP, ports: [{ port: 80, targetPort: http }]'),
].join('---\n')

type Mode = 'iptables' | 'nftables' | 'ipvs'
const MODES: readonly Mode[] = ['iptables', 'nftables', 'ipvs']
const emulate = (proxyMode: Mode): Emulation =>
  new Emulation(load([{ name: 'in.yaml', text: CLUSTER }]), { proxyMode, recording: 'frames' })

/** Where the virtual servers of ipvs mode do something else: its own test below says why. */
const IPVS: Readonly<Record<string, string>> = {
  // flannel's own rule masquerades it: in iptables mode the packet never gets so far.
  'policy Local, none there': 'delivered far-1 from 10.244.1.0',
  'internal policy Local, none there': 'rejected at node-1',
}

/** What became of a packet, who ended it, and from which address it arrived. */
function outcome(proxyMode: Mode, from: string, to: string, proto: 'tcp' | 'icmp' = 'tcp'): string {
  const { trace, by } = emulate(proxyMode).trace({ from, to, proto })
  if (trace.delivered === undefined) return `${trace.verdict} at ${by}`
  const { source } = trace.forward.hops.findLast(({ frame }) => frame?.ip !== undefined)!.frame!.ip!
  return `${trace.verdict} ${trace.delivered.name} from ${source}`
}

describe.each(MODES)('kube-proxy in %s mode', (mode) => {
  it.each([
    ['a pod, an endpoint on its node', 'client', 'svc/near', 'delivered near-1 from 10.244.1.2'],
    ['a pod, an endpoint on another node', 'client', 'svc/far', 'delivered far-1 from 10.244.1.2'],
    ['a pod and itself', 'default/near-1', 'svc/near', 'delivered near-1 from 10.244.1.1'],
    ['a node, an endpoint of its own', 'node/node-1', 'svc/near', 'delivered near-1 from 10.244.1.1'],
    ['a node, an endpoint elsewhere', 'node/node-1', 'svc/far', 'delivered far-1 from 10.244.1.0'],
    ['no endpoints', 'client', 'svc/none', 'rejected at node-1'],
    ['no endpoints, from the node', 'node/node-1', 'svc/none', 'rejected at node-1'],
    [
      'a NodePort from outside, by way of another node',
      'external',
      'node/node-1:30080',
      'delivered far-1 from 10.244.1.0',
    ],
    ['a NodePort from outside, on the node', 'external', 'node/node-2:30080', 'delivered far-1 from 10.244.2.1'],
    ['a NodePort from a pod', 'client', 'node/node-2:30080', 'delivered far-1 from 10.244.2.1'],
    ['a NodePort without endpoints', 'external', 'node/node-1:30081', 'rejected at node-1'],
    [
      'policy Local, an endpoint there: the client keeps its address',
      'external',
      'node/node-2:30082',
      'delivered far-1 from 192.168.56.1',
    ],
    ['policy Local, none there', 'external', 'node/node-1:30082', 'dropped at node-1'],
    ['policy Local, from a pod: as to the ClusterIP', 'client', 'node/node-1:30082', 'delivered far-1 from 10.244.1.2'],
    ['internal policy Local, none there', 'client', 'svc/inside', 'dropped at node-1'],
  ])('%s', (name, from, to, expected) => {
    expect(outcome(mode, from, to)).toBe((mode === 'ipvs' ? IPVS[name] : undefined) ?? expected)
  })

  it('keeps to one endpoint for a client with affinity, whichever it was', () => {
    const emulation = emulate(mode)
    const picked = Array.from(
      { length: 12 },
      () => emulation.trace({ from: 'client', to: 'svc/sticky' }).trace.delivered!.name,
    )
    expect(new Set(picked).size).toBe(1)
    // The first connection to a virtual server is its first real server's: there is no chance in it.
    if (mode === 'ipvs') return
    const perSeed = new Set<string>()
    for (let seed = 1; seed <= 8; seed++) {
      const other = new Emulation(load([{ name: 'in.yaml', text: CLUSTER }]), {
        proxyMode: mode,
        seed,
        recording: 'steps',
      })
      perSeed.add(other.trace({ from: 'client', to: 'svc/sticky' }).trace.delivered!.name)
    }
    expect([...perSeed].sort()).toEqual(['web-1', 'web-2'])
  })

  it('spreads over all endpoints, and nothing is assumed about the mode', () => {
    const emulation = emulate(mode)
    const picked = Array.from(
      { length: 16 },
      () => emulation.trace({ from: 'client', to: 'svc/web' }).trace.delivered!.name,
    )
    expect([...new Set(picked)].sort()).toEqual(['web-1', 'web-2'])
    expect(emulation.facts.assumed).toEqual([])
  })
})

/** Kubernetes documentation, Virtual IPs and Service Proxies: "Migrating from iptables mode to nftables". */
describe('between the modes differ', () => {
  it.each([
    ['ping to a ClusterIP', 'svc/web', 'icmp', 'dropped at laptop', 'rejected at node-1', 'rejected at node-1'],
    [
      'a port that a ClusterIP does not serve',
      'svc/web:81',
      'tcp',
      'dropped at laptop',
      'rejected at node-1',
      'rejected at node-1',
    ],
    [
      'an address of the Service range that no Service has',
      'ip/10.99.1.1:80',
      'tcp',
      'dropped at laptop',
      'dropped at node-1',
      'dropped at laptop',
    ],
  ] as const)('%s', (_name, to, proto, iptables, nftables, ipvs) => {
    expect(MODES.map((mode) => outcome(mode, 'client', to, proto))).toEqual([iptables, nftables, ipvs])
  })

  it('NodePorts on addresses beside the first of the node, and on localhost', () => {
    expect(MODES.map((mode) => outcome(mode, 'client', 'ip/10.244.1.1:30080'))).toEqual([
      'delivered far-1 from 10.244.1.0',
      'refused at node-1',
      'delivered far-1 from 10.244.1.0',
    ])
    expect(MODES.map((mode) => outcome(mode, 'node/node-1', 'ip/127.0.0.1:30080'))).toEqual([
      'delivered far-1 from 10.244.1.0',
      'refused at node-1',
      'refused at node-1',
    ])
  })
})

/** KubeProxyConfiguration, ipvs.scheduler. */
describe('the scheduler of ipvs mode', () => {
  const picks = (scheduler: string, client: string, count: number): string[] => {
    const config = `---\napiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\nipvs: { scheduler: ${scheduler} }\n`
    const emulation = new Emulation(load([{ name: 'in.yaml', text: CLUSTER + config }]))
    return Array.from({ length: count }, () => {
      const { trace } = emulation.trace({ from: client, to: 'svc/web' })
      return trace.delivered!.name
    })
  }

  it('takes endpoints in turn (rr)', () => {
    expect(picks("''", 'client', 4)).toEqual(['web-1', 'web-2', 'web-1', 'web-2'])
  })

  it("or by the client's address (sh), whatever port it comes from", () => {
    expect(new Set(picks('sh', 'client', 6)).size).toBe(1)
  })

  it('or by its port too (mh, as kube-proxy sets it up)', () => {
    expect(new Set(picks('mh', 'client', 16)).size).toBe(2)
  })

  it('or by how many connections each has (lc)', () => {
    expect(new Set(picks('lc', 'client', 2)).size).toBe(2)
  })

  it('is one that the kernel has', () => {
    expect(() => picks('fifo', 'client', 1)).toThrow(/ipvs\.scheduler.*fifo/s)
  })
})
