import { MINUTE, type Nanos } from '../../sim/time.ts'
import { type Address, type AddressKey, type Family, keyOf } from '../../util/address.ts'
import type { Kernel } from '../kernel.ts'

/** How long a learnt path MTU holds (net.ipv4.route.mtu_expires, net.ipv6.route.mtu_expires). */
const EXPIRES = 10 * MINUTE
/** Nothing below is believed: net.ipv4.route.min_pmtu, and RFC 8200 5. */
const MINIMUM = { 4: 552, 6: 1280 } as const

/** Path MTUs learnt from ICMP, by destination: Linux's next hop exceptions. */
export class PathMtus {
  private readonly learnt = new Map<AddressKey, { readonly mtu: number; readonly until: Nanos }>()

  constructor(private readonly kernel: Kernel) {}

  /** `ip route get` shows it as `mtu N expires …`. A larger value than the present one is no news. */
  learn(destination: Address, mtu: number, family: Family): void {
    const { now } = this.kernel.simulation
    const value = Math.max(mtu, MINIMUM[family])
    const known = this.learnt.get(keyOf(destination))
    if (known !== undefined && known.until > now && known.mtu <= value) return
    this.learnt.set(keyOf(destination), { mtu: value, until: now + EXPIRES })
  }

  /** The path MTU to a destination when the device allows `limit`. */
  to(destination: Address, limit: number): number {
    if (this.learnt.size === 0) return limit
    const known = this.learnt.get(keyOf(destination))
    if (known === undefined) return limit
    if (known.until > this.kernel.simulation.now) return Math.min(known.mtu, limit)
    this.learnt.delete(keyOf(destination))
    return limit
  }

  /** `ip route flush cache`. */
  clear(): void {
    this.learnt.clear()
  }
}
