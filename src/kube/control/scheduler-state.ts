import type { PodObject } from '../api/pod-object.ts'
import type { PodAffinityTerm, TopologySpreadConstraint } from '../api/scheduling.ts'
import { matches } from '../api/selector.ts'
import { matchesNode } from './node-affinity.ts'
import { type NodeInfo, wantedBy } from './node-info.ts'
import { hostPorts, type SchedulingState, type SpreadCount, type TermCount } from './scheduler-filters.ts'

/** PreFilter: counts over the cluster that the terms of this pod, and those of pods that refuse others, ask for.
 * `refusing`: the nodes that have such pods, where the caller knows them. */
export function stateOf(pod: PodObject, all: readonly NodeInfo[], refusing: Iterable<NodeInfo> = all): SchedulingState {
  const { affinity, topologySpreadConstraints, nodeSelector } = pod.spec
  const hard = topologySpreadConstraints.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule')
  const counted = {
    pod,
    affinity: (affinity?.podRequired ?? []).map((term) => countTerm(pod, term, all)),
    antiAffinity: (affinity?.antiRequired ?? []).map((term) => countTerm(pod, term, all)),
    refusedBy: refusals(pod, refusing),
    spread: hard.map((constraint) => countSpread(pod, constraint, all)),
  }
  const { affinity: near, antiAffinity, refusedBy, spread } = counted
  return {
    ...counted,
    wanted: wantedBy(pod.spec),
    hostPorts: hostPorts(pod.spec),
    selects: Object.keys(nodeSelector).length > 0 || (affinity?.nodeRequired ?? null) !== null,
    isTopological: near.length > 0 || antiAffinity.length > 0 || refusedBy.size > 0 || spread.length > 0,
  }
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

function refusals(pod: PodObject, nodes: Iterable<NodeInfo>): Set<string> {
  const found = new Set<string>()
  for (const { node, pods, withAntiAffinity } of nodes) {
    for (const uid of withAntiAffinity) {
      const other = pods.get(uid)!
      for (const term of other.spec.affinity!.antiRequired) {
        const domain = node.meta.labels[term.topologyKey]
        if (domain !== undefined && termMatches(other, term, pod)) found.add(`${term.topologyKey}=${domain}`)
      }
    }
  }
  return found
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
