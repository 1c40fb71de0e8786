import type { ProxyMode } from '../kube/api/proxy-config.ts'
import { formatPrefix, type Prefix, parsePrefix } from '../util/prefix.ts'
import type { Inventory, SkippedKind } from './load/inventory.ts'
import type { ClusterSettings } from './load/scenario-schema.ts'
import { say } from './sentences.ts'

/** How packets between pods of different nodes travel. */
export type Overlay = 'vxlan' | 'host-gw'

/** What carries packets in the emulated cluster, and what was assumed to get there. */
export interface DataPath {
  readonly overlay: Overlay
  /** Who was found to run it: `flannel`, `GKE`, …; `flannel` where nothing was found. */
  readonly plugin: string
  readonly proxyMode: ProxyMode
  readonly podCIDRs: readonly Prefix[]
  /** The input says nothing of the pods' whole range: it is to be taken from the nodes' own. */
  readonly podCIDRsAssumed: boolean
  readonly serviceCIDRs: readonly Prefix[]
  readonly dnsDomain: string
  /** MTU of the nodes' network, and of pods. */
  readonly mtu: number
  readonly podMTU: number
  readonly assumed: readonly string[]
  readonly unmodelled: readonly string[]
}

const VXLAN_OVERHEAD = { 4: 50, 6: 70 } as const
const DEFAULT_PODS = '10.244.0.0/16'
const DEFAULT_SERVICES = '10.96.0.0/12'

/** Settings win over what the input gives away, and that over the defaults; what had to be guessed is said. */
export function dataPathOf(inventory: Inventory, settings: ClusterSettings): DataPath {
  const found =
    settings.overlay === undefined ? detect(inventory) : { plugin: 'flannel', overlay: settings.overlay, assumed: [] }
  const { hints } = inventory
  const mtu = settings.mtu ?? 1500
  const podCIDRs =
    prefixesOf(settings.podCIDR) ??
    firstGiven(hints.flannel?.networks, hints.kubeadm?.podCIDRs, hints.proxy?.clusterCIDRs)
  return {
    overlay: found.overlay,
    plugin: found.plugin,
    proxyMode: settings.proxyMode ?? hints.proxy?.mode ?? 'iptables',
    podCIDRs: podCIDRs ?? prefixesOf(DEFAULT_PODS)!,
    podCIDRsAssumed: podCIDRs === null,
    serviceCIDRs:
      prefixesOf(settings.serviceCIDR) ?? firstGiven(hints.kubeadm?.serviceCIDRs) ?? prefixesOf(DEFAULT_SERVICES)!,
    dnsDomain: settings.dnsDomain ?? (hints.kubeadm?.dnsDomain || 'cluster.local'),
    mtu,
    podMTU: settings.podMTU ?? (found.overlay === 'vxlan' ? mtu - VXLAN_OVERHEAD[4] : mtu),
    assumed: found.assumed,
    unmodelled: unmodelledKinds(inventory.skipped),
  }
}

interface Found {
  readonly plugin: string
  readonly overlay: Overlay
  readonly assumed: readonly string[]
}

/** Evidence in the order of its weight: what flannel says of itself, then which plugin's agents run, then the cloud. */
function detect(inventory: Inventory): Found {
  return flannelOf(inventory) ?? pluginOf(inventory) ?? cloudOf(inventory) ?? defaultOf(inventory)
}

function flannelOf({ nodes, hints }: Inventory): Found | null {
  const annotated = nodes.map((node) => node.meta.annotations['flannel.alpha.coreos.com/backend-type']).find(Boolean)
  const backend = annotated ?? hints.flannel?.backend
  if (backend === undefined) return null
  if (backend === 'vxlan' || backend === 'host-gw') return { plugin: 'flannel', overlay: backend, assumed: [] }
  return { plugin: 'flannel', overlay: 'vxlan', assumed: [say.backend(backend)] }
}

/** Node agents by their usual label values (`k8s-app` or `app`), and what stands in for them here. */
const AGENTS: readonly (readonly [label: string, plugin: string, overlay: Overlay])[] = [
  ['calico-node', 'Calico', 'vxlan'],
  ['canal', 'Canal', 'vxlan'],
  ['cilium', 'Cilium', 'vxlan'],
  ['kube-router', 'kube-router', 'host-gw'],
  ['kindnet', 'kindnet', 'host-gw'],
  ['weave-net', 'Weave Net', 'vxlan'],
  ['aws-node', 'Amazon VPC CNI', 'host-gw'],
  ['azure-cns', 'Azure CNI', 'host-gw'],
  ['antrea', 'Antrea', 'vxlan'],
  ['ovnkube-node', 'OVN-Kubernetes', 'vxlan'],
]

function pluginOf({ nodes, pods, hints }: Inventory): Found | null {
  const seen = new Set<string>()
  for (const { meta, hostNetwork } of pods) if (hostNetwork) seen.add(meta.labels['k8s-app'] ?? meta.labels.app ?? '')
  const agent = AGENTS.find(([label]) => seen.has(label) || hints.cni === label.replace('-node', ''))
  if (agent !== undefined) return standIn(agent[1], agent[2])
  const calico = nodes.map((node) => node.meta.annotations).find((a) => 'projectcalico.org/IPv4Address' in a)
  if (calico === undefined)
    return seen.has('flannel') ? { plugin: 'flannel', overlay: 'vxlan', assumed: [say.flannelBackend] } : null
  const tunnel = Object.keys(calico).some((key) => key.endsWith('TunnelAddr'))
  return standIn('Calico', tunnel ? 'vxlan' : 'host-gw')
}

/** The pods' own ranges routed by the cloud's network: no tunnel on the nodes (kubenet, GKE without Dataplane V2). */
function cloudOf({ nodes }: Inventory): Found | null {
  const gke = nodes.find((node) => node.provider === 'gce' && node.podCIDRs.length > 0)
  if (gke !== undefined) return { plugin: 'GKE', overlay: 'host-gw', assumed: [say.gke] }
  const kind = nodes.some((node) => node.provider === 'kind')
  return kind ? standIn('kindnet', 'host-gw') : null
}

/** Without nodes in the input the cluster is podwire's own, and nothing was assumed about anybody's. */
const defaultOf = ({ nodes, pods }: Inventory): Found => ({
  plugin: 'flannel',
  overlay: 'vxlan',
  assumed: nodes.length > 0 || pods.some((pod) => pod.addresses.length > 0) ? [say.noPlugin] : [],
})

const standIn = (plugin: string, overlay: Overlay): Found => ({
  plugin,
  overlay,
  assumed: [say.standIn(plugin, overlay)],
})

function unmodelledKinds(skipped: readonly SkippedKind[]): string[] {
  return skipped
    .filter((entry) => entry.changesVerdicts)
    .map(({ kind, count, names }) => say.unmodelledKind(kind, count, count <= names.length ? names : names.slice(0, 2)))
}

function prefixesOf(text: string | undefined): readonly Prefix[] | null {
  return text === undefined ? null : text.split(',').map((part) => parsePrefix(part.trim())!)
}

const firstGiven = (...lists: (readonly Prefix[] | undefined)[]): readonly Prefix[] | null =>
  lists.find((list) => list !== undefined && list.length > 0) ?? null

/** `10.244.0.0/16, fd00:10:244::/56`. */
export const formatPrefixes = (prefixes: readonly Prefix[]): string => prefixes.map(formatPrefix).join(', ')
