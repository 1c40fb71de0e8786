import { destination, isFragment, Layout, locate, source } from '../../wire/fast/layout.ts'
import * as udp from '../../wire/fast/udp.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import type { NetDevice } from '../device/net-device.ts'
import { drop } from '../drop.ts'
import type { Namespace } from '../namespace.ts'
import type { Skb } from '../skb.ts'
import { icmpv6Input } from './icmpv6.ts'
import { unwanted } from './unwanted.ts'

const layout = new Layout()

/** `ip6_input`: whole packets, through INPUT, past their extension headers, to the protocol they carry. */
export function deliverV6(namespace: Namespace, device: NetDevice, skb: Skb): void {
  if (!find(namespace, skb)) return
  if (isFragment(layout) && namespace.defragment(skb, 6, 'local') === null) return
  if (namespace.netfilter !== null && !namespace.netfilter.run('INPUT', 6, skb, device, null)) return
  if (!find(namespace, skb)) return
  const { frame } = skb
  const { bytes: b, start: o } = frame
  const { protocol, transport: t, end } = layout
  if (protocol === PROTOCOL.icmpv6) {
    icmpv6Input(namespace, device, skb, t, end)
    return
  }
  if (protocol === PROTOCOL.udp && namespace.tunnels !== null && end - t >= udp.UDP) {
    const tunnel = namespace.tunnels.get(udp.destinationPort(b, t))
    if (tunnel !== undefined) {
      tunnel.receive(skb, t)
      return
    }
  }
  const header = t - o
  const from = source(b, layout)
  const to = destination(b, layout)
  const hops = b[o + 7]
  frame.pull(header)
  const verdict = namespace.transport?.receive(skb, protocol, from, to, hops) ?? 'no-socket'
  if (verdict === 'delivered') return
  frame.push(header)
  unwanted(namespace, skb, 6, protocol, verdict)
}

/** Fills in `layout`; false when the headers make no sense, and the packet is gone. */
function find(namespace: Namespace, skb: Skb): boolean {
  const { bytes, start, end } = skb.frame
  if (locate(bytes, start, end, layout)) return true
  drop(namespace.kernel, namespace.place, skb, 'ip-header')
  return false
}
