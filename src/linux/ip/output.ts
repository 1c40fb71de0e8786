import type { V4 } from '../../util/address.ts'
import { BROADCAST } from '../../util/address.ts'
import { writeEthernet } from '../../wire/fast/ethernet.ts'
import * as ipv4 from '../../wire/fast/ipv4.ts'
import { ETHERTYPE } from '../../wire/numbers.ts'
import type { NetDevice } from '../device/net-device.ts'
import { drop } from '../drop.ts'
import type { Errno } from '../errno.ts'
import type { Namespace } from '../namespace.ts'
import type { Route } from '../route/route.ts'
import type { Skb } from '../skb.ts'
import { fragmentV4 } from './fragment.ts'
import type { SendOptions } from './layer.ts'
import { refusal } from './refusal.ts'
import { routed } from './steps.ts'

const IPV4_MAX = 65_535

/** `ip_queue_xmit` and `ip_send_skb`: gives a packet of our own its header and its way. */
export function sendV4(namespace: Namespace, skb: Skb, options: SendOptions, to: V4): Errno | null {
  const route = namespace.routeTo(to, options.device ?? null)
  const refusedFor = refusal(route)
  if (refusedFor !== null) return refusedFor
  const output = route!.kind === 'local' ? namespace.loopback : route!.device!
  if (!output.up) return 'ENETUNREACH'
  const { frame } = skb
  const length = frame.end - frame.start + ipv4.IPV4
  const mtu = namespace.pathMtu(to, output.mtu)
  const whole = options.dontFragment === true
  if ((whole && length > mtu) || length > IPV4_MAX) return 'EMSGSIZE'
  const source = options.source as V4
  const ttl = options.ttl ?? namespace.sysctl.defaultTtl
  // ip_select_ident: a packet that cannot be fragmented needs no identification.
  const ident = whole ? 0 : namespace.nextIdent()
  ipv4.writeIpv4(frame, source, to, options.protocol, ttl, options.tos ?? 0, ident, whole ? ipv4.DF : 0)
  routed(namespace, skb, 'output', to, route!)
  return localOutV4(namespace, skb, route!, output, mtu)
}

/** `ip_local_out`: a packet with its header, through OUTPUT and on. */
export function localOutV4(namespace: Namespace, skb: Skb, route: Route, output: NetDevice, mtu: number): Errno | null {
  const { netfilter } = namespace
  if (netfilter === null) {
    outputV4(namespace, skb, route, output, mtu)
    return null
  }
  const to = ipv4.destination(skb.frame.bytes, skb.frame.start)
  if (!netfilter.run('OUTPUT', 4, skb, null, output)) return 'EPERM'
  const now = ipv4.destination(skb.frame.bytes, skb.frame.start)
  if (now === to) outputV4(namespace, skb, route, output, mtu)
  else rerouteV4(namespace, skb, now)
  return null
}

/** `ip_route_me_harder`: OUTPUT changed the destination. */
function rerouteV4(namespace: Namespace, skb: Skb, to: V4): void {
  const route = namespace.fibs.v4.lookupV4(to)
  if (refusal(route) !== null) {
    drop(namespace.kernel, namespace.place, skb, 'no-route-out')
    return
  }
  const output = route!.kind === 'local' ? namespace.loopback : route!.device!
  routed(namespace, skb, 'output', to, route!)
  outputV4(namespace, skb, route!, output, namespace.pathMtu(to, output.mtu))
}

/** `ip_output`: POSTROUTING, fragments if need be, and the neighbour. */
export function outputV4(namespace: Namespace, skb: Skb, route: Route, output: NetDevice, mtu: number): void {
  if (namespace.netfilter !== null && !namespace.netfilter.run('POSTROUTING', 4, skb, skb.input, output)) return
  const { frame } = skb
  if (frame.end - frame.start <= mtu && skb.fragmentSize === 0) {
    toNeighbour(skb, route, output)
    return
  }
  const parts = fragmentV4(namespace, skb, mtu, output.driver.kind === 'vxlan')
  if (parts === null) return
  for (const part of parts) toNeighbour(part, route, output)
}

/** `ip_finish_output2`. */
function toNeighbour(skb: Skb, route: Route, output: NetDevice): void {
  if (route.kind === 'broadcast') {
    writeEthernet(skb.frame, BROADCAST, output.mac, ETHERTYPE.ipv4)
    output.transmit(skb)
    return
  }
  // RFC 8950 next hops aside, an IPv4 route's next hop is IPv4; without one it is the destination itself.
  output.send(route.via ?? ipv4.destination(skb.frame.bytes, skb.frame.start), skb, ETHERTYPE.ipv4)
}
