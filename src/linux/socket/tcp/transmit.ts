import { MILLISECOND } from '../../../sim/time.ts'
import { ACK, RST, SYN, writeTcp } from '../../../wire/fast/tcp.ts'
import { Frame } from '../../../wire/frame.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import type { Errno } from '../../errno.ts'
import { Skb } from '../../skb.ts'
import type { Connection } from './connection.ts'
import { OptionWriter, TIMESTAMPS_LENGTH } from './options.ts'
import { distance, plus } from './sequence.ts'
import { firstWindow, selectWindow } from './window.ts'

const writer = new OptionWriter()

/** TSval: milliseconds, from an offset of the connection's own (`tcp_time_stamp_ts`). */
export function timestamp(c: Connection): number {
  return (c.tsOffset + Math.floor(c.now / MILLISECOND)) | 0
}

/** What a segment's data may take: the MSS less the options every segment carries (RFC 6691). */
export function payloadLimit(c: Connection): number {
  const blocks = c.sackOn ? c.arrived.sackBlocks : 0
  return c.mss - (c.timestampsOn ? TIMESTAMPS_LENGTH : 0) - (blocks > 0 ? 4 + 8 * blocks : 0)
}

/** What an MTU leaves after the IP and TCP headers without options. */
export function mssFor(c: Connection, mtu: number): number {
  return mtu - (typeof c.remote.address === 'number' ? 40 : 60)
}

/** `ipv4_default_advmss`: no IPv4 packet is longer than 65535 bytes, whatever the MTU of `lo` says. */
export function advertisedMss(c: Connection, mtu: number): number {
  return mssFor(c, typeof c.remote.address === 'number' ? Math.min(mtu, 65_535) : mtu)
}

/** Sends a segment that starts at `seq` with `count` bytes of what was written. */
export function transmit(c: Connection, seq: number, count: number, flags: number): Errno | null {
  const frame = Frame.allocate(count)
  if (count > 0) {
    const at = frame.put(count)
    c.toSend.copy(distance(seq, c.bufferStart), count, frame.bytes, at)
  }
  const syn = (flags & SYN) !== 0
  const window = syn ? synWindow(c) : selectWindow(c)
  writeOptions(c, syn, flags)
  const { local, remote } = c
  const ack = flags & ACK ? c.received : 0
  const { address, port } = local
  writeTcp(frame, address, remote.address, port, remote.port, seq, ack, flags, window, writer.bytes, writer.length)
  c.lastSent = c.now
  return c.ip.send(new Skb(frame, c.ip.kernel.recorder.packet(), c.cause), {
    source: address,
    destination: remote.address,
    protocol: PROTOCOL.tcp,
    ttl: c.options.ttl,
    dontFragment: true,
  })
}

/** An acknowledgment alone: it takes the sequence number that is sure to be in the peer's window. */
export function sendAck(c: Connection): void {
  c.clearAck()
  c.quick = Math.max(0, c.quick - 1)
  transmit(c, c.nxt, 0, ACK)
}

/** A segment that the peer must answer, because it has seen that sequence number already (`tcp_xmit_probe_skb`). */
export function sendProbe(c: Connection): void {
  transmit(c, plus(c.una, -1), 0, ACK)
}

/** `tcp_send_active_reset`. */
export function sendReset(c: Connection): void {
  transmit(c, c.nxt, 0, RST | ACK)
}

function synWindow(c: Connection): number {
  // A SYN,ACK's timestamps are agreed on already, so that they count.
  const mss = c.advertisedMss - (c.passive && c.timestampsOn ? TIMESTAMPS_LENGTH : 0)
  c.windowLimit = firstWindow(c.receiveSpace, mss)
  c.window = c.windowLimit
  c.windowFrom = c.received
  return c.window
}

function writeOptions(c: Connection, syn: boolean, flags: number): void {
  writer.clear()
  if (syn) {
    writer.syn(c.advertisedMss, c.sackOn, c.timestampsOn, timestamp(c), flags & ACK ? c.tsRecent : 0, c.receiveScale)
    return
  }
  if (c.timestampsOn) writer.timestamps(timestamp(c), c.tsRecent)
  if (c.sackOn && (flags & RST) === 0 && c.arrived.sackBlocks > 0) writer.sack(c.arrived.takeSack())
}
