import { describeCluster } from '../../src/export/netns-cluster.ts'
import type { NetnsDescription } from '../../src/export/netns-description.ts'
import { Emulation } from '../../src/scenario/emulation.ts'
import { load } from '../../src/scenario/load/load.ts'

export interface ClusterOptions {
  readonly overlay: 'vxlan' | 'host-gw'
  readonly dualStack: boolean
  /** Pods on each node, in the order control-plane, node-1, node-2 … */
  readonly pods: readonly number[]
  /** Of the nodes' network. */
  readonly mtu: number
  /** Null: what flannel tells the bridge plugin, 50 less under vxlan. */
  readonly podMtu: number | null
  readonly proxyMode: 'iptables' | 'nftables'
  /** More documents: Services. */
  readonly services: readonly string[]
}

export const DEFAULTS: ClusterOptions = {
  overlay: 'vxlan',
  dualStack: false,
  pods: [1, 2, 2],
  mtu: 1500,
  podMtu: null,
  proxyMode: 'iptables',
  services: [],
}

/** Of what a lab builds; namespaces of other prefixes are never touched. */
export const PREFIX = 'podwire-oracle'

/**
 * The cluster of the book, emulated: control-plane 192.168.56.10, node-1 .11, node-2 .12 …, and the laptop .1 as their gateway.
 * Pods are called `a1`, `b1` … with the number of their node. Beyond what podwire gives it, the laptop forwards and has routes
 * to the pods, so that packets come to them from outside.
 */
export function emulation(options: Partial<ClusterOptions> = {}, seed = 1): Emulation {
  const o = { ...DEFAULTS, ...options }
  const made = new Emulation(load([{ name: 'cluster.yaml', text: manifests(o) }]), { seed })
  const laptop = made.cluster.external().namespace
  laptop.configure({ ipForward: true, ipv6Forward: o.dualStack })
  for (const { podCIDRs, addresses } of made.plan.nodes.values()) {
    for (const [i, destination] of podCIDRs.entries()) laptop.addRoute({ destination, via: addresses[i] })
  }
  return made
}

/** The same cluster as the script wants it. */
export function cluster(options: Partial<ClusterOptions> = {}): NetnsDescription {
  return describeCluster(emulation(options), 'a cluster for the kernel oracle', PREFIX)
}

const nodeName = (n: number): string => (n === 0 ? 'control-plane' : `node-${n}`)

function manifests(o: ClusterOptions): string {
  const settings = [
    'addons: false',
    `overlay: ${o.overlay}`,
    `mtu: ${o.mtu}`,
    `proxyMode: ${o.proxyMode}`,
    ...(o.podMtu === null ? [] : [`podMTU: ${o.podMtu}`]),
    ...(o.dualStack ? ['podCIDR: "10.244.0.0/16,fd00:244::/48"', 'nodeCIDR: "192.168.56.0/24,fd00:56::/64"'] : []),
  ]
  const scenario = `kind: Scenario
apiVersion: podwire.dev/v1alpha1
metadata: { name: oracle }
spec: { title: A cluster for the kernel oracle, cluster: { ${settings.join(', ')} } }
`
  const nodes = o.pods.map(
    (_, n) => `kind: Node
apiVersion: v1
metadata: { name: ${nodeName(n)} }
spec: { podCIDRs: [10.244.${n}.0/24${o.dualStack ? `, "fd00:244:0:${n}::/64"` : ''}] }
status: { addresses: [{ type: InternalIP, address: 192.168.56.${10 + n} }${o.dualStack ? `, { type: InternalIP, address: "fd00:56::${10 + n}" }` : ''}] }
`,
  )
  const pods = o.pods.flatMap((count, n) =>
    Array.from(
      { length: count },
      (_, i) => `kind: Pod
apiVersion: v1
metadata: { name: ${podName(n, i)}, labels: { app: ${podName(n, i)} }, annotations: { podwire.dev/serve: "tcp:8080,udp:7" } }
spec: { nodeName: ${nodeName(n)}, containers: [{ name: c }] }
`,
    ),
  )
  return [scenario, ...nodes, ...pods, ...o.services].join('---\n')
}

/** The `i`th pod of the `n`th node has the address 10.244.N.(I+2), the next that host-local gives. */
export const podName = (n: number, i: number): string => `${String.fromCharCode(97 + i)}${n}`
