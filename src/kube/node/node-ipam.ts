import { familyOf } from '../../util/address.ts'
import { formatPrefix, overlaps, type Prefix } from '../../util/prefix.ts'
import { countSubnets, subnetAt } from './arithmetic.ts'

/** kube-controller-manager's --node-cidr-mask-size-ipv4 and -ipv6. */
export const NODE_MASK = { 4: 24, 6: 64 } as const

/**
 * Cuts a node's pod ranges from the cluster CIDRs, one a family, the lowest that is free, as the nodeipam controller does.
 * A cluster CIDR that is longer than a node's range is given whole to the first node.
 */
export class NodeIpam {
  private readonly next: number[]
  private readonly taken: Prefix[] = []

  constructor(private readonly clusterCIDRs: readonly Prefix[]) {
    this.next = clusterCIDRs.map(() => 0)
  }

  /** Ranges that nodes have already. */
  occupy(ranges: readonly Prefix[]): void {
    this.taken.push(...ranges)
  }

  /** One range of each family. A message when a cluster CIDR has none left. */
  allocate(): readonly Prefix[] | string {
    const ranges: Prefix[] = []
    for (const [i, whole] of this.clusterCIDRs.entries()) {
      const range = this.cut(i, whole)
      if (range === null) {
        const length = NODE_MASK[familyOf(whole.address)]
        return `CIDR allocation failed; there are no remaining CIDRs left to allocate in ${formatPrefix(whole)} (/${length} a node)`
      }
      ranges.push(range)
    }
    return ranges
  }

  private cut(i: number, whole: Prefix): Prefix | null {
    const length = Math.max(NODE_MASK[familyOf(whole.address)], whole.length)
    const count = countSubnets(whole, length)
    while (this.next[i] < count) {
      const range = subnetAt(whole, length, this.next[i]++)
      if (!this.taken.some((other) => overlaps(other, range))) return range
    }
    return null
  }
}
