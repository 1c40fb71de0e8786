import type { NetnsDescription, NetnsNode, NetnsOverlay, NetnsPod } from '../../src/export/netns-description.ts'

export interface ClusterOptions {
  readonly prefix: string
  readonly overlay: 'vxlan' | 'host-gw'
  readonly dualStack: boolean
  /** Pods on each node, in the order control-plane, node-1, node-2 … */
  readonly pods: readonly number[]
  readonly underlayMtu: number
  /** Of pods and cni0; null: what flannel tells the bridge plugin (50 less under vxlan). */
  readonly podMtu: number | null
}

export const DEFAULTS: ClusterOptions = {
  prefix: 'podwire-oracle',
  overlay: 'vxlan',
  dualStack: false,
  pods: [1, 2, 2],
  underlayMtu: 1500,
  podMtu: null,
}

/** The cluster of the book: control-plane 192.168.56.10, node-1 .11, node-2 .12, the laptop .1 as their gateway. */
export function cluster(options: Partial<ClusterOptions> = {}): NetnsDescription {
  const o = { ...DEFAULTS, ...options }
  const overhead = o.overlay === 'vxlan' ? 50 : 0
  const podMtu = o.podMtu ?? o.underlayMtu - overhead
  const nodes = o.pods.map((_, n) => node(n, o, podMtu))
  const pods = o.pods.flatMap((count, n) =>
    Array.from({ length: count }, (_, i) => pod(n, i, nodes[n].name, o, podMtu)),
  )
  return {
    title: `podwire test cluster: ${nodes.length} nodes, ${o.overlay}`,
    prefix: o.prefix,
    clusterCidrs: ['10.244.0.0/16', ...(o.dualStack ? ['fd00:244::/48'] : [])],
    networks: [{ name: 'lan', mtu: o.underlayMtu }],
    machines: [
      {
        name: 'laptop',
        forwards: true,
        interfaces: [underlay('laptop', 1, o)],
        routes: nodes.flatMap((_, n) => [
          { to: `10.244.${n}.0/24`, via: `192.168.56.${10 + n}`, device: null },
          ...(o.dualStack ? [{ to: `fd00:244:0:${n}::/64`, via: `fd00:56::${10 + n}`, device: null }] : []),
        ]),
      },
    ],
    nodes,
    pods,
  }
}

export const NODE_NAMES = (n: number): string => (n === 0 ? 'control-plane' : `node-${n}`)

function node(n: number, o: ClusterOptions, podMtu: number): NetnsNode {
  const name = NODE_NAMES(n)
  const four: NetnsOverlay =
    o.overlay === 'host-gw'
      ? { kind: 'host-gw', podCidr: `10.244.${n}.0/24`, address: `192.168.56.${10 + n}` }
      : {
          kind: 'vxlan',
          podCidr: `10.244.${n}.0/24`,
          device: 'flannel.1',
          address: `10.244.${n}.0`,
          mac: `0e:00:0a:f4:${hex(n)}:00`,
          mtu: o.underlayMtu - 50,
          vni: 1,
          port: 8472,
          underlay: 'eth0',
          local: `192.168.56.${10 + n}`,
        }
  const six: NetnsOverlay =
    o.overlay === 'host-gw'
      ? { kind: 'host-gw', podCidr: `fd00:244:0:${n}::/64`, address: `fd00:56::${10 + n}` }
      : {
          kind: 'vxlan',
          podCidr: `fd00:244:0:${n}::/64`,
          device: 'flannel-v6.1',
          address: `fd00:244:0:${n}::`,
          mac: `0e:06:0a:f4:${hex(n)}:00`,
          mtu: o.underlayMtu - 70,
          vni: 1,
          port: 8472,
          underlay: 'eth0',
          local: `fd00:56::${10 + n}`,
        }
  return {
    name,
    forwards: true,
    interfaces: [underlay(name, 10 + n, o)],
    routes: [
      { to: 'default', via: '192.168.56.1', device: null },
      ...(o.dualStack ? [{ to: 'default', via: 'fd00:56::1', device: null }] : []),
    ],
    bridge: {
      name: 'cni0',
      mac: `0a:58:0a:f4:${hex(n)}:01`,
      mtu: podMtu,
      addresses: [`10.244.${n}.1/24`, ...(o.dualStack ? [`fd00:244:0:${n}::1/64`] : [])],
    },
    overlays: o.dualStack ? [four, six] : [four],
  }
}

function underlay(name: string, host: number, o: ClusterOptions) {
  return {
    name: 'eth0',
    network: 'lan',
    port: name,
    mac: `52:54:c0:a8:38:${hex(host)}`,
    mtu: o.underlayMtu,
    addresses: [`192.168.56.${host}/24`, ...(o.dualStack ? [`fd00:56::${host}/64`] : [])],
  }
}

/** Pods are called `a`, `b` … with the number of their node: `a1` has 10.244.1.2, the first address host-local gives. */
function pod(n: number, i: number, nodeName: string, o: ClusterOptions, mtu: number): NetnsPod {
  const host = i + 2
  const name = `${String.fromCharCode(97 + i)}${n}`
  return {
    namespace: 'default',
    name,
    node: nodeName,
    mac: `0a:58:0a:f4:${hex(n)}:${hex(host)}`,
    mtu,
    addresses: [`10.244.${n}.${host}/24`, ...(o.dualStack ? [`fd00:244:0:${n}::${host.toString(16)}/64`] : [])],
    veth: `veth${name}`,
    vethMac: `fe:58:0a:f4:${hex(n)}:${hex(host)}`,
  }
}

const hex = (value: number): string => value.toString(16).padStart(2, '0')
