import * as ipv6 from '../../wire/fast/ipv6.ts'
import type { NetDevice } from '../device/net-device.ts'
import { drop } from '../drop.ts'
import type { Namespace } from '../namespace.ts'
import type { Route } from '../route/route.ts'
import type { Skb } from '../skb.ts'
import { isLinkLocal } from './address.ts'
import { outputV6 } from './output6.ts'
import { routed } from './steps.ts'

const UNREACHABLE = 1
const BEYOND_SCOPE = 2
const TOO_BIG = 2
const TIME_EXCEEDED = 3

/** RFC 8200 5: what every link carries. */
export const MINIMUM_MTU = 1280

/** `ip6_forward`: hop limit, then scope, then MTU, then the decrement, then FORWARD. Redirects are not sent. */
export function forwardV6(namespace: Namespace, input: NetDevice, skb: Skb, route: Route, toUs: boolean): void {
  const { frame } = skb
  const { bytes: b, start: o, end } = frame
  const { kernel, place } = namespace
  const output = route.device!
  if (!toUs) {
    drop(kernel, place, skb, 'not-specified', 'sent to a link-layer group')
    return
  }
  const hops = ipv6.hopLimit(b, o)
  if (hops <= 1) {
    namespace.icmpError(skb, 6, TIME_EXCEEDED, 0, { why: 'ttl-exceeded' })
    drop(kernel, place, skb, 'ttl-exceeded')
    return
  }
  if (isLinkLocal(ipv6.source(b, o))) {
    namespace.icmpError(skb, 6, UNREACHABLE, BEYOND_SCOPE, { why: 'no-route-out' })
    drop(kernel, place, skb, 'no-route-out', 'a link-local source is not forwarded')
    return
  }
  const mtu = Math.max(output.mtu, MINIMUM_MTU)
  if (end - o > mtu && (skb.pieces === null || skb.fragmentSize > mtu)) {
    namespace.icmpError(skb, 6, TOO_BIG, 0, { why: 'too-big', mtu })
    drop(kernel, place, skb, 'too-big')
    return
  }
  ipv6.decrementHopLimit(frame, o)
  routed(namespace, skb, 'forward', ipv6.destination(b, o), route, hops)
  if (namespace.netfilter !== null && !namespace.netfilter.run('FORWARD', 6, skb, input, output)) return
  outputV6(namespace, skb, route, output, mtu)
}
