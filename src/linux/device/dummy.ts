import { drop } from '../drop.ts'
import type { Skb } from '../skb.ts'
import type { Driver, NetDevice } from './net-device.ts'

/** A device that leads nowhere: it is there to have addresses. */
export class Dummy implements Driver {
  readonly kind = 'dummy'

  transmit(skb: Skb, device: NetDevice): void {
    drop(device.namespace.kernel, device.place, skb, 'not-specified', `${device.name} leads nowhere`)
  }
}
