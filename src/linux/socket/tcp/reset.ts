import type { StepId } from '../../../trace/step.ts'
import type { Address } from '../../../util/address.ts'
import { ACK, RST, writeTcp } from '../../../wire/fast/tcp.ts'
import { Frame } from '../../../wire/frame.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import type { IpLayer } from '../../ip/layer.ts'
import { Skb } from '../../skb.ts'
import { OptionWriter } from './options.ts'
import type { Segment } from './segment.ts'

const writer = new OptionWriter()

/** Where a segment came from and went to. */
export interface Ends {
  readonly source: Address
  readonly sourcePort: number
  readonly destination: Address
  readonly destinationPort: number
}

/** Answers a segment that fits no connection (RFC 9293 3.10.7.1; `tcp_v4_send_reset`). A reset is never answered. */
export function resetReply(ip: IpLayer, segment: Segment, ends: Ends, cause: StepId): void {
  if (segment.has(RST)) return
  if (segment.has(ACK)) bare(ip, ends, segment.ack, 0, RST, 0, cause)
  else bare(ip, ends, 0, segment.end, RST | ACK, 0, cause)
}

/** The answer of a connection in TIME-WAIT (`tcp_v4_timewait_ack`). */
export function bareAck(
  ip: IpLayer,
  ends: Ends,
  seq: number,
  ack: number,
  window: number,
  cause: StepId,
  timestamps: readonly [number, number] | null,
): void {
  writer.clear()
  if (timestamps !== null) writer.timestamps(timestamps[0], timestamps[1])
  bare(ip, ends, seq, ack, ACK, window, cause, writer)
}

function bare(
  ip: IpLayer,
  { source, sourcePort, destination, destinationPort }: Ends,
  seq: number,
  ack: number,
  flags: number,
  window: number,
  cause: StepId,
  options: OptionWriter = writer.clear(),
): void {
  const frame = Frame.allocate(0)
  const { bytes, length } = options
  writeTcp(frame, destination, source, destinationPort, sourcePort, seq, ack, flags, window, bytes, length)
  ip.send(new Skb(frame, ip.kernel.recorder.packet(), cause), {
    source: destination,
    destination: source,
    protocol: PROTOCOL.tcp,
    dontFragment: true,
  })
}
