import type { Family } from '../../util/address.ts'
import { drop } from '../drop.ts'
import type { Namespace } from '../namespace.ts'
import type { RouteKind } from '../route/route.ts'
import type { Skb } from '../skb.ts'

/** ICMP codes of "destination unreachable" (RFC 792, RFC 1812 5.2.7.1; RFC 4443 3.1) for a missing route and for each kind. */
const CODES = {
  4: { none: 0, unreachable: 1, prohibit: 13 },
  6: { none: 0, unreachable: 0, prohibit: 1 },
} as const
const UNREACHABLE = { 4: 3, 6: 1 } as const

/** `ip_error`, `ip6_pkt_discard`: no way on. A host that does not forward says nothing; a router tells the sender. */
export function noRoute(namespace: Namespace, skb: Skb, family: Family, kind: RouteKind | null): void {
  const { kernel, place, sysctl } = namespace
  if (!(family === 4 ? sysctl.ipForward : sysctl.ipv6Forward)) {
    drop(kernel, place, skb, 'not-forwarding')
    return
  }
  const why = kind === null ? 'none' : kind
  if (why === 'none' || why === 'unreachable' || why === 'prohibit') {
    namespace.icmpError(skb, family, UNREACHABLE[family], CODES[family][why], { why: 'no-route-in' })
  }
  drop(kernel, place, skb, 'no-route-in')
}

/** Addresses that cannot come from or go to any wire. Always true: the packet is gone. */
export function martian(namespace: Namespace, skb: Skb, which: 'source' | 'destination'): true {
  drop(namespace.kernel, (skb.input ?? namespace).place, skb, 'martian-source', `martian ${which}`)
  return true
}
