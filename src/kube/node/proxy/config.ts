import type { Match } from '../../../linux/netfilter/rules/match.ts'
import { type Address, type Family, familyOf, isV4 } from '../../../util/address.ts'
import { inPrefix, type Prefix, parsePrefix } from '../../../util/prefix.ts'
import type { ProxyConfig } from '../../api/proxy-config.ts'

/** What kube-proxy knows of the node it runs on. */
export interface ProxyNode {
  readonly name: string
  /** Empty without the label topology.kubernetes.io/zone. */
  readonly zone: string
  /** Its own addresses: the first of each family is the node's (`status.addresses`), then those of other interfaces. */
  readonly addresses: readonly Address[]
  readonly podCIDRs: readonly Prefix[]
}

/** KubeProxyConfiguration, and what kube-proxy finds out about its node's kernel. */
export interface ProxyOptions extends ProxyConfig {
  /** `iptables.localhostNodePorts`: NodePorts on 127.0.0.1, which needs route_localnet. */
  readonly localhostNodePorts: boolean
  /** The kernel has xt_nfacct, and rules count with it. */
  readonly nfacct: boolean
  /** iptables knows --random-fully (1.6.2 and later). */
  readonly randomFully: boolean
  /** ServiceCIDR objects, which nftables mode drops unallocated addresses of. */
  readonly serviceCIDRs: readonly Prefix[]
  /** nf_conntrack_tcp_be_liberal is set: invalid packets are not dropped. */
  readonly tcpLiberal: boolean
}

export const proxyOptions = (config: ProxyConfig): ProxyOptions => ({
  ...config,
  localhostNodePorts: true,
  nfacct: false,
  randomFully: true,
  serviceCIDRs: [],
  tcpLiberal: false,
})

/** How rules tell a packet of a pod of this node from others, or null when they cannot (`detectLocalMode`). */
export function localPods(options: ProxyOptions, node: ProxyNode, family: Family): Match | null {
  switch (options.detectLocal) {
    case 'ClusterCIDR':
      return fromPrefix(options.clusterCIDRs, family)
    case 'NodeCIDR':
      return fromPrefix(node.podCIDRs, family)
    case 'BridgeInterface':
      return options.bridgeInterface === '' ? null : { kind: 'input', device: options.bridgeInterface }
    case 'InterfaceNamePrefix':
      return options.interfaceNamePrefix === '' ? null : { kind: 'input', device: `${options.interfaceNamePrefix}+` }
  }
}

function fromPrefix(prefixes: readonly Prefix[], family: Family): Match | null {
  const found = prefixes.find(({ address }) => familyOf(address) === family)
  return found === undefined ? null : { kind: 'source', prefix: found }
}

export const negate = (match: Match): Match => ({ ...match, negate: true }) as Match

/** The addresses that NodePorts are open on; null for all local ones. `primary` is the node's own address. */
export function nodePortAddresses(options: ProxyOptions, family: Family, node: ProxyNode): readonly Address[] | null {
  const { nodePortAddresses: ranges } = options
  const own = node.addresses.filter((address) => familyOf(address) === family)
  if (ranges.includes('primary')) return own.slice(0, 1)
  const prefixes = ranges.map(parsePrefix).filter((p) => p !== null && isV4(p.address) === (family === 4))
  if (prefixes.length === 0 || prefixes.some((p) => p?.length === 0)) return null
  return own.filter((address) => prefixes.some((p) => p !== null && inPrefix(address, p)))
}
