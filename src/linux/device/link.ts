import type { Nanos } from '../../sim/time.ts'
import { drop } from '../drop.ts'
import type { Kernel } from '../kernel.ts'
import type { Skb } from '../skb.ts'
import type { LinkFault } from './fault.ts'
import type { NetDevice } from './net-device.ts'

/**
 * What joins two devices in different namespaces: crossing it is an event. Faults live here, so that no protocol knows of
 * them. Frames that take the same time keep their order.
 */
export class Link {
  /** False: the cable is out. */
  carrier = true
  fault: LinkFault | null = null

  /** `latency` in nanoseconds, above 0: nothing crosses a link at once. */
  constructor(
    readonly kernel: Kernel,
    public latency: Nanos,
  ) {
    if (!(latency > 0)) throw new RangeError(`link latency of ${latency} ns: expected more than 0`)
  }

  /** Gives the frame to `to` after the link's latency, without what was only known to the sender's namespace. */
  carry(skb: Skb, from: NetDevice, to: NetDevice): void {
    if (!this.carrier) {
      drop(this.kernel, from.place, skb, 'link-cut')
      return
    }
    if (this.fault === null) this.deliver(skb, to, this.latency)
    else this.fault.apply(this, skb, from, to)
  }

  deliver(skb: Skb, to: NetDevice, after: Nanos): void {
    skb.scrub()
    skb.input = to
    this.kernel.simulation.post(after, arrive, skb)
  }
}

/** `input` was set to a NetDevice when the frame was sent on its way. */
export function arrive(skb: Skb): void {
  ;(skb.input as NetDevice).receive(skb)
}
