import { destination, hasTransport, Layout, locate, source } from '../../wire/fast/layout.ts'
import * as tcp from '../../wire/fast/tcp.ts'
import { Frame } from '../../wire/frame.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import type { Namespace } from '../namespace.ts'
import { Skb } from '../skb.ts'

const layout = new Layout()

/** RFC 9293 3.10.7.1 and `nf_send_reset`: a RST that the sender of this segment will believe. Never an answer to a RST. */
export function tcpReset(namespace: Namespace, skb: Skb): void {
  const { bytes: b, start, end } = skb.frame
  if (!locate(b, start, end, layout) || !hasTransport(layout) || layout.protocol !== PROTOCOL.tcp) return
  const t = layout.transport
  if (tcp.fault(b, t, layout.end) !== null) return
  const flags = tcp.flags(b, t)
  if ((flags & tcp.RST) !== 0) return
  const from = destination(b, layout)
  const to = source(b, layout)
  const acknowledged = (flags & tcp.ACK) !== 0
  const payload = layout.end - t - tcp.headerLength(b, t)
  const consumed = payload + ((flags & tcp.SYN) !== 0 ? 1 : 0) + ((flags & tcp.FIN) !== 0 ? 1 : 0)
  const sequence = acknowledged ? tcp.acknowledgment(b, t) : 0
  const acknowledgment = acknowledged ? 0 : (tcp.sequence(b, t) + consumed) | 0
  const bits = acknowledged ? tcp.RST : tcp.RST | tcp.ACK
  const frame = Frame.allocate(0)
  tcp.writeTcp(frame, from, to, tcp.destinationPort(b, t), tcp.sourcePort(b, t), sequence, acknowledgment, bits, 0)
  const answer = new Skb(frame, namespace.kernel.recorder.packet(), skb.cause)
  namespace.send(answer, { source: from, destination: to, protocol: PROTOCOL.tcp, dontFragment: true })
}
