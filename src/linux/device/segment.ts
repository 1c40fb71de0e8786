import { MICROSECOND, type Nanos } from '../../sim/time.ts'
import type { Address, Mac } from '../../util/address.ts'
import * as ethernet from '../../wire/fast/ethernet.ts'
import { drop } from '../drop.ts'
import type { Kernel } from '../kernel.ts'
import type { Skb } from '../skb.ts'
import { askedFor } from './asked-for.ts'
import type { Link } from './link.ts'
import type { NetDevice } from './net-device.ts'
import type { Nic } from './nic.ts'

export const LAN_LATENCY = 50 * MICROSECOND

/** Beyond the MTU: the Ethernet header and a VLAN tag (`is_skb_forwardable`). */
const OVERHEAD = 18

/** The LAN that joins the nodes: an Ethernet switch. It learns and floods, and leaves no steps of its own. */
export class Segment {
  private readonly members: NetDevice[] = []
  private readonly learnt = new Map<Mac, NetDevice>()
  /** Told whom a flooded frame looks for, before it is flooded: a machine that was not made yet can be plugged in then. */
  absent: ((address: Address) => void) | null = null

  constructor(
    readonly kernel: Kernel,
    readonly latency: Nanos = LAN_LATENCY,
  ) {}

  attach(device: NetDevice): void {
    this.members.push(device)
  }

  detach(device: NetDevice): void {
    const at = this.members.indexOf(device)
    if (at >= 0) this.members.splice(at, 1)
    for (const [mac, member] of this.learnt) if (member === device) this.learnt.delete(mac)
  }

  /** Called with a frame that `from` sent over its cable. */
  carry(skb: Skb, from: NetDevice, cable: Link): void {
    const { bytes, start } = skb.frame
    const source = ethernet.source(bytes, start)
    if (this.learnt.get(source) !== from) this.learnt.set(source, from)
    if (!ethernet.isGroup(bytes, start)) {
      const to = this.learnt.get(ethernet.destination(bytes, start))
      if (to !== undefined) {
        if (to === from) drop(this.kernel, from.place, skb, 'bridge-same-port')
        else this.cross(skb, from, to, cable)
        return
      }
    }
    const wanted = this.absent === null ? null : askedFor(bytes, start, skb.frame.end)
    if (wanted !== null) this.absent!(wanted)
    this.flood(skb, from, cable)
  }

  private flood(skb: Skb, from: NetDevice, cable: Link): void {
    let last: NetDevice | null = null
    for (const to of this.members) {
      if (to === from) continue
      if (last !== null) this.cross(skb.clone(), from, last, cable)
      last = to
    }
    if (last === null) drop(this.kernel, from.place, skb, 'link-cut', 'nothing else is on this network')
    else this.cross(skb, from, last, cable)
  }

  /** A cable that is out loses frames in both directions. */
  private cross(skb: Skb, from: NetDevice, to: NetDevice, cable: Link): void {
    if (cable.carrier && !(to.driver as Nic).link.carrier) {
      drop(this.kernel, from.place, skb, 'link-cut', `${to.namespace.node} is unplugged`)
      return
    }
    // The receiving end takes no more than its own MTU, as a veth pair or a switch port does, and nobody is told.
    if (skb.frame.end - skb.frame.start > to.mtu + OVERHEAD) {
      drop(this.kernel, from.place, skb, 'too-big', `${to.namespace.node} has mtu ${to.mtu}`)
      return
    }
    cable.carry(skb, from, to)
  }
}
