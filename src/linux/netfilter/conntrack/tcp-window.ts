import { i32 } from '../../../wire/fast/bytes.ts'
import * as tcp from '../../../wire/fast/tcp.ts'
import type { TcpSide, TcpTrack } from './tcp-track.ts'

const OPTION_WINDOW_SCALE = 3
const OPTION_SACK_PERMITTED = 4
const OPTION_SACK = 5
/** RFC 7323 2.3. */
const MAX_SCALE = 14
const MAX_ACK_WINDOW = 66_000

/** Sequence numbers compare modulo 2^32. */
export const before = (a: number, b: number): boolean => ((a - b) | 0) < 0
export const after = (a: number, b: number): boolean => ((b - a) | 0) < 0

/** The sequence number after the segment; SYN and FIN take one each. */
export function segmentEnd(b: Uint8Array, t: number, end: number): number {
  const flags = tcp.flags(b, t)
  const data = end - t - tcp.headerLength(b, t)
  return (tcp.sequence(b, t) + data + ((flags & tcp.SYN) !== 0 ? 1 : 0) + ((flags & tcp.FIN) !== 0 ? 1 : 0)) | 0
}

/** tcp_options: window scale and SACK permitted, as a SYN offers them. */
export function readOptions(b: Uint8Array, t: number, side: TcpSide): void {
  side.scale = 0
  side.windowScale = side.sackPermitted = false
  const scale = tcp.option(b, t, OPTION_WINDOW_SCALE)
  if (scale >= 0 && b[scale + 1] === 3) {
    side.scale = Math.min(b[scale + 2], MAX_SCALE)
    side.windowScale = true
  }
  const sack = tcp.option(b, t, OPTION_SACK_PERMITTED)
  side.sackPermitted = sack >= 0 && b[sack + 1] === 2
}

/**
 * tcp_in_window (after van Rooij, "Real Stateful TCP Packet Filtering in IP Filter"): whether a segment lies where its
 * receiver could take it, and what it teaches about both sides.
 */
export function inWindow(
  track: TcpTrack,
  direction: 0 | 1,
  index: number,
  b: Uint8Array,
  t: number,
  packetEnd: number,
): boolean {
  const sender = track.sides[direction]
  const receiver = track.sides[direction ^ 1]
  const flags = tcp.flags(b, t)
  const hasAck = (flags & tcp.ACK) !== 0
  const win = tcp.window(b, t)
  let seq = tcp.sequence(b, t)
  let end = segmentEnd(b, t, packetEnd)
  let ack = tcp.acknowledgment(b, t)
  let sack = receiver.sackPermitted ? highestSack(b, t, ack) : ack

  if (sender.maxWindow === 0) {
    if ((flags & tcp.SYN) !== 0) {
      startFromSyn(sender, b, t, end, win)
      if (!sender.windowScale || !receiver.windowScale) sender.scale = receiver.scale = 0
      if (!hasAck) return true
    } else startFromMiddle(sender, receiver, end, win, sack)
  } else if (
    ((track.state === SYN_SENT && direction === 0) || (track.state === SYN_RECV && direction === 1)) &&
    after(end, sender.end)
  ) {
    startFromSyn(sender, b, t, end, win)
  }

  const reset = (flags & tcp.RST) !== 0
  if (!hasAck || (reset && ack === 0)) ack = sack = receiver.end
  if (seq === end && (!reset || (seq === 0 && track.state === SYN_SENT))) seq = end = sender.end

  const ackWindow = Math.max(sender.maxWindow, MAX_ACK_WINDOW)
  const fits =
    before(seq, sender.maxEnd + 1) &&
    after(end, sender.end - receiver.maxWindow - 1) &&
    before(sack, receiver.end + 1) &&
    after(sack, receiver.end - ackWindow - 1)
  if (!fits) return sender.liberal
  learn(sender, receiver, flags, end, ack, sack, win)
  if (index === INDEX_ACK) noteRetransmission(track, direction, seq, ack, end, win)
  return true
}

const SYN_SENT = 1
const SYN_RECV = 2
const INDEX_ACK = 3

function startFromSyn(sender: TcpSide, b: Uint8Array, t: number, end: number, win: number): void {
  sender.end = sender.maxEnd = end
  sender.maxWindow = win === 0 ? 1 : win
  readOptions(b, t, sender)
}

/** The connection is older than the table: guess from this segment. */
function startFromMiddle(sender: TcpSide, receiver: TcpSide, end: number, win: number, sack: number): void {
  const scaled = win << sender.scale
  sender.end = end
  sender.maxWindow = scaled === 0 ? 1 : scaled
  sender.maxEnd = (end + sender.maxWindow) | 0
  if (receiver.maxWindow === 0) receiver.end = receiver.maxEnd = sack
}

function learn(
  sender: TcpSide,
  receiver: TcpSide,
  flags: number,
  end: number,
  ack: number,
  sack: number,
  win: number,
): void {
  const window = (flags & tcp.SYN) === 0 ? win << sender.scale : win
  const seen = window + ((sack - ack) | 0)
  if (sender.maxWindow < seen) sender.maxWindow = seen
  if (after(end, sender.end)) {
    sender.end = end
    sender.unacknowledged = true
  }
  if ((flags & tcp.ACK) !== 0 && (!sender.maxAckSet || after(ack, sender.maxAck))) {
    sender.maxAck = ack
    sender.maxAckSet = true
  }
  if (receiver.maxWindow !== 0 && after(end, sender.maxEnd)) receiver.maxWindow += (end - sender.maxEnd) | 0
  if (after(sack + window, receiver.maxEnd - 1)) receiver.maxEnd = (sack + window + (window === 0 ? 1 : 0)) | 0
  if (ack === receiver.end) receiver.unacknowledged = false
}

function noteRetransmission(
  track: TcpTrack,
  direction: number,
  seq: number,
  ack: number,
  end: number,
  win: number,
): void {
  const again =
    track.lastDirection === direction &&
    track.lastSequence === seq &&
    track.lastAck === ack &&
    track.lastEnd === end &&
    track.lastWindow === win
  if (again) {
    track.retransmissions++
    return
  }
  track.lastDirection = direction
  track.lastSequence = seq
  track.lastAck = ack
  track.lastEnd = end
  track.lastWindow = win
  track.retransmissions = 0
}

/** tcp_sack: the highest right edge of the blocks. */
function highestSack(b: Uint8Array, t: number, ack: number): number {
  let highest = ack
  const at = tcp.option(b, t, OPTION_SACK)
  if (at < 0 || (b[at + 1] - 2) % 8 !== 0) return highest
  for (let o = at + 2; o + 8 <= at + b[at + 1]; o += 8) {
    const edge = i32(b, o + 4)
    if (after(edge, highest)) highest = edge
  }
  return highest
}
