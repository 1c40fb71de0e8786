import { MICROSECOND } from '../../sim/time.ts'
import { drop } from '../drop.ts'
import type { Skb } from '../skb.ts'
import type { Link } from './link.ts'
import type { Driver, NetDevice } from './net-device.ts'

export const VETH_LATENCY = 2 * MICROSECOND

const ETHERNET = 14
/** Room for a VLAN tag, which `is_skb_forwardable` grants. */
const VLAN = 4

/** One end of a veth pair. */
export class Veth implements Driver {
  readonly kind = 'veth'
  peer: NetDevice | null = null

  constructor(readonly link: Link) {}

  transmit(skb: Skb, device: NetDevice): void {
    const { peer } = this
    if (peer === null) {
      drop(this.link.kernel, device.place, skb, 'device-down')
      return
    }
    // veth_forward_skb: the receiver refuses what its own MTU does not hold, and nobody is told.
    if (skb.frame.end - skb.frame.start > peer.mtu + ETHERNET + VLAN) {
      drop(this.link.kernel, device.place, skb, 'too-big', `peer ${peer.name} has mtu ${peer.mtu}`)
      return
    }
    this.link.carry(skb, device, peer)
  }

  /** Deleting one end deletes the other. */
  remove(): void {
    const { peer } = this
    if (peer === null) return
    this.peer = null
    const other = peer.driver as Veth
    other.peer = null
    peer.namespace.removeDevice(peer)
  }
}
