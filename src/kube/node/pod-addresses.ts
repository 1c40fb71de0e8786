import { type Address, familyOf } from '../../util/address.ts'
import type { Prefix } from '../../util/prefix.ts'
import { nameOf } from '../api/meta.ts'
import type { Pod } from '../api/pod.ts'
import { HostLocal } from './ipam.ts'

/**
 * Who has which address on one node: a host-local allocator for each of the node's ranges. Pods keep the addresses that
 * their status gives, from whatever IPAM; the others are given the next ones, in order.
 */
export class PodAddresses {
  private readonly pools: readonly HostLocal[]
  private readonly known = new Map<string, readonly Address[]>()
  /** Pods whose sandbox could not be made, and why: kubelet's FailedCreatePodSandBox. */
  readonly failed = new Map<string, string>()

  constructor(podCIDRs: readonly Prefix[], pods: readonly Pod[]) {
    this.pools = podCIDRs.map((subnet) => new HostLocal([{ subnet }]))
    for (const pod of pods) if (!pod.hostNetwork && pod.addresses.length > 0) this.keep(pod)
    for (const pod of pods) if (!pod.hostNetwork && pod.addresses.length === 0) this.add(pod)
  }

  /** Empty for pods on the host network, and for those that could not be given one. */
  of(pod: Pod): readonly Address[] {
    return this.known.get(nameOf(pod.meta)) ?? []
  }

  /** CNI ADD: an address of each range. */
  add(pod: Pod): readonly Address[] {
    const owner = nameOf(pod.meta)
    const addresses: Address[] = []
    for (const pool of this.pools) {
      const allocation = pool.allocate(owner)
      if (allocation.kind === 'refused') {
        this.remove(pod)
        this.failed.set(owner, allocation.message)
        return []
      }
      addresses.push(allocation.address)
    }
    this.known.set(owner, addresses)
    this.failed.delete(owner)
    return addresses
  }

  /** CNI DEL. The next pod gets the next address all the same. */
  remove(pod: Pod): void {
    const owner = nameOf(pod.meta)
    for (const pool of this.pools) pool.release(owner)
    this.known.delete(owner)
  }

  private keep(pod: Pod): void {
    const owner = nameOf(pod.meta)
    this.known.set(owner, pod.addresses)
    for (const address of pod.addresses) {
      // An address of a foreign IPAM is in no pool; of two pods with one address, the first holds the reservation.
      for (const pool of this.pools) pool.reserve(owner, address)
    }
  }

  /** The address that a Service of one family would use. */
  ofFamily(pod: Pod, family: 4 | 6): Address | null {
    return this.of(pod).find((address) => familyOf(address) === family) ?? null
  }
}
