import type { DropReason } from '../../trace/drops.ts'
import { type Address, type Family, familyOf, isV4 } from '../../util/address.ts'
import * as ipv4 from '../../wire/fast/ipv4.ts'
import * as ipv6 from '../../wire/fast/ipv6.ts'
import { drop } from '../drop.ts'
import type { Namespace } from '../namespace.ts'
import type { Route } from '../route/route.ts'
import type { Skb } from '../skb.ts'
import { isLoopbackV4 } from './address.ts'
import type { ErrorDetail } from './icmp-error.ts'
import { localOutV4 } from './output.ts'
import { localOutV6 } from './output6.ts'
import { refusal } from './refusal.ts'
import { routed } from './steps.ts'

type Errors = Readonly<Record<Family, { readonly type: number; readonly code: number }>>
type Refused = ErrorDetail & { readonly why: DropReason }

const TIME_EXCEEDED: Errors = { 4: { type: 11, code: 0 }, 6: { type: 3, code: 0 } }
const TOO_BIG: Errors = { 4: { type: 3, code: 4 }, 6: { type: 2, code: 0 } }
/** Host unreachable, address unreachable. */
const UNREACHABLE: Errors = { 4: { type: 3, code: 1 }, 6: { type: 1, code: 3 } }

/**
 * `__ip_vs_get_out_rt`: IPVS looks for the way of a packet to a real server. The packet counts as forwarded even when it is the
 * machine's own: it loses one of its TTL and has to fit the path. See NetfilterHost.wayTo.
 */
export function wayToRealServer(namespace: Namespace, skb: Skb, to: Address): 'local' | (() => void) | null {
  const family = familyOf(to)
  const route = namespace.fibs.lookup(to)
  if (refusal(route) !== null) return refuse(namespace, skb, family, UNREACHABLE, { why: 'no-route-out' })
  if (route!.kind === 'local') return 'local'
  const { frame } = skb
  const { bytes: b, start: o, end } = frame
  const v4 = isV4(to)
  if (v4 && isLoopbackV4(ipv4.source(b, o))) {
    drop(namespace.kernel, namespace.place, skb, 'not-specified', 'from a loopback address to another machine')
    return null
  }
  const ttl = v4 ? ipv4.ttl(b, o) : ipv6.hopLimit(b, o)
  if (ttl <= 1) return refuse(namespace, skb, family, TIME_EXCEEDED, { why: 'ttl-exceeded' })
  if (v4) ipv4.decrementTtl(frame, o)
  else ipv6.decrementHopLimit(frame, o)
  const output = namespace.outputOf(route!)
  const mtu = namespace.pathMtu(to, output.mtu)
  if (end - o > mtu && (!v4 || ipv4.dontFragment(b, o)))
    return refuse(namespace, skb, family, TOO_BIG, { why: 'too-big', mtu })
  return () => leave(namespace, skb, to, route!, ttl)
}

function leave(namespace: Namespace, skb: Skb, to: Address, route: Route, ttl: number): void {
  const output = namespace.outputOf(route)
  const mtu = namespace.pathMtu(to, output.mtu)
  routed(namespace, skb, 'output', to, route, ttl)
  if (isV4(to)) localOutV4(namespace, skb, route, output, mtu)
  else localOutV6(namespace, skb, route, output, mtu, to)
}

function refuse(namespace: Namespace, skb: Skb, family: Family, errors: Errors, detail: Refused): null {
  const { type, code } = errors[family]
  namespace.icmpError(skb, family, type, code, detail)
  drop(namespace.kernel, namespace.place, skb, detail.why)
  return null
}
