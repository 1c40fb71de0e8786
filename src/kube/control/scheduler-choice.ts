import type { Rng } from '../../util/rng.ts'
import type { PodObject } from '../api/pod-object.ts'
import type { Affinity } from '../api/scheduling.ts'
import type { Store } from '../api/store.ts'
import type { NodeInfo } from './node-info.ts'
import type { Columns, NodeList } from './node-list.ts'
import { refusalOf, type SchedulingState, topologyRefusal } from './scheduler-filters.ts'
import { ownScore, wishesOf } from './scheduler-scores.ts'
import { stateOf } from './scheduler-state.ts'
import { Siblings } from './siblings.ts'

/** Looks at nodes from where the last look ended, until enough are found that can take a pod, and takes the best of them. */
export class Choice {
  private next = 0

  constructor(
    private readonly store: Store,
    private readonly nodes: NodeList,
    private readonly rng: Rng,
  ) {}

  of(pod: PodObject): NodeInfo | null {
    const { all } = this.nodes
    const count = all.nodes.length
    const state = stateOf(pod, all.nodes, this.nodes.refusing)
    const siblings = new Siblings(this.store, pod, this.nodes)
    const best = new Best(this.rng)
    // What a pod wishes to be near is counted over the nodes that can take it; without such wishes each is judged as it comes.
    const { affinity } = pod.spec
    const looked =
      affinity === null ? this.rank(state, all, siblings, best) : this.judge(state, affinity, all, siblings, best)
    if (count > 0) this.next = (this.next + looked) % count
    siblings.forget()
    return best.place < 0 ? null : all.nodes[best.place]
  }

  private rank(state: SchedulingState, columns: Columns, siblings: Siblings, best: Best): number {
    const { nodes } = columns
    const enough = feasibleEnough(nodes.length)
    const ranking = columns.ranking(state.needs.key)
    const { scores } = ranking
    let at = this.next
    let looked = 0
    for (let found = 0; looked < nodes.length && found < enough; looked++, at++) {
      if (at >= nodes.length) at = 0
      const known = scores[at]
      const score = Number.isNaN(known) ? ranking.judge(state, at) : known
      if (score < 0 || (state.isTopological && topologyRefusal(state, nodes[at]) !== null)) continue
      found++
      best.take(at, Math.round(score - siblings.near(at)))
    }
    return looked
  }

  private judge(
    state: SchedulingState,
    affinity: Affinity,
    { nodes }: Columns,
    siblings: Siblings,
    best: Best,
  ): number {
    const enough = feasibleEnough(nodes.length)
    const feasible: NodeInfo[] = []
    let at = this.next
    let looked = 0
    for (; looked < nodes.length && feasible.length < enough; looked++, at++) {
      if (at >= nodes.length) at = 0
      if (refusalOf(state, nodes[at]) === null) feasible.push(nodes[at])
    }
    const wishes = wishesOf(state.pod, affinity, feasible)
    for (const info of feasible) {
      const score = ownScore(state.pod, info) + wishes(info) - siblings.near(info.place)
      best.take(info.place, Math.round(score))
    }
    return looked
  }
}

/** selectHost: the highest score in whole points; of equals one is drawn. */
class Best {
  /** -1: no node yet. */
  place = -1
  private most = -1000
  private equals = 0

  constructor(private readonly rng: Rng) {}

  take(place: number, points: number): void {
    if (points > this.most) {
      this.most = points
      this.place = place
      this.equals = 1
    } else if (points === this.most && this.rng.below(++this.equals) === 0) this.place = place
  }
}

/** numFeasibleNodesToFind: in large clusters looking stops at a share of the nodes, 50 % less one for every 125 of them. */
function feasibleEnough(nodes: number): number {
  if (nodes < 100) return nodes
  const share = Math.max(5, 50 - Math.floor(nodes / 125))
  return Math.max(100, Math.floor((nodes * share) / 100))
}
