import * as ipv4 from '../../wire/fast/ipv4.ts'
import type { NetDevice } from '../device/net-device.ts'
import type { Namespace } from '../namespace.ts'
import type { Route } from '../route/route.ts'
import type { Skb } from '../skb.ts'

const REDIRECT = 5
const HOST = 1

/**
 * `ip_rt_send_redirect`: a packet leaves by the device it came in by, from a sender on that very network, who could have gone
 * the direct way. Conntrack drops the message when the flow is translated (`nf_nat_icmp_reply_translation`).
 */
export function redirect(namespace: Namespace, device: NetDevice, skb: Skb, route: Route): void {
  if (!namespace.sysctl.sendRedirects) return
  const { bytes: b, start: o } = skb.frame
  const from = ipv4.source(b, o)
  const back = namespace.fibs.v4.lookupV4(from)
  if (back === null || back.device !== device || back.via !== null) return
  const gateway = route.via ?? ipv4.destination(b, o)
  if (typeof gateway !== 'number' || !namespace.icmpLimit.redirect(from)) return
  namespace.icmpError(skb, 4, REDIRECT, HOST, { why: 'redirect', gateway })
}
