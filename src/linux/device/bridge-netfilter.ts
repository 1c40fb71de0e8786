import type { Address, Family } from '../../util/address.ts'
import * as ethernet from '../../wire/fast/ethernet.ts'
import * as ipv4 from '../../wire/fast/ipv4.ts'
import * as ipv6 from '../../wire/fast/ipv6.ts'
import type { Frame } from '../../wire/frame.ts'
import { ETHERTYPE } from '../../wire/numbers.ts'
import { drop } from '../drop.ts'
import { fragmentV4 } from '../ip/fragment.ts'
import { fragmentV6 } from '../ip/fragment6.ts'
import type { Namespace } from '../namespace.ts'
import type { Skb } from '../skb.ts'
import type { Bridge } from './bridge.ts'
import type { BridgePort } from './bridge-port.ts'

/**
 * br_netfilter (net/bridge/br_netfilter_hooks.c): iptables sees bridged IP packets as if they were routed, with the bridge as
 * their device and the ports beside (`physdev`). Each call leaves `frame.start` at the Ethernet header, as it found it.
 */
const NONE: readonly Skb[] = []

/** Which iptables a frame is shown to; null when to none. */
function familyShown(bridge: Bridge, frame: Frame): Family | null {
  const { namespace } = bridge.device
  if (namespace.netfilter === null) return null
  const type = ethernet.etherType(frame.bytes, frame.start)
  if (type === ETHERTYPE.ipv4) return namespace.sysctl.bridgeNfCallIptables ? 4 : null
  if (type === ETHERTYPE.ipv6) return namespace.sysctl.bridgeNfCallIp6tables ? 6 : null
  return null
}

/**
 * `br_nf_pre_routing`, at the port, before the bridge device has seen the frame. False when the packet is gone, or goes on by
 * itself.
 */
export function preRouting(bridge: Bridge, port: BridgePort, skb: Skb): boolean {
  const family = familyShown(bridge, skb.frame)
  if (family === null) return true
  const { device } = bridge
  const { namespace } = device
  const { bytes, start } = skb.frame
  const destinationMac = ethernet.destination(bytes, start)
  const sourceMac = ethernet.source(bytes, start)
  const type = ethernet.etherType(bytes, start)
  skb.frame.pull(ethernet.ETHERNET)
  if (!valid(skb.frame, family)) {
    drop(namespace.kernel, port.device.place, skb, 'ip-header')
    return false
  }
  const before = destinationOf(skb.frame, family)
  skb.input = device
  skb.bridgeInput = port.device
  if (!namespace.netfilter!.run('PREROUTING', family, skb, device, null)) return false
  const after = destinationOf(skb.frame, family)
  if (after === before || sameV6(after, before)) {
    ethernet.writeEthernet(skb.frame, destinationMac, sourceMac, type)
    return true
  }
  return translated(bridge, port, skb, after, sourceMac, type)
}

/**
 * `br_nf_pre_routing_finish` after DNAT: to an address behind this bridge the frame stays bridged, under its new neighbour's
 * MAC address and its old source; to any other it goes up to be routed.
 */
function translated(bridge: Bridge, port: BridgePort, skb: Skb, to: Address, sourceMac: number, type: number): boolean {
  const { device } = bridge
  const { namespace } = device
  const route = namespace.fibs.lookup(to)
  if (route === null || (route.kind !== 'unicast' && route.kind !== 'local')) {
    drop(namespace.kernel, port.device.place, skb, 'no-route-in')
    return false
  }
  if (route.kind === 'local' || route.device !== device) {
    const forwarding = typeof to === 'number' ? namespace.sysctl.ipForward : namespace.sysctl.ipv6Forward
    if (route.kind === 'unicast' && !forwarding) {
      drop(namespace.kernel, port.device.place, skb, 'not-forwarding')
      return false
    }
    ethernet.writeEthernet(skb.frame, device.mac, sourceMac as typeof device.mac, type)
    return true
  }
  const nextHop = route.via ?? to
  const neighbour = device.neighbours.find(nextHop)
  if (neighbour?.cached && neighbour.connected(namespace.kernel.simulation.now)) {
    ethernet.writeEthernet(skb.frame, neighbour.mac, sourceMac as typeof device.mac, type)
    return true
  }
  // Not known for sure: the neighbour code sends it by way of the bridge device, which hands it back (br_nf_dev_xmit).
  skb.bridgedFrom = { port, source: sourceMac as typeof device.mac }
  device.send(nextHop, skb, type)
  return false
}

/** `br_nf_dev_xmit`: true when the frame came from `translated` by way of the neighbour code, and goes on as bridged. */
export function bridgedDnat(bridge: Bridge, skb: Skb): boolean {
  const { bridgedFrom } = skb
  if (bridgedFrom === null) return false
  skb.bridgedFrom = null
  ethernet.setSource(skb.frame, skb.frame.start, bridgedFrom.source)
  bridge.finish(bridgedFrom.port, skb)
  return true
}

/**
 * `br_nf_forward` and `br_nf_post_routing`. Null when the packet is gone; otherwise the fragments to send in its place, none
 * when it goes as it is.
 */
export function forward(bridge: Bridge, to: BridgePort, skb: Skb): readonly Skb[] | null {
  const family = familyShown(bridge, skb.frame)
  if (family === null || skb.bridgeInput === null) return NONE
  const { device } = bridge
  const netfilter = device.namespace.netfilter!
  const { bytes, start } = skb.frame
  const destinationMac = ethernet.destination(bytes, start)
  const sourceMac = ethernet.source(bytes, start)
  const type = ethernet.etherType(bytes, start)
  skb.frame.pull(ethernet.ETHERNET)
  skb.bridgeOutput = to.device
  if (!netfilter.run('FORWARD', family, skb, device, device)) return null
  if (!netfilter.run('POSTROUTING', family, skb, null, device)) return null
  const parts = skb.fragmentSize > 0 ? refragment(device.namespace, skb, to.device.mtu, family) : [skb]
  if (parts === null) return null
  for (const part of parts) ethernet.writeEthernet(part.frame, destinationMac, sourceMac, type)
  return parts
}

/** `br_nf_dev_queue_xmit`. */
function refragment(namespace: Namespace, skb: Skb, mtu: number, family: Family): readonly Skb[] | null {
  return family === 4 ? fragmentV4(namespace, skb, mtu) : fragmentV6(namespace, skb, mtu)
}

function valid(frame: Frame, family: Family): boolean {
  if (family === 4) {
    if (ipv4.fault(frame.bytes, frame.start, frame.end) !== null) return false
    frame.trim(ipv4.totalLength(frame.bytes, frame.start))
    return true
  }
  return ipv6.fault(frame.bytes, frame.start, frame.end) === null
}

function destinationOf({ bytes, start }: Frame, family: Family): Address {
  return family === 4 ? ipv4.destination(bytes, start) : ipv6.destination(bytes, start)
}

function sameV6(a: Address, b: Address): boolean {
  return typeof a !== 'number' && typeof b !== 'number' && a.key === b.key
}
