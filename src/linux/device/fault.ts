import type { Nanos } from '../../sim/time.ts'
import type { Rng } from '../../util/rng.ts'
import { drop } from '../drop.ts'
import type { Skb } from '../skb.ts'
import type { Link } from './link.ts'
import type { NetDevice } from './net-device.ts'

/** What a bad link does, as `tc qdisc … netem` names it. Probabilities are 0 to 1, times nanoseconds. */
export interface FaultSpec {
  readonly loss?: number
  readonly duplicate?: number
  readonly corrupt?: number
  readonly delay?: Nanos
  /** Added to the delay, drawn evenly from 0 to this for each frame: frames overtake each other. */
  readonly jitter?: Nanos
}

/** What becomes of a frame on a link that is not sound: it is handed on, changed, kept or dropped. */
export interface LinkFault {
  apply(link: Link, skb: Skb, from: NetDevice, to: NetDevice): void
}

/** Chance on one link, drawn from a stream of its own: the same seed harms the same frames. */
export class Fault implements LinkFault {
  constructor(
    private readonly spec: FaultSpec,
    private readonly rng: Rng,
  ) {}

  apply(link: Link, skb: Skb, from: NetDevice, to: NetDevice): void {
    const { loss = 0, duplicate = 0, corrupt = 0 } = this.spec
    if (this.happens(loss)) {
      drop(link.kernel, from.place, skb, 'link-fault', 'lost')
      return
    }
    if (this.happens(duplicate)) link.deliver(skb.clone(), to, this.delay(link))
    if (this.happens(corrupt)) this.flip(skb)
    link.deliver(skb, to, this.delay(link))
  }

  private happens(probability: number): boolean {
    return probability > 0 && this.rng.float() < probability
  }

  private delay(link: Link): Nanos {
    const { delay = 0, jitter = 0 } = this.spec
    return link.latency + delay + (jitter > 0 ? this.rng.below(jitter + 1) : 0)
  }

  /** Inverts one bit behind the Ethernet header, whose own checksum would have caught it on the wire. */
  private flip(skb: Skb): void {
    const { frame } = skb
    if (frame.length <= 14) return
    frame.version++
    frame.bytes[frame.start + 14 + this.rng.below(frame.length - 14)] ^= 1 << this.rng.below(8)
  }
}
