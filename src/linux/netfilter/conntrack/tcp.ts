import * as tcp from '../../../wire/fast/tcp.ts'
import type { Connection } from '../connection.ts'
import { IGNORE, INDEX, INVALID, transition } from './tcp-table.ts'
import { TCP_STATES, TcpSide, TcpTrack } from './tcp-track.ts'
import { before, inWindow, readOptions, segmentEnd } from './tcp-window.ts'
import type { Timeouts } from './timeouts.ts'

const SYN_SENT = 1
const SYN_RECV = 2
const ESTABLISHED = 3
const FIN_WAIT = 4
const TIME_WAIT = 7
const CLOSE = 8

/** Without an answer to this many repetitions the timeout is RETRANS (nf_conntrack_tcp_max_retrans). */
const MAX_RETRANSMISSIONS = 3

/** What became of a segment. `repeat`: the entry was closed and is gone, look the segment up again. */
export type TcpVerdict = 'accept' | 'invalid' | 'repeat' | 'kill'

/** tcp_new: the state of a connection that begins with this segment, or null when none can. */
export function newTcp(b: Uint8Array, t: number, end: number): TcpTrack | null {
  const index = indexOf(tcp.flags(b, t))
  const state = transition(0, index, 0)
  if (state >= IGNORE) return null
  const track = new TcpTrack()
  const [sender, receiver] = track.sides
  const window = tcp.window(b, t)
  sender.end = sender.maxEnd = segmentEnd(b, t, end)
  sender.maxWindow = window === 0 ? 1 : window
  if (state === SYN_SENT) readOptions(b, t, sender)
  else {
    // Picked up in the middle (nf_conntrack_tcp_loose): the windows are guesses.
    sender.maxEnd = (sender.end + sender.maxWindow) | 0
    sender.sackPermitted = receiver.sackPermitted = true
    sender.liberal = receiver.liberal = true
  }
  return track
}

/** nf_conntrack_tcp_packet: moves the connection on. Sets `expires` (seconds from now are returned through `refresh`). */
export function tcpPacket(
  connection: Connection,
  track: TcpTrack,
  direction: 0 | 1,
  b: Uint8Array,
  t: number,
  end: number,
  timeouts: Timeouts['tcp'],
  refresh: (connection: Connection, seconds: number) => void,
): TcpVerdict {
  const flags = tcp.flags(b, t)
  const index = indexOf(flags)
  const old = track.state
  let next = transition(direction, index, old)
  if (next === INVALID) return 'invalid'
  if (next === SYN_SENT && old >= TIME_WAIT && reopens(track, direction)) return 'repeat'
  if (next === IGNORE || (next === SYN_SENT && old >= TIME_WAIT)) {
    if (!answersIgnoredSyn(track, direction, index, b, t)) {
      noteIgnored(track, direction, index, b, t, end)
      return 'accept'
    }
    adoptIgnoredSyn(track, direction)
    next = SYN_RECV
  }
  let checked = false
  if (next === CLOSE && index === INDEX.rst) {
    const verdict = judgeReset(connection, track, direction, b, t)
    if (verdict === 'invalid') return 'invalid'
    if (verdict === 'challenge') next = old
    checked = verdict === 'refused'
  }
  if (!checked && !inWindow(track, direction, index, b, t, end)) return 'invalid'
  track.lastIndex = index
  track.lastDirection = direction
  track.state = next
  if (index === INDEX.ack) track.closedWindow = tcp.window(b, t) === 0
  if (next === FIN_WAIT && old !== FIN_WAIT) track.sides[direction].closeInitiated = true
  if (!connection.seenReply && (flags & tcp.RST) !== 0) return 'kill'
  if (
    connection.seenReply &&
    !connection.assured &&
    (old === SYN_RECV || old === ESTABLISHED) &&
    next === ESTABLISHED
  ) {
    connection.assured = true
  }
  const seconds = timeoutOf(track, next, timeouts)
  // Picked up in the middle and not answered yet: not for five days.
  const guess = !connection.seenReply && next === ESTABLISHED
  refresh(connection, guess ? Math.min(seconds, timeouts.UNACK) : seconds)
  return 'accept'
}

export function indexOf(flags: number): number {
  if ((flags & tcp.RST) !== 0) return INDEX.rst
  if ((flags & tcp.SYN) !== 0) return (flags & tcp.ACK) !== 0 ? INDEX.synAck : INDEX.syn
  if ((flags & tcp.FIN) !== 0) return INDEX.fin
  return (flags & tcp.ACK) !== 0 ? INDEX.ack : INDEX.none
}

/** tcp_valid_flags: PSH, ECE and CWR may go with anything, URG with all but RST and FIN alone. */
const VALID_FLAGS: ReadonlySet<number> = new Set([
  tcp.SYN,
  tcp.SYN | tcp.URG,
  tcp.SYN | tcp.ACK,
  tcp.RST,
  tcp.RST | tcp.ACK,
  tcp.FIN | tcp.ACK,
  tcp.FIN | tcp.ACK | tcp.URG,
  tcp.ACK,
  tcp.ACK | tcp.URG,
])

export const validFlags = (flags: number): boolean => VALID_FLAGS.has(flags & ~(tcp.ECE | tcp.CWR | tcp.PSH))

/** RFC 1122 4.2.2.13: a SYN may reopen a connection that was closed actively, or aborted. */
function reopens({ sides, lastDirection, lastIndex }: TcpTrack, direction: 0 | 1): boolean {
  return sides[0].closeInitiated || sides[1].closeInitiated || (lastDirection === direction && lastIndex === INDEX.rst)
}

/** A SYN+ACK for a SYN that was let through unexplained: both ends agree, only the table did not. */
function answersIgnoredSyn(track: TcpTrack, direction: number, index: number, b: Uint8Array, t: number): boolean {
  return (
    index === INDEX.synAck &&
    track.lastIndex === INDEX.syn &&
    track.lastDirection !== direction &&
    tcp.acknowledgment(b, t) === track.lastEnd
  )
}

function adoptIgnoredSyn(track: TcpTrack, direction: 0 | 1): void {
  const sender = track.sides[track.lastDirection]
  sender.end = sender.maxEnd = track.lastEnd
  sender.maxWindow = track.lastWindow === 0 ? 1 : track.lastWindow
  sender.scale = track.ignoredScale
  sender.windowScale = track.ignoredWindowScale
  sender.sackPermitted = track.ignoredSack
  sender.closeInitiated = sender.liberal = sender.unacknowledged = sender.maxAckSet = false
  track.sides[direction].reset()
}

function noteIgnored(track: TcpTrack, direction: number, index: number, b: Uint8Array, t: number, end: number): void {
  track.lastIndex = index
  track.lastDirection = direction
  track.lastSequence = tcp.sequence(b, t)
  track.lastEnd = segmentEnd(b, t, end)
  track.lastWindow = tcp.window(b, t)
  if (index !== INDEX.syn || direction !== 0) return
  const offered = new TcpSide()
  readOptions(b, t, offered)
  track.ignoredScale = offered.scale
  track.ignoredWindowScale = offered.windowScale
  track.ignoredSack = offered.sackPermitted
}

/**
 * `refused` answers a SYN or ACK that was let through, `challenge` has a wrong sequence number that RFC 5961 3.2 makes the
 * receiver question, so the state stays.
 */
function judgeReset(
  connection: Connection,
  track: TcpTrack,
  direction: 0 | 1,
  b: Uint8Array,
  t: number,
): 'check' | 'invalid' | 'refused' | 'challenge' {
  const other = track.sides[direction ^ 1]
  const sequence = tcp.sequence(b, t)
  const open = track.state === ESTABLISHED
  const answers = tcp.acknowledgment(b, t) === track.lastEnd
  if (other.maxAckSet) {
    if (sequence === 0 && !open) return 'check'
    if (before(sequence, other.maxAck)) return 'invalid'
    if (!open || sequence === other.maxAck) return 'check'
    const follows = track.lastIndex === INDEX.ack && track.lastDirection === direction && sequence === track.lastEnd
    return follows ? 'check' : 'challenge'
  }
  const refused =
    (connection.seenReply && track.lastIndex === INDEX.syn) || (!connection.assured && track.lastIndex === INDEX.ack)
  return refused && answers ? 'refused' : 'check'
}

function timeoutOf(track: TcpTrack, state: number, timeouts: Timeouts['tcp']): number {
  const usual = timeouts[TCP_STATES[state]]
  const [a, b] = track.sides
  const stuck = track.retransmissions >= MAX_RETRANSMISSIONS || track.closedWindow
  if (stuck && usual > timeouts.RETRANS) return timeouts.RETRANS
  if ((a.unacknowledged || b.unacknowledged) && usual > timeouts.UNACK) return timeouts.UNACK
  return usual
}
