import type { SchedulerName } from '../../trace/steps/packet.ts'
import type { SourcePosition } from '../../util/diagnostics.ts'
import type { Prefix } from '../../util/prefix.ts'

export type ProxyMode = 'iptables' | 'nftables' | 'ipvs'
export type DetectLocal = 'ClusterCIDR' | 'NodeCIDR' | 'BridgeInterface' | 'InterfaceNamePrefix'

/** kubeproxy.config.k8s.io/v1alpha1 KubeProxyConfiguration, what changes the rules. Absent fields are the defaults. */
export interface ProxyConfig {
  readonly at: SourcePosition | null
  readonly mode: ProxyMode
  readonly clusterCIDRs: readonly Prefix[]
  readonly nodePortAddresses: readonly string[]
  readonly masqueradeAll: boolean
  readonly masqueradeBit: number
  readonly detectLocal: DetectLocal
  readonly bridgeInterface: string
  readonly interfaceNamePrefix: string
  /** `ipvs.scheduler`. */
  readonly ipvsScheduler: SchedulerName
}

export const DEFAULT_PROXY_CONFIG: ProxyConfig = {
  at: null,
  mode: 'iptables',
  clusterCIDRs: [],
  nodePortAddresses: [],
  masqueradeAll: false,
  masqueradeBit: 14,
  detectLocal: 'ClusterCIDR',
  bridgeInterface: '',
  interfaceNamePrefix: '',
  ipvsScheduler: 'rr',
}
