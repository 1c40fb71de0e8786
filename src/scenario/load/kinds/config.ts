import { parse } from 'yaml'
import { DEFAULT_PROXY_CONFIG, type ProxyConfig, type ProxyMode } from '../../../kube/api/proxy-config.ts'
import { SCHEDULERS } from '../../../linux/netfilter/ipvs/virtual-server.ts'
import type { SchedulerName } from '../../../trace/steps/packet.ts'
import type { Prefix } from '../../../util/prefix.ts'
import { type Fields, ObjectReader } from '../fields.ts'
import type { ConfigHints } from '../inventory.ts'

/** kubeproxy.config.k8s.io/v1alpha1 KubeProxyConfiguration: on its own, or within ConfigMap kube-system/kube-proxy. */
export function readProxyConfig(reader: ObjectReader, root: Fields): ProxyConfig {
  const detect = root.child('detectLocal', 'DetectLocalConfiguration')
  const iptables = root.child('iptables', 'KubeProxyIPTablesConfiguration')
  const nftables = root.child('nftables', 'KubeProxyNFTablesConfiguration')
  const mode = root.oneOf<ProxyMode | ''>('mode', ['', 'iptables', 'nftables', 'ipvs'], '') || DEFAULT_PROXY_CONFIG.mode
  const own = mode === 'nftables' ? nftables : iptables
  const cidrs = root.text('clusterCIDR')
  return {
    at: reader.raw.at([]),
    mode,
    clusterCIDRs: cidrs === '' ? [] : cidrs.split(',').flatMap((text) => root.toPrefix(text, ['clusterCIDR']) ?? []),
    nodePortAddresses: root.texts('nodePortAddresses'),
    masqueradeAll: own.flag('masqueradeAll'),
    masqueradeBit: own.int('masqueradeBit', DEFAULT_PROXY_CONFIG.masqueradeBit),
    detectLocal: root.oneOf('detectLocalMode', DETECT, 'ClusterCIDR') || 'ClusterCIDR',
    bridgeInterface: detect.text('bridgeInterface'),
    interfaceNamePrefix: detect.text('interfaceNamePrefix'),
    ipvsScheduler:
      root
        .child('ipvs', 'KubeProxyIPVSConfiguration')
        .oneOf<SchedulerName | ''>('scheduler', ['', ...SCHEDULERS], '') || DEFAULT_PROXY_CONFIG.ipvsScheduler,
  }
}

const DETECT = ['ClusterCIDR', 'NodeCIDR', 'BridgeInterface', 'InterfaceNamePrefix'] as const

/** What well-known ConfigMaps say of the data path; all others say nothing. */
export function readConfigMap(reader: ObjectReader, root: Fields): ConfigHints | null {
  const metadata = root.child('metadata', 'ObjectMeta')
  const data = root.labels('data')
  switch (metadata.text('name')) {
    case 'kube-proxy':
      return 'config.conf' in data
        ? { proxy: embedded(reader, data['config.conf'], 'config.conf', readProxyConfig) }
        : null
    case 'kube-flannel-cfg':
      return 'net-conf.json' in data
        ? { flannel: embedded(reader, data['net-conf.json'], 'net-conf.json', readFlannel) }
        : null
    case 'kubeadm-config':
      return 'ClusterConfiguration' in data
        ? { kubeadm: embedded(reader, data.ClusterConfiguration, 'ClusterConfiguration', readKubeadm) }
        : null
    case 'calico-config':
      return { cni: 'calico' }
    case 'cilium-config':
      return { cni: 'cilium' }
    default:
      return null
  }
}

/** Flannel's net-conf.json. */
export interface FlannelConfig {
  readonly networks: readonly Prefix[]
  readonly backend: string
}

function readFlannel(_reader: ObjectReader, root: Fields): FlannelConfig {
  const networks = ['Network', 'IPv6Network'].flatMap((key) => {
    const text = root.text(key)
    return text === '' ? [] : (root.toPrefix(text, [key]) ?? [])
  })
  return { networks, backend: root.child('Backend', 'Backend').text('Type', 'udp').toLowerCase() }
}

/** kubeadm's ClusterConfiguration. */
export interface KubeadmConfig {
  readonly podCIDRs: readonly Prefix[]
  readonly serviceCIDRs: readonly Prefix[]
  readonly dnsDomain: string
}

function readKubeadm(_reader: ObjectReader, root: Fields): KubeadmConfig {
  const networking = root.child('networking', 'Networking')
  const subnets = (key: string): Prefix[] =>
    networking
      .text(key)
      .split(',')
      .flatMap((text) => (text === '' ? [] : (networking.toPrefix(text, [key]) ?? [])))
  return {
    podCIDRs: subnets('podSubnet'),
    serviceCIDRs: subnets('serviceSubnet'),
    dnsDomain: networking.text('dnsDomain'),
  }
}

/** Reads a document that a ConfigMap carries as text; faults are reported at the key that holds it. */
function embedded<T>(
  outer: ObjectReader,
  text: string,
  key: string,
  read: (reader: ObjectReader, root: Fields) => T,
): T {
  const here = outer.raw.at(['data', key])
  let value: unknown = {}
  try {
    value = parse(text, { maxAliasCount: 100 })
  } catch (error) {
    outer.fail(['data', key], `data["${key}"] is not YAML: ${(error as Error).message.split('\n', 1)[0]}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    outer.fail(['data', key], `data["${key}"] holds no object`)
    value = {}
  }
  const inner = new ObjectReader({ value, at: () => here }, outer.problems, key, 'v1alpha1', outer.shared)
  const result = read(inner, inner.root())
  outer.faults += inner.faults
  return result
}
