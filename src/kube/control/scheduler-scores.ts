import { controllerOf } from '../api/object.ts'
import type { PodObject } from '../api/pod-object.ts'
import { type Affinity, type PodAffinityTerm, untolerated } from '../api/scheduling.ts'
import type { Store } from '../api/store.ts'
import { matchesTerm } from './node-affinity.ts'
import { CPU, MEMORY, type NodeInfo, requestsOf } from './node-info.ts'
import { countTerm } from './scheduler-state.ts'

const ZONE = 'topology.kubernetes.io/zone'

/** What scoring counts once for each pod: where its siblings are. Their number on a node is the node's own `siblings`. */
export interface Siblings {
  readonly nodes: readonly NodeInfo[]
  readonly inZone: ReadonlyMap<string, number>
  readonly total: number
}

const NO_ZONES: ReadonlyMap<string, number> = new Map()

/** The default topology spread (by host and by zone) goes by the pods of the same controller. */
export function siblingsOf(store: Store, pod: PodObject, nodes: ReadonlyMap<string, NodeInfo>): Siblings {
  const touched: NodeInfo[] = []
  const owner = controllerOf(pod.meta)
  let inZone: Map<string, number> | null = null
  let total = 0
  for (const other of owner === null ? [] : store.index.dependentsOf(owner.uid)) {
    if (other.kind !== 'Pod' || other.spec.nodeName === '' || other.meta.deletionTimestamp !== null) continue
    total++
    const info = nodes.get(other.spec.nodeName)
    if (info === undefined) continue
    if (info.siblings++ === 0) touched.push(info)
    const zone = info.node.meta.labels[ZONE]
    if (zone === undefined) continue
    inZone ??= new Map()
    inZone.set(zone, (inZone.get(zone) ?? 0) + 1)
  }
  return { nodes: touched, inZone: inZone ?? NO_ZONES, total }
}

/** After the choice: the count is of one pod's. */
export function forgetSiblings({ nodes }: Siblings): void {
  for (const info of nodes) info.siblings = 0
}

/**
 * How well a node suits, 0 to about 900: the weights of the default plugins (TaintToleration 3, NodeAffinity 2,
 * PodTopologySpread 2, InterPodAffinity 2, NodeResourcesFit and BalancedAllocation 1). Each is linear in what the plugin
 * counts; the plugins' own normalisation over all nodes is not repeated, so ties may fall differently.
 */
export class Scorer {
  private readonly cpu: number
  private readonly memory: number
  private readonly wishes: ((info: NodeInfo) => number) | null
  private readonly zoned: boolean

  constructor(
    private readonly pod: PodObject,
    private readonly siblings: Siblings,
    nodes: readonly NodeInfo[],
  ) {
    const wanted = requestsOf(pod.spec)
    this.cpu = wanted.cpu ?? CPU
    this.memory = wanted.memory ?? MEMORY
    this.wishes = pod.spec.affinity === null ? null : wishesOf(pod, pod.spec.affinity, nodes)
    this.zoned = siblings.inZone.size > 0
  }

  of(info: NodeInfo): number {
    let score = info.fit(this.cpu, this.memory)
    if (info.isOpen || isPreferred(this.pod, info)) score += 300
    if (this.wishes !== null) score += this.wishes(info)
    const { total } = this.siblings
    if (total === 0) return score
    const zone = this.zoned ? (this.siblings.inZone.get(info.node.meta.labels[ZONE] ?? '') ?? 0) : 0
    return score - (150 * info.siblings + 50 * zone) / total
  }
}

const isPreferred = ({ spec }: PodObject, { node }: NodeInfo): boolean =>
  untolerated(node.spec.taints, spec.tolerations, ['PreferNoSchedule']) === null

/** Preferred node affinity, and being near or far from other pods. */
function wishesOf(pod: PodObject, affinity: Affinity, nodes: readonly NodeInfo[]): (info: NodeInfo) => number {
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
