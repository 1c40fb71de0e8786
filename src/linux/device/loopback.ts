import { MICROSECOND } from '../../sim/time.ts'
import type { Skb } from '../skb.ts'
import { arrive } from './link.ts'
import type { Driver, NetDevice } from './net-device.ts'

/** The trip through the backlog queue. */
const LATENCY = MICROSECOND

/** `lo`: what is sent comes back. The packet stays in its namespace and keeps its conntrack entry. */
export class Loopback implements Driver {
  readonly kind = 'loopback'

  transmit(skb: Skb, device: NetDevice): void {
    skb.input = device
    device.namespace.kernel.simulation.post(LATENCY, arrive, skb)
  }
}
