import type { Timer } from '../../sim/simulation.ts'
import type { Nanos } from '../../sim/time.ts'
import type { StepId } from '../../trace/step.ts'
import { type Address, type Mac, NO_MAC } from '../../util/address.ts'
import type { Skb } from '../skb.ts'

/** RFC 4861 7.3.2, which Linux follows for ARP too; `ip neigh` prints these names. */
export type NeighbourState = 'incomplete' | 'reachable' | 'stale' | 'delay' | 'probe' | 'failed' | 'permanent'

/** A packet that waits for a MAC address, `frame.start` at its IP header. */
export interface Waiting {
  readonly skb: Skb
  readonly etherType: number
}

/** One entry of `ip neigh`. The table that made it is the only one to change it. */
export class Neighbour {
  state: NeighbourState = 'failed'
  mac: Mac = NO_MAC
  /** When reachability was last confirmed, and until when that holds. */
  confirmed: Nanos = Number.NEGATIVE_INFINITY
  until: Nanos = Number.NEGATIVE_INFINITY
  /** When the MAC address last changed. */
  updated: Nanos = Number.NEGATIVE_INFINITY
  /** Solicitations sent since the state began. */
  probes = 0
  timer: Timer | null = null
  waiting: Waiting[] = []
  /** Bytes in `waiting`. */
  queued = 0
  /** The step that started the present resolution. */
  cause: StepId = 0
  /** A packet was sent with it, so the kernel keeps a ready Ethernet header (`hh_cache`). */
  cached = false

  constructor(readonly address: Address) {}

  /** NUD_CONNECTED: the address may be used without a second thought. */
  connected(now: Nanos): boolean {
    return this.state === 'reachable' ? now <= this.until : this.state === 'permanent'
  }

  /** NUD_VALID: there is a MAC address to use. */
  get valid(): boolean {
    return this.state !== 'incomplete' && this.state !== 'failed'
  }
}
