import { MILLISECOND, type Nanos, SECOND } from '../../sim/time.ts'
import { type Address, type AddressKey, keyOf } from '../../util/address.ts'
import type { Kernel } from '../kernel.ts'

/** XRLIM_BURST_FACTOR: errors that may go to one peer at once. */
const BURST = 6
/** icmp_msgs_per_sec and icmp_msgs_burst: errors to all peers. */
const GLOBAL_PER_SECOND = 1000
const GLOBAL_BURST = 50
/** ip_rt_redirect_load, _number and _silence. */
const REDIRECT_LOAD = 20 * MILLISECOND
const REDIRECT_NUMBER = 9
const REDIRECT_SILENCE = REDIRECT_LOAD * 2 ** (REDIRECT_NUMBER + 1)

/** Linux's inet_peer, as far as ICMP asks of it. Tokens are nanoseconds saved up. */
interface Peer {
  tokens: Nanos
  last: Nanos
  redirects: number
  redirected: Nanos
}

/** Holds ICMP errors back, as `icmpv4_xrlim_allow` and `icmp_global_allow` do. */
export class IcmpLimit {
  private readonly peers = new Map<AddressKey, Peer>()
  private credit = GLOBAL_BURST
  private stamp: Nanos = 0

  constructor(private readonly kernel: Kernel) {}

  /** Whether an error may go to this peer. `interval` in milliseconds: net.ipv4.icmp_ratelimit. */
  allow(peer: Address, interval: number): boolean {
    if (interval <= 0) return true
    const { now } = this.kernel.simulation
    this.credit = Math.min(GLOBAL_BURST, this.credit + ((now - this.stamp) / SECOND) * GLOBAL_PER_SECOND)
    this.stamp = now
    if (this.credit < 1) return false
    const cost = interval * MILLISECOND
    const entry = this.peer(peer)
    const tokens = Math.min(BURST * cost, entry.tokens + now - entry.last)
    entry.last = now
    entry.tokens = tokens >= cost ? tokens - cost : tokens
    if (tokens < cost) return false
    this.credit--
    return true
  }

  /** Whether a redirect may go to this peer: fewer and fewer, nine at most until it was quiet for 20 seconds. */
  redirect(peer: Address): boolean {
    const { now } = this.kernel.simulation
    const entry = this.peer(peer)
    if (now > entry.redirected + REDIRECT_SILENCE) entry.redirects = 0
    if (entry.redirects >= REDIRECT_NUMBER) {
      entry.redirected = now
      return false
    }
    if (entry.redirects > 0 && now <= entry.redirected + REDIRECT_LOAD * 2 ** entry.redirects) return false
    entry.redirected = now
    entry.redirects++
    return true
  }

  private peer(address: Address): Peer {
    const key = keyOf(address)
    let entry = this.peers.get(key)
    if (entry === undefined) {
      // A new peer has a minute's tokens (inet_peer.c).
      entry = { tokens: 60 * SECOND, last: this.kernel.simulation.now, redirects: 0, redirected: 0 }
      this.peers.set(key, entry)
    }
    return entry
  }
}
