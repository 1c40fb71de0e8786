import type { NodeInfo } from './node-info.ts'
import { refusalOf, type SchedulingState } from './scheduler-filters.ts'
import { ownScore } from './scheduler-scores.ts'

/** No node scores below 0 by itself. */
const REFUSED = -1

/**
 * Whether and how well each node by itself suits the pods that ask for the same. It is kept from one pod to the next: hundreds
 * of nodes are looked at for each pod, and what is on a node changes with few of them.
 */
export class Ranking {
  /** NaN: not known. Below 0: the node cannot take the pod, whatever there is on others. */
  readonly scores: Float64Array

  constructor(private readonly nodes: readonly NodeInfo[]) {
    this.scores = new Float64Array(nodes.length).fill(Number.NaN)
  }

  judge(state: SchedulingState, place: number): number {
    const info = this.nodes[place]
    const refused = refusalOf(state.isTopological ? { ...state, isTopological: false } : state, info) !== null
    this.scores[place] = refused ? REFUSED : ownScore(state.pod, info)
    return this.scores[place]
  }

  forget(place: number): void {
    this.scores[place] = Number.NaN
  }
}
