import type { Skb } from '../skb.ts'
import type { Link } from './link.ts'
import type { Driver, NetDevice } from './net-device.ts'
import type { Segment } from './segment.ts'

/** A machine's Ethernet card, plugged into a LAN. */
export class Nic implements Driver {
  readonly kind = 'ethernet'

  constructor(
    readonly segment: Segment,
    /** The cable: its latency, faults, and whether it is plugged in. */
    readonly link: Link,
  ) {}

  transmit(skb: Skb, device: NetDevice): void {
    this.segment.carry(skb, device, this.link)
  }

  remove(device: NetDevice): void {
    this.segment.detach(device)
  }
}
