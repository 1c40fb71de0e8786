import { describe, expect, it } from 'vitest'
import { formatAddress } from '../util/address.ts'
import { formatDiagnostic } from '../util/diagnostics.ts'
import { formatPrefix } from '../util/prefix.ts'
import { load } from './load/load.ts'
import type { ClusterSettings } from './load/scenario-schema.ts'
import { type ClusterPlan, planCluster } from './plan.ts'

const plan = (text = '', settings: ClusterSettings = {}): ClusterPlan =>
  planCluster(load([{ name: 'in.yaml', text }]), settings)

const node = (name: string, spec: string, more = ''): string =>
  `---\napiVersion: v1\nkind: Node\nmetadata: { name: ${name}${more} }\n${spec}\n`
const pod = (name: string, spec: string, status = ''): string =>
  `---\napiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\nspec: { containers: [{ name: c }]${spec} }\n${status}\n`

function show({ nodes, lan }: ClusterPlan): string[] {
  const rows = [...nodes.values()].map(({ name, addresses, podCIDRs, pods }) =>
    [name, ...addresses.map(formatAddress), ...podCIDRs.map(formatPrefix), ...pods.map((p) => p.meta.name)].join(' '),
  )
  return [`gateway ${lan.gateway.map(formatAddress).join(' ')} in ${lan.subnets.map(formatPrefix).join(' ')}`, ...rows]
}

describe('the default cluster', () => {
  it('is a kubeadm lab of three, about which nothing is assumed', () => {
    const lab = plan()
    expect(show(lab)).toEqual([
      'gateway 192.168.56.1 in 192.168.56.0/24',
      'control-plane 192.168.56.10 10.244.0.0/24',
      'node-1 192.168.56.11 10.244.1.0/24',
      'node-2 192.168.56.12 10.244.2.0/24',
    ])
    expect(lab.assumed).toEqual([])
    expect(lab.path).toMatchObject({ overlay: 'vxlan', proxyMode: 'iptables', mtu: 1500, podMTU: 1450 })
  })

  it('is dual-stack when its pod CIDRs are', () => {
    expect(show(plan('', { podCIDR: '10.244.0.0/16,fd00:10:244::/56', overlay: 'host-gw', mtu: 9000 }))).toEqual([
      'gateway 192.168.56.1 fd00:192:168:56::1 in 192.168.56.0/24 fd00:192:168:56::/64',
      'control-plane 192.168.56.10 fd00:192:168:56::a 10.244.0.0/24 fd00:10:244::/64',
      'node-1 192.168.56.11 fd00:192:168:56::b 10.244.1.0/24 fd00:10:244:1::/64',
      'node-2 192.168.56.12 fd00:192:168:56::c 10.244.2.0/24 fd00:10:244:2::/64',
    ])
    expect(plan('', { overlay: 'host-gw', mtu: 9000 }).path.podMTU).toBe(9000)
  })

  it('spreads pods that name no node over its workers, and keeps those that do', () => {
    const lab = plan(
      pod('a', '') + pod('b', ', nodeName: node-1') + pod('c', '') + pod('d', ', nodeName: control-plane'),
    )
    expect([...lab.nodes.values()].map(({ pods }) => pods.map((p) => p.meta.name).join())).toEqual(['d', 'b,c', 'a'])
    expect(lab.assumed).toEqual(['2 pods name no node: spread over the workers'])
  })

  it('runs out of ranges with an error', () => {
    expect(() => plan('', { podCIDR: '10.244.0.0/23' })).toThrow(/Node node-2: CIDR allocation failed/)
  })
})

describe('a dump', () => {
  const gke = [14, 15, 17]
    .map((n) =>
      node(
        `gke-${n}`,
        `spec: { podCIDR: 10.8.${n}.0/24, providerID: gce://p/z/n }\nstatus: { addresses: [{ type: InternalIP, address: 10.128.0.${n} }] }`,
      ),
    )
    .join('')

  it('of GKE follows the ranges that the cloud routes', () => {
    const found = plan(gke + pod('web', ', nodeName: gke-15', 'status: { phase: Running, podIP: 10.8.15.9 }'))
    expect(show(found)).toEqual([
      'gateway 10.128.0.1 in 10.128.0.0/24',
      'gke-14 10.128.0.14 10.8.14.0/24',
      'gke-15 10.128.0.15 10.8.15.0/24 web',
      'gke-17 10.128.0.17 10.8.17.0/24',
    ])
    expect(found.path).toMatchObject({ plugin: 'GKE', overlay: 'host-gw', podMTU: 1500 })
    expect(found.assumed).toEqual(['the cloud routes each node its pod range: modelled as host-gw routes on one LAN'])
  })

  it('follows what flannel says of itself', () => {
    const annotated = node('a', '', ', annotations: { flannel.alpha.coreos.com/backend-type: host-gw }')
    expect(plan(annotated).path).toMatchObject({ plugin: 'flannel', overlay: 'host-gw', assumed: [] })
    const wireguard = node('a', '', ', annotations: { flannel.alpha.coreos.com/backend-type: wireguard }')
    expect(plan(wireguard).assumed[0]).toMatch(/wireguard is not modelled: vxlan stands in/)
  })

  it('of another plugin says what stands in for it', () => {
    const agent = `---\napiVersion: v1\nkind: Pod\nmetadata: { name: calico-node-x, namespace: kube-system, labels: { k8s-app: calico-node } }\nspec: { hostNetwork: true, nodeName: a, containers: [{ name: c }] }\n`
    expect(plan(node('a', '') + agent).assumed).toContain(
      'Calico is not modelled: a bridge on each node and flannel vxlan stand in for it',
    )
    expect(plan(node('a', '')).assumed[0]).toMatch(/nothing in the input names the network plugin/)
  })

  it('may lack nodes: what their pods tell of them is taken, and that is said', () => {
    const on = (name: string, host: string, ip: string): string =>
      pod(name, `, nodeName: ${host}`, `status: { phase: Running, hostIP: 10.128.0.${host.slice(1)}, podIP: ${ip} }`)
    const found = plan(on('a', 'n7', '10.8.7.4') + on('b', 'n7', '10.8.7.9') + on('c', 'n8', '10.8.8.2'))
    expect(show(found)).toEqual([
      'gateway 10.128.0.1 in 10.128.0.0/24',
      'n7 10.128.0.7 10.8.7.0/24 a b',
      'n8 10.128.0.8 10.8.8.0/24 c',
    ])
    expect(found.assumed).toEqual([
      'nothing in the input names the network plugin: flannel with vxlan is assumed',
      '2 Nodes (n7, n8) are named by pods only: inferred',
    ])
  })

  it('may lack ranges and addresses too: others are chosen, and foreign addresses routed one by one', () => {
    const on = (name: string, host: string, ip: string): string =>
      pod(name, `, nodeName: ${host}`, `status: { phase: Running, podIP: ${ip} }`)
    const found = plan(on('a', 'n7', '10.42.3.9') + on('b', 'n8', '10.42.3.10'))
    expect(show(found)).toEqual([
      'gateway 192.168.56.1 in 192.168.56.0/24',
      'n7 192.168.56.10 10.244.0.0/24 a',
      'n8 192.168.56.11 10.244.1.0/24 b',
    ])
    expect(found.assumed).toEqual([
      'nothing in the input names the network plugin: flannel with vxlan is assumed',
      '2 Nodes (n7, n8) are named by pods only: inferred',
      "2 Nodes have no InternalIP in the input: addresses of the nodes' network were chosen",
      '2 Nodes have no pod range in the input: ranges were cut from the cluster CIDR',
      "2 pods have addresses outside the node's range (default/a 10.42.3.9): reached by /32 and /128 routes",
    ])
  })

  it('with nodes in several subnets joins them by one LAN', () => {
    const at = (name: string, address: string): string =>
      node(
        name,
        `spec: { podCIDR: 10.9.${name.length}.0/24 }\nstatus: { addresses: [{ type: InternalIP, address: ${address} }] }`,
      )
    const found = plan(at('a', '10.1.0.5') + at('bb', '172.16.0.5'))
    expect(found.lan.beside.map(formatPrefix)).toEqual(['172.16.0.0/24'])
    expect(found.assumed).toContain("the nodes' addresses lie in 2 subnets: they are joined by one LAN")
    expect(plan(at('a', '10.1.0.5') + at('bb', '10.1.3.5')).lan.subnets.map(formatPrefix)).toEqual(['10.1.0.0/22'])
  })

  it('names what is not modelled and could change a verdict', () => {
    const policy = '---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: deny }\n'
    const meshed = `---\napiVersion: v1\nkind: Pod\nmetadata: { name: m, labels: { security.istio.io/tlsMode: istio } }\nspec: { containers: [{ name: c }] }\n`
    expect(plan(policy + meshed).unmodelled).toEqual([
      '1 NetworkPolicy not modelled (deny): could change this verdict',
      'one pod has an Istio or Linkerd sidecar, which is not modelled: could change this verdict',
    ])
  })

  it('leaves finished and unscheduled pods out', () => {
    const found = plan(
      gke +
        pod('done', ', nodeName: gke-14', 'status: { phase: Succeeded, podIP: 10.8.14.2 }') +
        pod('waits', '', 'status: { phase: Pending }'),
    )
    expect([...found.nodes.values()].flatMap(({ pods }) => pods)).toEqual([])
  })
})

it('a ClusterIP outside the Service range that was given is told of', () => {
  const service = (address: string): string =>
    `apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { clusterIP: ${address}, ports: [{ port: 80 }] }\n`
  const told = (address: string, serviceCIDR?: string): string[] =>
    planCluster(load([{ name: 'in.yaml', text: service(address) }]), { serviceCIDR }).diagnostics.map(formatDiagnostic)
  expect(told('10.97.0.80', '10.97.0.0/16')).toEqual([])
  expect(told('172.30.0.80')).toEqual([])
  expect(told('10.96.0.80', '10.97.0.0/16')).toEqual([
    "in.yaml:1:1: warning: the ClusterIP 10.96.0.80 of Service default/web is outside the cluster's Service range 10.97.0.0/16",
  ])
})
