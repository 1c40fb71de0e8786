import { controllerOf } from '../api/object.ts'
import type { PodObject } from '../api/pod-object.ts'
import { untolerated } from '../api/scheduling.ts'
import type { Store } from '../api/store.ts'
import { matchesTerm } from './node-affinity.ts'
import { type NodeInfo, requestsOf } from './node-info.ts'
import { countTerm } from './scheduler-state.ts'

const ZONE = 'topology.kubernetes.io/zone'

/** What scoring counts once for each pod: where its siblings are. */
export interface Siblings {
  readonly onNode: ReadonlyMap<string, number>
  readonly inZone: ReadonlyMap<string, number>
  readonly total: number
}

/** The default topology spread (by host and by zone) goes by the pods of the same controller. */
export function siblingsOf(store: Store, pod: PodObject, nodes: ReadonlyMap<string, NodeInfo>): Siblings {
  const onNode = new Map<string, number>()
  const inZone = new Map<string, number>()
  const owner = controllerOf(pod.meta)
  let total = 0
  for (const other of owner === null ? [] : store.index.dependentsOf(owner.uid)) {
    if (other.kind !== 'Pod' || other.spec.nodeName === '' || other.meta.deletionTimestamp !== null) continue
    const zone = nodes.get(other.spec.nodeName)?.node.meta.labels[ZONE]
    onNode.set(other.spec.nodeName, (onNode.get(other.spec.nodeName) ?? 0) + 1)
    if (zone !== undefined) inZone.set(zone, (inZone.get(zone) ?? 0) + 1)
    total++
  }
  return { onNode, inZone, total }
}

/**
 * How well a node suits, 0 to about 900: the weights of the default plugins (TaintToleration 3, NodeAffinity 2,
 * PodTopologySpread 2, InterPodAffinity 2, NodeResourcesFit and BalancedAllocation 1). Each is linear in what the plugin
 * counts; the plugins' own normalisation over all nodes is not repeated, so ties may fall differently.
 */
export function scorer(pod: PodObject, siblings: Siblings, nodes: readonly NodeInfo[]): (info: NodeInfo) => number {
  const { affinity, tolerations } = pod.spec
  const wanted = requestsOf(pod.spec)
  const preferred = affinity?.nodePreferred ?? []
  const near = (affinity?.podPreferred ?? []).map(({ weight, term }) => ({ weight, ...countTerm(pod, term, nodes) }))
  const far = (affinity?.antiPreferred ?? []).map(({ weight, term }) => ({
    weight: -weight,
    ...countTerm(pod, term, nodes),
  }))
  const terms = [...near, ...far]
  return (info) => {
    const { node } = info
    let score = resourceFit(info, wanted)
    if (untolerated(node.spec.taints, tolerations, ['PreferNoSchedule']) === null) score += 300
    for (const { weight, term } of preferred) if (matchesTerm(term, node)) score += 2 * weight
    for (const { weight, term, counts } of terms) {
      const domain = node.meta.labels[term.topologyKey]
      if (domain !== undefined && (counts.get(domain) ?? 0) > 0) score += 2 * weight
    }
    if (siblings.total === 0) return score
    const here = siblings.onNode.get(node.meta.name) ?? 0
    const zone = siblings.inZone.get(node.meta.labels[ZONE] ?? '') ?? 0
    return score - (150 * here + 50 * zone) / siblings.total
  }
}

/** LeastAllocated and BalancedAllocation over cpu and memory, with the scheduler's stand-ins for pods that ask for none. */
function resourceFit({ node, used, pods }: NodeInfo, wanted: Readonly<Record<string, number>>): number {
  const { allocatable } = node.status
  const share = (name: string, standIn: number): number => {
    const all = allocatable[name] ?? 0
    if (all === 0) return 1
    const own = wanted[name] ?? standIn
    return Math.min(1, ((used[name] ?? 0) + own + (used[name] === undefined ? pods.size * standIn : 0)) / all)
  }
  const cpu = share('cpu', 100)
  const memory = share('memory', 200 * 1024 * 1024)
  return 100 * (1 - (cpu + memory) / 2) + 100 * (1 - Math.abs(cpu - memory) / 2)
}
