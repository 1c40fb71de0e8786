import { sameAddress, type V6 } from '../../util/address.ts'
import { prefix } from '../../util/prefix.ts'
import { writeEthernet } from '../../wire/fast/ethernet.ts'
import * as ipv6 from '../../wire/fast/ipv6.ts'
import { ETHERTYPE } from '../../wire/numbers.ts'
import type { NetDevice } from '../device/net-device.ts'
import { drop } from '../drop.ts'
import type { Errno } from '../errno.ts'
import type { Namespace } from '../namespace.ts'
import { multicastMac } from '../route/ndp.ts'
import { Route } from '../route/route.ts'
import type { Skb } from '../skb.ts'
import { isLinkLocal, isMulticastV6 } from './address.ts'
import { fragmentV6 } from './fragment6.ts'
import type { SendOptions } from './layer.ts'
import { refusal } from './refusal.ts'
import { routed } from './steps.ts'

const IPV6_MAX = 65_535
const ON_LINK = prefix('fe80::/64')

/** `ip6_xmit` and `ip6_send_skb`: gives a packet of our own its header and its way. */
export function sendV6(namespace: Namespace, skb: Skb, options: SendOptions, to: V6): Errno | null {
  const device = (options.device ?? null) as NetDevice | null
  // A link-local or multicast destination is one of a certain link only.
  const onLink = device !== null && (isLinkLocal(to) || isMulticastV6(to))
  const route = onLink ? new Route({ destination: ON_LINK, device }) : namespace.routeTo(to, device)
  const refusedFor = refusal(route)
  if (refusedFor !== null) return refusedFor
  const output = namespace.outputOf(route!)
  if (!output.up) return 'ENETUNREACH'
  const { frame } = skb
  const payload = frame.end - frame.start
  const mtu = namespace.pathMtu(to, output.mtu)
  if ((options.dontFragment === true && payload + ipv6.IPV6 > mtu) || payload > IPV6_MAX) return 'EMSGSIZE'
  const hops = options.ttl ?? namespace.sysctl.defaultTtl
  ipv6.writeIpv6(frame, options.source as V6, to, options.protocol, hops, options.tos ?? 0)
  routed(namespace, skb, 'output', to, route!)
  return localOutV6(namespace, skb, route!, output, mtu, to)
}

/** `ip6_local_out`. */
export function localOutV6(
  namespace: Namespace,
  skb: Skb,
  route: Route,
  output: NetDevice,
  mtu: number,
  to: V6,
): Errno | null {
  const { netfilter } = namespace
  if (netfilter !== null) {
    if (!netfilter.run('OUTPUT', 6, skb, null, output)) return 'EPERM'
    const now = ipv6.destination(skb.frame.bytes, skb.frame.start)
    if (!sameAddress(now, to)) {
      reroute(namespace, skb, now)
      return null
    }
  }
  outputV6(namespace, skb, route, output, mtu)
  return null
}

/** `ip6_route_me_harder`: OUTPUT changed the destination. */
function reroute(namespace: Namespace, skb: Skb, to: V6): void {
  const route = namespace.fibs.v6.lookupV6(to)
  if (refusal(route) !== null) {
    drop(namespace.kernel, namespace.place, skb, 'no-route-out')
    return
  }
  const output = namespace.outputOf(route!)
  routed(namespace, skb, 'output', to, route!)
  outputV6(namespace, skb, route!, output, namespace.pathMtu(to, output.mtu))
}

/** `ip6_output`: POSTROUTING, fragments if need be, and the neighbour. Forwarded packets that may not be cut never get here. */
export function outputV6(namespace: Namespace, skb: Skb, route: Route, output: NetDevice, mtu: number): void {
  if (namespace.netfilter !== null && !namespace.netfilter.run('POSTROUTING', 6, skb, skb.input, output)) return
  const length = skb.frame.end - skb.frame.start
  if (length <= mtu && (skb.fragmentSize === 0 || length <= skb.fragmentSize)) {
    toNeighbour(skb, route, output)
    return
  }
  const parts = fragmentV6(namespace, skb, mtu, output.driver.kind === 'vxlan')
  for (const part of parts) toNeighbour(part, route, output)
}

/** `ip6_finish_output2`. */
function toNeighbour(skb: Skb, route: Route, output: NetDevice): void {
  const to = ipv6.destination(skb.frame.bytes, skb.frame.start)
  if (!isMulticastV6(to)) {
    output.send(route.via ?? to, skb, ETHERTYPE.ipv6)
    return
  }
  writeEthernet(skb.frame, multicastMac(to), output.mac, ETHERTYPE.ipv6)
  output.transmit(skb)
}
