import type { NodeObject } from '../api/cluster-objects.ts'
import { NodeInfo } from './node-info.ts'
import { Ranking } from './scheduler-ranking.ts'

const ZONE = 'topology.kubernetes.io/zone'
/** Kinds of pods, by what they ask for, whose rankings are kept. */
const KEPT = 8

/**
 * The nodes as the scheduler sees them, each at a place of its own, and what it asks of hundreds of them for each pod as
 * columns over those places.
 */
export class NodeList {
  private readonly byName = new Map<string, NodeInfo>()
  private columns: Columns | null = null
  /** Nodes with pods that refuse others beside them. */
  readonly refusing = new Set<NodeInfo>()

  get size(): number {
    return this.byName.size
  }

  get(name: string): NodeInfo | null {
    return this.byName.get(name) ?? null
  }

  add(node: NodeObject): NodeInfo {
    const info = new NodeInfo(node, (changed) => this.changed(changed))
    this.byName.set(node.meta.name, info)
    this.columns = null
    return info
  }

  delete(name: string): void {
    const info = this.get(name)
    if (info === null) return
    this.byName.delete(name)
    this.refusing.delete(info)
    this.columns = null
  }

  /** The order in which they came; made anew when one came or went. */
  get all(): Columns {
    this.columns ??= new Columns([...this.byName.values()])
    return this.columns
  }

  private changed(info: NodeInfo): void {
    if (info.withAntiAffinity.size > 0) this.refusing.add(info)
    else this.refusing.delete(info)
    this.columns?.changed(info)
  }
}

export class Columns {
  private readonly rankings = new Map<string, Ranking>()
  private readonly zoneNumbers = new Map<string, number>()
  /** The number of each node's zone; 0 for a node without one. */
  readonly zones: Int32Array
  /** Pods of the controller whose pod is being placed, by node. */
  readonly siblings: Int32Array

  constructor(readonly nodes: readonly NodeInfo[]) {
    this.zones = new Int32Array(nodes.length)
    this.siblings = new Int32Array(nodes.length)
    nodes.forEach((info, place) => {
      info.place = place
      this.zones[place] = this.zoneOf(info)
    })
  }

  get zoneCount(): number {
    return this.zoneNumbers.size + 1
  }

  /** `key`: what the pods that share a ranking ask for. */
  ranking(key: string): Ranking {
    const known = this.rankings.get(key)
    if (known !== undefined) return known
    if (this.rankings.size === KEPT)
      for (const oldest of this.rankings.keys()) {
        this.rankings.delete(oldest)
        break
      }
    const fresh = new Ranking(this.nodes)
    this.rankings.set(key, fresh)
    return fresh
  }

  changed(info: NodeInfo): void {
    this.zones[info.place] = this.zoneOf(info)
    for (const ranking of this.rankings.values()) ranking.forget(info.place)
  }

  private zoneOf({ node }: NodeInfo): number {
    const zone = node.meta.labels[ZONE]
    if (zone === undefined) return 0
    const known = this.zoneNumbers.get(zone) ?? this.zoneNumbers.size + 1
    this.zoneNumbers.set(zone, known)
    return known
  }
}
