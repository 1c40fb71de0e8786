import { type Address, isV4, type V6 } from '../../util/address.ts'
import { echoWord, writeIcmp, writeIcmpv6 } from '../../wire/fast/icmp.ts'
import { writeUdp } from '../../wire/fast/udp.ts'
import { Frame } from '../../wire/frame.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import type { Errno } from '../errno.ts'
import type { SendOptions } from '../ip/layer.ts'
import type { Namespace } from '../namespace.ts'
import { Skb } from '../skb.ts'

export interface ProbeOptions extends Partial<SendOptions> {
  /** Bytes after the ICMP or UDP header. */
  readonly size?: number
  readonly id?: number
  readonly sequence?: number
  readonly port?: number
}

/** Sends an echo request, as ping does: DF set unless told. */
export function ping(from: Namespace, to: Address, options: ProbeOptions = {}): Errno | null {
  const { size = 56, id = 7, sequence = 1 } = options
  return emit(from, to, isV4(to) ? PROTOCOL.icmp : PROTOCOL.icmpv6, size, options, (frame, source) => {
    if (isV4(to)) writeIcmp(frame, 8, 0, echoWord(id, sequence))
    else writeIcmpv6(frame, source as V6, to, 128, 0, echoWord(id, sequence))
  })
}

/** Sends a UDP datagram from port 40000. */
export function datagram(from: Namespace, to: Address, options: ProbeOptions = {}): Errno | null {
  const { size = 12, port = 33434 } = options
  return emit(from, to, PROTOCOL.udp, size, options, (frame, source) => writeUdp(frame, source, to, 40000, port))
}

function emit(
  from: Namespace,
  to: Address,
  protocol: number,
  size: number,
  options: ProbeOptions,
  header: (frame: Frame, source: Address) => void,
): Errno | null {
  const way = from.route(to, options.source ?? null)
  if (typeof way === 'string') return way
  const frame = Frame.allocate(size)
  const at = frame.put(size)
  for (let i = 0; i < size; i++) frame.bytes[at + i] = i
  header(frame, way.source)
  const skb = new Skb(frame, from.kernel.recorder.packet(), 0)
  return from.send(skb, { dontFragment: true, ...options, source: way.source, destination: to, protocol })
}
