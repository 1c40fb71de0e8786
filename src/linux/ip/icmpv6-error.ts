import * as icmp from '../../wire/fast/icmp.ts'
import * as ipv6 from '../../wire/fast/ipv6.ts'
import { hasTransport, Layout, locate } from '../../wire/fast/layout.ts'
import { Frame } from '../../wire/frame.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import type { NetDevice } from '../device/net-device.ts'
import type { Namespace } from '../namespace.ts'
import { Skb } from '../skb.ts'
import { isLinkLocal, isMulticastV6, linkLocal } from './address.ts'
import { type ErrorDetail, noteError } from './icmp-error.ts'
import { refusal } from './refusal.ts'

const TOO_BIG = 2
/** RFC 4443 2.4(c): as much of the packet as fits in the smallest MTU. */
const LONGEST = 1280

const layout = new Layout()

/** `icmp6_send`: an error about `skb`, whose `frame.start` is at its IPv6 header. The packet stays the caller's. */
export function icmpErrorV6(namespace: Namespace, skb: Skb, type: number, code: number, detail: ErrorDetail): void {
  const { bytes: b, start: o, end } = skb.frame
  if (!answerable(skb, type)) return
  const to = ipv6.source(b, o)
  const original = ipv6.destination(b, o)
  const link = isLinkLocal(to) ? (skb.input as NetDevice | null) : null
  const route = link === null ? namespace.fibs.v6.lookupV6(to) : null
  if (link === null && refusal(route) !== null) return
  const source = namespace.isLocal(original)
    ? original
    : link === null
      ? namespace.sourceOf(route!, to)
      : linkLocal(link.mac)
  if (source === null || typeof source === 'number') return
  if (type !== TOO_BIG && route !== null && route.kind !== 'local') {
    // Wider prefixes get more (icmpv6_xrlim_allow).
    const interval = namespace.sysctl.icmpRateLimit >> ((128 - route.length) >> 5)
    if (!namespace.icmpLimit.allow(to, interval)) return
  }
  const length = Math.min(end - o, LONGEST - ipv6.IPV6 - icmp.ICMP)
  const frame = Frame.allocate(length)
  const at = frame.put(length)
  for (let i = 0; i < length; i++) frame.bytes[at + i] = b[o + i]
  icmp.writeIcmpv6(frame, source, to, type, code, detail.mtu ?? detail.pointer ?? 0)
  const answer = new Skb(frame, namespace.kernel.recorder.packet(), noteError(namespace, skb, type, code, to, detail))
  answer.relate(skb)
  const device = link === null ? {} : { device: link }
  namespace.send(answer, { source, destination: to, protocol: PROTOCOL.icmpv6, ...device })
}

/** RFC 4443 2.4(e): never about an ICMPv6 error, nor, but for "too big", about what was sent to a group. */
function answerable(skb: Skb, type: number): boolean {
  const { bytes: b, start: o, end } = skb.frame
  const from = ipv6.source(b, o)
  if (isMulticastV6(from) || (from.a | from.b | from.c | from.d) === 0) return false
  if (ipv6.isMulticast(b, o) && type !== TOO_BIG) return false
  if (!locate(b, o, end, layout)) return false
  if (layout.protocol !== PROTOCOL.icmpv6 || !hasTransport(layout)) return true
  return layout.transport < end && !icmp.isErrorV6(icmp.type(b, layout.transport))
}
