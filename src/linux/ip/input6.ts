import { sameAddress, type V6 } from '../../util/address.ts'
import * as ipv6 from '../../wire/fast/ipv6.ts'
import type { NetDevice } from '../device/net-device.ts'
import { drop } from '../drop.ts'
import type { Namespace } from '../namespace.ts'
import { solicitedNode } from '../route/ndp.ts'
import type { Skb } from '../skb.ts'
import { ALL_NODES, isLinkLocal, isMulticastV6, linkLocal } from './address.ts'
import { deliverV6 } from './deliver6.ts'
import { forwardV6 } from './forward6.ts'
import { martian, noRoute } from './no-route.ts'
import { routed } from './steps.ts'

/** `ipv6_rcv`: an IPv6 packet from a device. `toUs`: the frame was addressed to the device's MAC, not to a group. */
export function inputV6(namespace: Namespace, device: NetDevice, skb: Skb, toUs: boolean): void {
  const { frame } = skb
  const fault = ipv6.fault(frame.bytes, frame.start, frame.end)
  if (fault !== null) {
    drop(namespace.kernel, device.place, skb, fault === 'header' ? 'ip-header' : 'packet-too-small')
    return
  }
  frame.trim(ipv6.IPV6 + ipv6.payloadLength(frame.bytes, frame.start))
  skb.forgetFragments()
  if (namespace.netfilter !== null && skb.bridgeInput === null) {
    if (!namespace.netfilter.run('PREROUTING', 6, skb, device, null)) return
  }
  const { bytes, start } = skb.frame
  const from = ipv6.source(bytes, start)
  const to = ipv6.destination(bytes, start)
  if (isMulticastV6(from) || (device.driver.kind !== 'loopback' && (isLoopback(from) || isLoopback(to)))) {
    martian(namespace, skb, isLoopback(to) ? 'destination' : 'source')
  } else if (isMulticastV6(to)) {
    // A group that nobody here has joined: the kernel's filter lets such frames go without a word.
    if (joined(device, to)) deliverV6(namespace, device, skb)
  } else {
    routeInput(namespace, device, skb, toUs, to)
  }
}

/** `ip6_route_input`. */
function routeInput(namespace: Namespace, device: NetDevice, skb: Skb, toUs: boolean, to: V6): void {
  if (isLinkLocal(to)) {
    if (sameAddress(to, linkLocal(device.mac))) deliverV6(namespace, device, skb)
    else noRoute(namespace, skb, 6, null)
    return
  }
  const route = namespace.fibs.v6.lookupV6(to)
  if (route === null) {
    noRoute(namespace, skb, 6, null)
  } else if (route.kind === 'local') {
    routed(namespace, skb, 'local', to, route)
    deliverV6(namespace, device, skb)
  } else if (route.kind !== 'unicast' || !namespace.sysctl.ipv6Forward) {
    noRoute(namespace, skb, 6, route.kind)
  } else {
    forwardV6(namespace, device, skb, route, toUs)
  }
}

/** RFC 4291 2.8: all nodes, and the solicited-node group of each address of the device. */
function joined(device: NetDevice, group: V6): boolean {
  if (sameAddress(group, ALL_NODES) || sameAddress(group, solicitedNode(linkLocal(device.mac)))) return true
  for (const own of device.addresses) {
    if (typeof own.address !== 'number' && sameAddress(group, solicitedNode(own.address))) return true
  }
  return false
}

const isLoopback = ({ a, b, c, d }: V6): boolean => d === 1 && (a | b | c) === 0
