import * as ipv4 from '../../wire/fast/ipv4.ts'
import type { NetDevice } from '../device/net-device.ts'
import { drop } from '../drop.ts'
import type { Namespace } from '../namespace.ts'
import type { Route } from '../route/route.ts'
import type { Skb } from '../skb.ts'
import { outputV4 } from './output.ts'
import { redirect } from './redirect.ts'
import { routed } from './steps.ts'

const TIME_EXCEEDED = 11
const UNREACHABLE = 3
const FRAGMENTATION_NEEDED = 4

/** `ip_forward`: TTL, then MTU, then the decrement, then FORWARD; errors quote the packet as it is at that point. */
export function forwardV4(namespace: Namespace, input: NetDevice, skb: Skb, route: Route, toUs: boolean): void {
  const { frame } = skb
  const { bytes: b, start: o, end } = frame
  const { kernel, place } = namespace
  const output = route.device!
  if (!toUs) {
    drop(kernel, place, skb, 'not-specified', 'sent to a link-layer group')
    return
  }
  const ttl = ipv4.ttl(b, o)
  if (ttl <= 1) {
    namespace.icmpError(skb, 4, TIME_EXCEEDED, 0, { why: 'ttl-exceeded' })
    drop(kernel, place, skb, 'ttl-exceeded')
    return
  }
  // The device's MTU counts, not what was learnt of the path (ip_forward_use_pmtu 0).
  if (end - o > output.mtu && ipv4.dontFragment(b, o) && mayNotFragment(skb, output.mtu)) {
    namespace.icmpError(skb, 4, UNREACHABLE, FRAGMENTATION_NEEDED, { why: 'too-big', mtu: output.mtu })
    drop(kernel, place, skb, 'too-big')
    return
  }
  ipv4.decrementTtl(frame, o)
  routed(namespace, skb, 'forward', ipv4.destination(b, o), route, ttl)
  if (output === input) redirect(namespace, input, skb, route)
  if (namespace.netfilter !== null && !namespace.netfilter.run('FORWARD', 4, skb, input, output)) return
  outputV4(namespace, skb, route, output, output.mtu)
}

/** `ip_exceeds_mtu`: what came in fragments may leave in fragments no larger, whatever its DF says. */
function mayNotFragment(skb: Skb, mtu: number): boolean {
  return skb.pieces === null || skb.fragmentSize > mtu
}
