import { NO_LABELS, nameOf } from '../kube/api/meta.ts'
import type { Node } from '../kube/api/node.ts'
import { isLive, type Pod } from '../kube/api/pod.ts'
import { NODE_MASK, NodeIpam } from '../kube/node/node-ipam.ts'
import { type Address, familyOf, formatAddress, isV4 } from '../util/address.ts'
import { type Diagnostic, InputError } from '../util/diagnostics.ts'
import { formatPrefix, inPrefix, networkOf, type Prefix, prefix } from '../util/prefix.ts'
import { type DataPath, dataPathOf } from './data-path.ts'
import { type Lan, planLan } from './lan.ts'
import type { Inventory } from './load/inventory.ts'
import type { ClusterSettings } from './load/scenario-schema.ts'
import { say } from './sentences.ts'

export interface NodePlan {
  readonly name: string
  readonly record: Node
  /** On the nodes' network; one a family. */
  readonly addresses: readonly Address[]
  /** One a family. */
  readonly podCIDRs: readonly Prefix[]
  /** In the order they were given; those that wait for an address after those that have one. */
  readonly pods: Pod[]
}

/** Everything decided before a single device is made. */
export interface ClusterPlan {
  readonly path: DataPath
  readonly settings: ClusterSettings
  readonly lan: Lan
  /** Grows when a node joins. */
  readonly nodes: Map<string, NodePlan>
  /** Pods with an address outside their node's range, from a foreign IPAM. */
  readonly foreign: readonly { readonly node: string; readonly address: Address }[]
  readonly assumed: readonly string[]
  readonly unmodelled: readonly string[]
  readonly diagnostics: readonly Diagnostic[]
}

/** The lab of podwire's own: kubeadm on three machines. */
const DEFAULT_NODES = ['control-plane', 'node-1', 'node-2']

/** `named`: all pods that may name nodes, those too that the control plane is yet to make. */
export function planCluster(
  inventory: Inventory,
  settings: ClusterSettings,
  named: readonly Pod[] = inventory.pods,
): ClusterPlan {
  const found = dataPathOf(inventory, settings)
  const assumed = [...found.assumed]
  const diagnostics: Diagnostic[] = []
  const records = allNodes({ ...inventory, pods: named }, assumed, diagnostics)
  const lan = planLan(records, settings, found, assumed)
  const nodes = planNodes(records, lan, found, assumed)
  const path = found.podCIDRsAssumed ? { ...found, podCIDRs: coverOf(nodes, found.podCIDRs) } : found
  placePods(inventory.pods, nodes, assumed)
  const foreign = foreignAddresses(nodes, assumed, diagnostics)
  checkClusterIPs(inventory, settings, path, diagnostics)
  const meshed = inventory.pods.filter((pod) => isMeshed(pod)).length
  const unmodelled = [...path.unmodelled, ...(meshed > 0 ? [say.mesh(meshed)] : [])]
  return { path, settings, lan, nodes, foreign, assumed, unmodelled, diagnostics }
}

/** The nodes given, those that pods name besides, and the default three when there is no Node at all. */
function allNodes({ nodes, pods }: Inventory, assumed: string[], diagnostics: Diagnostic[]): Node[] {
  const own = nodes.length === 0 ? DEFAULT_NODES.map(defaultNode) : [...nodes]
  const known = new Set(own.map((node) => node.meta.name))
  const named = new Map<string, Pod>()
  for (const pod of pods) if (pod.node !== '' && !known.has(pod.node) && !named.has(pod.node)) named.set(pod.node, pod)
  if (named.size === 0) return own
  const names = [...named.keys()]
  assumed.push(say.inferredNodes(names.slice(0, 3), names.length))
  const [first] = named.values()
  diagnostics.push({
    severity: 'warning',
    at: first.meta.at,
    message: say.inferredNodes(names.slice(0, 3), names.length),
  })
  // Pods of a dump that name nodes are on those nodes alone; the default ones would only be in the way.
  const base = nodes.length === 0 && pods.some((pod) => pod.addresses.length > 0) ? [] : own
  return [...base, ...inferFrom(pods, names)]
}

/** What pods tell of nodes that nobody described: `status.hostIP`, and the range that a node's pods alone are in. */
function inferFrom(pods: readonly Pod[], names: readonly string[]): Node[] {
  const own = new Map(names.map((name) => [name, [] as Pod[]]))
  const owners = new Map<string, string>()
  for (const pod of pods) {
    own.get(pod.node)?.push(pod)
    for (const range of rangesAround(pod)) {
      const known = owners.get(range)
      owners.set(range, known === undefined || known === pod.node ? pod.node : '')
    }
  }
  return names.map((name): Node => {
    const mine = own.get(name)!
    const ranges = new Set(mine.flatMap(rangesAround))
    const perFamily = ([4, 6] as const).map((family) =>
      [...ranges].filter((text) => text.includes(':') === (family === 6)),
    )
    const whole =
      perFamily.every((list) => list.length <= 1) && [...ranges].every((range) => owners.get(range) === name)
    const host = mine.find((pod) => pod.hostAddress !== null)?.hostAddress ?? null
    return {
      ...inferredNode(name),
      addresses: host === null ? [] : [host],
      podCIDRs: whole ? [...ranges].map(prefix) : [],
    }
  })
}

/** The ranges of the usual size that hold a pod's addresses, as text. */
function rangesAround(pod: Pod): string[] {
  if (pod.hostNetwork || !isLive(pod)) return []
  return pod.addresses.map((address) => formatPrefix(around(address, NODE_MASK[familyOf(address)])))
}

/** Shorter prefixes than these hold more than anybody's pods. */
const WIDEST = { 4: 8, 6: 32 } as const

/** The smallest ranges that hold the nodes' own, where the usual one does not: the cluster CIDR that nobody named. */
function coverOf(nodes: ReadonlyMap<string, NodePlan>, usual: readonly Prefix[]): readonly Prefix[] {
  const ranges = [...nodes.values()].flatMap((node) => node.podCIDRs)
  if (ranges.every((range) => usual.some((whole) => inPrefix(range.address, whole)))) return usual
  const covers = ([4, 6] as const).flatMap((family) => {
    const own = ranges.filter((range) => familyOf(range.address) === family)
    if (own.length === 0) return []
    const holds = (length: number): boolean =>
      own.every((range) => inPrefix(range.address, around(own[0].address, length)))
    let length = Math.min(...own.map((range) => range.length))
    while (!holds(length)) length--
    return length < WIDEST[family] ? [] : [around(own[0].address, length)]
  })
  return covers.length > 0 ? covers : usual
}

const around = (address: Address, length: number): Prefix => ({ address: networkOf(address, length), length })

function planNodes(records: readonly Node[], lan: Lan, path: DataPath, assumed: string[]): Map<string, NodePlan> {
  const ipam = new NodeIpam(path.podCIDRs)
  const lacking = records.filter((node) => node.podCIDRs.length === 0)
  for (const node of records) ipam.occupy(node.podCIDRs)
  if (lacking.some((node) => !isOwn(node))) assumed.push(say.inferredRanges(lacking.length))
  const plans = records.map((record): NodePlan => {
    const podCIDRs = record.podCIDRs.length > 0 ? record.podCIDRs : ipam.allocate()
    if (typeof podCIDRs === 'string') throw problem(record, podCIDRs)
    return { name: record.meta.name, record, addresses: lan.addresses.get(record.meta.name)!, podCIDRs, pods: [] }
  })
  return new Map(plans.map((plan) => [plan.name, plan]))
}

const problem = (node: Node, message: string): InputError =>
  new InputError([{ severity: 'error', at: node.meta.at, message: `Node ${node.meta.name}: ${message}` }])

/** Pods that name no node: a dump's are unscheduled and stay so; a manifest's go to the worker with the fewest pods. */
function placePods(pods: readonly Pod[], nodes: ReadonlyMap<string, NodePlan>, assumed: string[]): void {
  const waiting: Pod[] = []
  for (const pod of pods) {
    if (!isLive(pod)) continue
    if (pod.node !== '') nodes.get(pod.node)?.pods.push(pod)
    else if (pod.phase === 'Running') waiting.push(pod)
  }
  if (waiting.length === 0) return
  const all = [...nodes.values()]
  const workers = all.filter(({ record }) => !record.unschedulable && !record.controlPlane)
  const able = workers.length > 0 ? workers : all
  assumed.push(say.spread(waiting.length))
  for (const pod of waiting) {
    const target = able.reduce((least, node) => (node.pods.length < least.pods.length ? node : least))
    target.pods.push({ ...pod, node: target.name })
  }
}

function foreignAddresses(
  nodes: ReadonlyMap<string, NodePlan>,
  assumed: string[],
  diagnostics: Diagnostic[],
): ClusterPlan['foreign'] {
  const foreign: { node: string; address: Address }[] = []
  let example = ''
  for (const { name, podCIDRs, pods } of nodes.values()) {
    for (const pod of pods) {
      if (pod.hostNetwork) continue
      for (const address of pod.addresses) {
        if (podCIDRs.some((range) => inPrefix(address, range))) continue
        if (example === '') example = `${nameOf(pod.meta)} ${formatAddress(address)}`
        foreign.push({ node: name, address })
      }
    }
  }
  if (foreign.length === 0) return foreign
  assumed.push(say.foreign(foreign.length, example))
  diagnostics.push({ severity: 'warning', at: null, message: say.foreign(foreign.length, example) })
  return foreign
}

const isMeshed = (pod: Pod): boolean =>
  'security.istio.io/tlsMode' in pod.meta.labels || 'linkerd.io/control-plane-ns' in pod.meta.labels

/** One of the default cluster's own nodes, about which nothing has to be assumed. */
const isOwn = (node: Node): boolean => node.meta.at === null && !node.inferred

const defaultNode = (name: string): Node => bareNode(name, false, name === 'control-plane')
export const inferredNode = (name: string): Node => bareNode(name, true, false)

const bareNode = (name: string, inferred: boolean, controlPlane: boolean): Node => ({
  meta: { namespace: '', name, labels: NO_LABELS, annotations: NO_LABELS, at: null },
  addresses: [],
  externalAddresses: [],
  podCIDRs: [],
  ready: true,
  unschedulable: false,
  controlPlane,
  zone: '',
  provider: '',
  inferred,
})

/** The address of a family, if there is one. */
export const ofFamily = (addresses: readonly Address[], family: 4 | 6): Address | null =>
  addresses.find((address) => familyOf(address) === family) ?? null

export const isDualStack = (path: DataPath): boolean =>
  path.podCIDRs.some((p) => isV4(p.address)) && path.podCIDRs.some((p) => !isV4(p.address))

/** Only where the range was given: a dump seldom says it. */
function checkClusterIPs(
  { services, hints }: Inventory,
  settings: ClusterSettings,
  { serviceCIDRs }: DataPath,
  diagnostics: Diagnostic[],
): void {
  if (settings.serviceCIDR === undefined && (hints.kubeadm?.serviceCIDRs ?? []).length === 0) return
  for (const { meta, clusterIPs } of services) {
    const outside = clusterIPs.find((address) => !serviceCIDRs.some((range) => inPrefix(address, range)))
    if (outside === undefined) continue
    const message = say.outsideRange(nameOf(meta), formatAddress(outside), serviceCIDRs.map(formatPrefix).join(', '))
    diagnostics.push({ severity: 'warning', at: meta.at, message })
  }
}
