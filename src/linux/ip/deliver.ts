import type { V4 } from '../../util/address.ts'
import * as ipv4 from '../../wire/fast/ipv4.ts'
import * as udp from '../../wire/fast/udp.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import type { NetDevice } from '../device/net-device.ts'
import type { Namespace } from '../namespace.ts'
import type { Skb } from '../skb.ts'
import { icmpInput } from './icmp.ts'
import { unwanted } from './unwanted.ts'

/** `ip_local_deliver`: whole packets, through INPUT, to the protocol they carry. */
export function deliverV4(namespace: Namespace, device: NetDevice, skb: Skb): void {
  const first = skb.frame
  if (ipv4.isFragment(first.bytes, first.start) && namespace.defragment(skb, 4, 'local') === null) return
  if (namespace.netfilter !== null && !namespace.netfilter.run('INPUT', 4, skb, device, null)) return
  const { frame } = skb
  const { bytes: b, start: o, end } = frame
  const protocol = ipv4.protocol(b, o)
  if (protocol === PROTOCOL.icmp) {
    icmpInput(namespace, skb)
    return
  }
  if (protocol === PROTOCOL.udp && namespace.tunnels !== null) {
    const t = ipv4.transport(b, o)
    const tunnel = end - t >= udp.UDP ? namespace.tunnels.get(udp.destinationPort(b, t)) : undefined
    if (tunnel !== undefined) {
      tunnel.receive(skb, t)
      return
    }
  }
  toTransport(namespace, skb, protocol, ipv4.source(b, o), ipv4.destination(b, o), ipv4.ttl(b, o))
}

/** Hands a packet to the sockets; what they do not want is answered as RFC 1122 3.2.2.1 has it. */
function toTransport(namespace: Namespace, skb: Skb, protocol: number, from: V4, to: V4, ttl: number): void {
  const { frame } = skb
  const header = ipv4.headerLength(frame.bytes, frame.start)
  frame.pull(header)
  const verdict = namespace.transport?.receive(skb, protocol, from, to, ttl) ?? 'no-socket'
  if (verdict === 'delivered') return
  frame.push(header)
  unwanted(namespace, skb, 4, protocol, verdict)
}
