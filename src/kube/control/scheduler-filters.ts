import type { NodeObject } from '../api/cluster-objects.ts'
import type { PodObject } from '../api/pod-object.ts'
import { allContainers, type PodSpec } from '../api/pod-spec.ts'
import { type PodAffinityTerm, type TopologySpreadConstraint, untolerated } from '../api/scheduling.ts'
import { matches } from '../api/selector.ts'
import { matchesNode } from './node-affinity.ts'
import type { NodeInfo, Wanted } from './node-info.ts'

/** Why a node cannot take a pod. `fixable`: it could if pods of lower priority went. */
export interface Refusal {
  readonly reason: string
  readonly fixable: boolean
}

/** What a pod asks of a node by its spec alone. */
export interface Needs {
  readonly wanted: Wanted
  readonly hostPorts: readonly string[]
  /** Whether it has a word on which nodes. */
  readonly selects: boolean
  /** What it asks of the spread over the cluster, of the constraints that must hold. */
  readonly spread: readonly TopologySpreadConstraint[]
  /** Equal for pods without affinity that every node by itself takes or refuses, and likes, alike. */
  readonly key: string
}

/** What filters need to know of the cluster beyond one node; made once for each pod. */
export interface SchedulingState {
  readonly pod: PodObject
  readonly needs: Needs
  /** Pods that match a term, by the value of its topology key on their node. */
  readonly affinity: readonly TermCount[]
  readonly antiAffinity: readonly TermCount[]
  /** Domains (`key=value`) where a running pod refuses this one. */
  readonly refusedBy: ReadonlySet<string>
  readonly spread: readonly SpreadCount[]
  /** Whether the pod, or one that runs, has a word on beside whom. */
  readonly isTopological: boolean
}

export interface TermCount {
  readonly term: PodAffinityTerm
  readonly counts: ReadonlyMap<string, number>
}

export interface SpreadCount {
  readonly topologyKey: string
  readonly maxSkew: number
  readonly counts: ReadonlyMap<string, number>
  readonly least: number
}

const fixed = (reason: string): Refusal => ({ reason, fixable: false })
const fixable = (reason: string): Refusal => ({ reason, fixable: true })

/** The filter plugins in the order kube-scheduler runs them; messages are theirs. */
export function refusalOf(state: SchedulingState, info: NodeInfo): Refusal | null {
  const { spec } = state.pod
  const { selects, hostPorts, wanted } = state.needs
  const { node } = info
  if (!info.isOpen) {
    const refused = taintRefusal(spec, node)
    if (refused !== null) return refused
  }
  if (selects && !matchesNode(spec, node)) return fixed("node(s) didn't match Pod's node affinity/selector")
  if (hostPorts.length > 0 && portsClash(hostPorts, info))
    return fixable("node(s) didn't have free ports for the requested pod ports")
  const lacking = info.lacks(wanted)
  if (lacking === 'pods') return fixable('Too many pods')
  if (lacking !== null) return fixable(`Insufficient ${lacking}`)
  return state.isTopological ? topologyRefusal(state, info) : null
}

function taintRefusal(spec: PodSpec, node: NodeObject): Refusal | null {
  if (node.spec.unschedulable && untolerated([UNSCHEDULABLE], spec.tolerations, ['NoSchedule']) !== null) {
    return fixed('node(s) were unschedulable')
  }
  const taint = untolerated(node.spec.taints, spec.tolerations, ['NoSchedule', 'NoExecute'])
  return taint === null ? null : fixed('node(s) had untolerated taint(s)')
}

const UNSCHEDULABLE = { key: 'node.kubernetes.io/unschedulable', value: '', effect: 'NoSchedule' } as const

/** The filters that look beyond the node. */
export function topologyRefusal(state: SchedulingState, info: NodeInfo): Refusal | null {
  const { labels } = info.node.meta
  for (const { topologyKey, maxSkew, counts, least } of state.spread) {
    const domain = labels[topologyKey]
    if (domain === undefined)
      return fixed("node(s) didn't match pod topology spread constraints (missing required label)")
    if ((counts.get(domain) ?? 0) + 1 - least > maxSkew)
      return fixable("node(s) didn't match pod topology spread constraints")
  }
  const met = state.affinity.every(({ term, counts }) => {
    const domain = labels[term.topologyKey]
    return domain !== undefined && ((counts.get(domain) ?? 0) > 0 || isFirstOfItsKind(state, counts, term))
  })
  if (!met) return fixed("node(s) didn't match pod affinity rules")
  for (const { term, counts } of state.antiAffinity) {
    const domain = labels[term.topologyKey]
    if (domain !== undefined && (counts.get(domain) ?? 0) > 0)
      return fixable("node(s) didn't match pod anti-affinity rules")
  }
  for (const pair of state.refusedBy) {
    const equals = pair.indexOf('=')
    if (labels[pair.slice(0, equals)] === pair.slice(equals + 1)) {
      return fixable("node(s) didn't satisfy existing pods anti-affinity rules")
    }
  }
  return null
}

/** A pod that asks to be beside its like may be the first of them. */
function isFirstOfItsKind(
  { pod, affinity }: SchedulingState,
  counts: ReadonlyMap<string, number>,
  term: PodAffinityTerm,
): boolean {
  return (
    counts.size === 0 &&
    affinity.every(({ counts: all }) => all.size === 0) &&
    matches(term.labelSelector, pod.meta.labels)
  )
}

function portsClash(wanted: readonly string[], info: NodeInfo): boolean {
  for (const pod of info.pods.values()) for (const port of hostPorts(pod.spec)) if (wanted.includes(port)) return true
  return false
}

const ports = new WeakMap<PodSpec['containers'], readonly string[]>()

/** On the host network every container port is a host port. */
export function hostPorts(spec: PodSpec): readonly string[] {
  const known = ports.get(spec.containers)
  if (known !== undefined) return known
  const found = allContainers(spec).flatMap((container) =>
    container.ports.flatMap(({ port, hostPort, protocol }) => {
      const own = spec.hostNetwork ? port : hostPort
      return own === 0 ? [] : [`${own}/${protocol}`]
    }),
  )
  ports.set(spec.containers, found)
  return found
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.`: FitError's text, reasons sorted. */
export function unschedulableMessage(refusals: readonly Refusal[], nodes: number, preempts: boolean): string {
  if (nodes === 0) return 'no nodes available to schedule pods'
  const head = `0/${nodes} nodes are available: ${histogram(refusals.map(({ reason }) => reason))}.`
  if (!preempts) return `${head} preemption: not eligible due to preemptionPolicy=Never.`
  const why = refusals.map(({ fixable: hope }) =>
    hope ? 'No preemption victims found for incoming pod' : 'Preemption is not helpful for scheduling',
  )
  return `${head} preemption: 0/${nodes} nodes are available: ${histogram(why)}.`
}

function histogram(reasons: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ')
}
