import type { PodObject } from '../api/pod-object.ts'
import type { PodSpec } from '../api/pod-spec.ts'
import type { PodAffinityTerm, TopologySpreadConstraint } from '../api/scheduling.ts'
import { matches } from '../api/selector.ts'
import { matchesNode } from './node-affinity.ts'
import { type NodeInfo, requestsOf, wantedBy } from './node-info.ts'
import { hostPorts, type Needs, type SchedulingState, type SpreadCount, type TermCount } from './scheduler-filters.ts'

const needs = new WeakMap<PodSpec, Needs>()

/** Pods of a template share its spec until they are bound. */
export function needsOf(spec: PodSpec): Needs {
  const known = needs.get(spec)
  if (known !== undefined) return known
  const { affinity, nodeSelector, tolerations, topologySpreadConstraints } = spec
  const own: Needs = {
    wanted: wantedBy(spec),
    hostPorts: hostPorts(spec),
    selects: Object.keys(nodeSelector).length > 0 || (affinity?.nodeRequired ?? null) !== null,
    spread: topologySpreadConstraints.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule'),
    key: JSON.stringify([requestsOf(spec), hostPorts(spec), nodeSelector, tolerations]),
  }
  needs.set(spec, own)
  return own
}

const NONE: readonly never[] = Object.freeze([])
const NOWHERE: ReadonlySet<string> = new Set()

/** PreFilter: counts over the cluster that the terms of this pod, and those of pods that refuse others, ask for.
 * `refusing`: the nodes that have such pods, where the caller knows them. */
export function stateOf(pod: PodObject, all: readonly NodeInfo[], refusing: Iterable<NodeInfo> = all): SchedulingState {
  const own = needsOf(pod.spec)
  const { affinity } = pod.spec
  const near = affinity === null ? NONE : affinity.podRequired.map((term) => countTerm(pod, term, all))
  const far = affinity === null ? NONE : affinity.antiRequired.map((term) => countTerm(pod, term, all))
  const spread = own.spread.length === 0 ? NONE : own.spread.map((constraint) => countSpread(pod, constraint, all))
  const refusedBy = refusals(pod, refusing)
  const isTopological = near.length > 0 || far.length > 0 || refusedBy.size > 0 || spread.length > 0
  return { pod, needs: own, affinity: near, antiAffinity: far, refusedBy, spread, isTopological }
}

export function termMatches(
  owner: PodObject,
  { namespaces, labelSelector }: PodAffinityTerm,
  other: PodObject,
): boolean {
  const home =
    namespaces.length === 0 ? other.meta.namespace === owner.meta.namespace : namespaces.includes(other.meta.namespace)
  return home && matches(labelSelector, other.meta.labels)
}

export function countTerm(pod: PodObject, term: PodAffinityTerm, nodes: readonly NodeInfo[]): TermCount {
  const counts = new Map<string, number>()
  for (const { node, pods } of nodes) {
    const domain = node.meta.labels[term.topologyKey]
    if (domain === undefined) continue
    for (const other of pods.values()) {
      if (termMatches(pod, term, other)) counts.set(domain, (counts.get(domain) ?? 0) + 1)
    }
  }
  return { term, counts }
}

function refusals(pod: PodObject, nodes: Iterable<NodeInfo>): ReadonlySet<string> {
  let found: Set<string> | null = null
  for (const { node, pods, withAntiAffinity } of nodes) {
    for (const uid of withAntiAffinity) {
      const other = pods.get(uid)!
      for (const term of other.spec.affinity!.antiRequired) {
        const domain = node.meta.labels[term.topologyKey]
        if (domain !== undefined && termMatches(other, term, pod))
          (found ??= new Set()).add(`${term.topologyKey}=${domain}`)
      }
    }
  }
  return found ?? NOWHERE
}

/** Only nodes that the pod could be on make domains (nodeAffinityPolicy Honor). */
function countSpread(pod: PodObject, constraint: TopologySpreadConstraint, nodes: readonly NodeInfo[]): SpreadCount {
  const { topologyKey, maxSkew, labelSelector, minDomains } = constraint
  const counts = new Map<string, number>()
  for (const { node, pods } of nodes) {
    const domain = node.meta.labels[topologyKey]
    if (domain === undefined || !matchesNode(pod.spec, node)) continue
    let count = counts.get(domain) ?? 0
    for (const other of pods.values()) {
      if (other.meta.deletionTimestamp !== null || other.meta.namespace !== pod.meta.namespace) continue
      if (matches(labelSelector, other.meta.labels)) count++
    }
    counts.set(domain, count)
  }
  const least = counts.size < minDomains ? 0 : Math.min(...counts.values())
  return { topologyKey, maxSkew, counts, least: counts.size === 0 ? 0 : least }
}
