import type { PodObject } from '../api/pod-object.ts'
import { type Affinity, type PodAffinityTerm, untolerated } from '../api/scheduling.ts'
import { matchesTerm } from './node-affinity.ts'
import { CPU, MEMORY, type NodeInfo, requestsOf } from './node-info.ts'
import { countTerm } from './scheduler-state.ts'

/*
 * How well a node suits, 0 to about 900: the weights of the default plugins (TaintToleration 3, NodeAffinity 2,
 * PodTopologySpread 2, InterPodAffinity 2, NodeResourcesFit and BalancedAllocation 1). Each is linear in what the plugin
 * counts; the plugins' own normalisation over all nodes is not repeated, so ties may fall differently.
 */

/** What the node by itself is worth to a pod. */
export function ownScore(pod: PodObject, info: NodeInfo): number {
  const { cpu = CPU, memory = MEMORY } = requestsOf(pod.spec)
  return info.fit(cpu, memory) + (info.isOpen || isPreferred(pod, info) ? 300 : 0)
}

const isPreferred = ({ spec }: PodObject, { node }: NodeInfo): boolean =>
  untolerated(node.spec.taints, spec.tolerations, ['PreferNoSchedule']) === null

/** Preferred node affinity, and being near or far from other pods. */
export function wishesOf(pod: PodObject, affinity: Affinity, nodes: readonly NodeInfo[]): (info: NodeInfo) => number {
  const counted = (term: PodAffinityTerm, weight: number) => ({ weight, ...countTerm(pod, term, nodes) })
  const terms = [
    ...affinity.podPreferred.map(({ weight, term }) => counted(term, weight)),
    ...affinity.antiPreferred.map(({ weight, term }) => counted(term, -weight)),
  ]
  return ({ node }) => {
    let sum = 0
    for (const { weight, term } of affinity.nodePreferred) if (matchesTerm(term, node)) sum += 2 * weight
    for (const { weight, term, counts } of terms) {
      const domain = node.meta.labels[term.topologyKey]
      if (domain !== undefined && (counts.get(domain) ?? 0) > 0) sum += 2 * weight
    }
    return sum
  }
}
