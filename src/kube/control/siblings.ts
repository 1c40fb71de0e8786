import { controllerOf } from '../api/object.ts'
import type { PodObject } from '../api/pod-object.ts'
import type { Store } from '../api/store.ts'
import type { Columns, NodeList } from './node-list.ts'

/** Where the pods of the same controller are: the default topology spread (by host and by zone) goes by them. */
export class Siblings {
  private readonly columns: Columns
  private readonly touched: number[] = []
  private readonly inZone: Int32Array | null = null
  private total = 0

  constructor(store: Store, pod: PodObject, nodes: NodeList) {
    this.columns = nodes.all
    const { siblings, zones, zoneCount } = this.columns
    if (zoneCount > 1) this.inZone = new Int32Array(zoneCount)
    const owner = controllerOf(pod.meta)
    for (const other of owner === null ? [] : store.index.dependentsOf(owner.uid)) {
      if (other.kind !== 'Pod' || other.spec.nodeName === '' || other.meta.deletionTimestamp !== null) continue
      this.total++
      const info = nodes.get(other.spec.nodeName)
      if (info === null) continue
      if (siblings[info.place]++ === 0) this.touched.push(info.place)
      if (this.inZone !== null && zones[info.place] > 0) this.inZone[zones[info.place]]++
    }
  }

  /** What it costs a node to have siblings on it and in its zone. */
  near(place: number): number {
    const here = this.columns.siblings[place]
    if (this.inZone === null) return here === 0 ? 0 : (150 * here) / this.total
    return this.total === 0 ? 0 : (150 * here + 50 * this.inZone[this.columns.zones[place]]) / this.total
  }

  /** After the choice: the count is of one pod's. */
  forget(): void {
    for (const place of this.touched) this.columns.siblings[place] = 0
  }
}
