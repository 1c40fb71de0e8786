import * as ethernet from '../../wire/fast/ethernet.ts'
import { ETHERTYPE } from '../../wire/numbers.ts'
import type { NetDevice } from '../device/net-device.ts'
import { drop } from '../drop.ts'
import type { Namespace } from '../namespace.ts'
import * as arp from '../route/arp.ts'
import type { Skb } from '../skb.ts'
import { inputV4 } from './input.ts'
import { inputV6 } from './input6.ts'

/** `eth_type_trans` and the protocol handlers: a frame that no bridge took, `frame.start` at its Ethernet header. */
export function linkInput(namespace: Namespace, device: NetDevice, skb: Skb): void {
  const { frame } = skb
  const { bytes: b, start: o } = frame
  if (frame.end - o < ethernet.ETHERNET) {
    drop(namespace.kernel, device.place, skb, 'packet-too-small')
    return
  }
  const toUs = ethernet.isFor(b, o, device.macHigh, device.macLow)
  if (!toUs && !ethernet.isGroup(b, o)) {
    drop(namespace.kernel, device.place, skb, 'other-host')
    return
  }
  const type = ethernet.etherType(b, o)
  frame.pull(ethernet.ETHERNET)
  switch (type) {
    case ETHERTYPE.ipv4:
      inputV4(namespace, device, skb, toUs)
      return
    case ETHERTYPE.ipv6:
      inputV6(namespace, device, skb, toUs)
      return
    case ETHERTYPE.arp:
      arp.receive(device, skb, toUs)
      return
    default:
      drop(namespace.kernel, device.place, skb, 'unhandled-protocol')
  }
}
