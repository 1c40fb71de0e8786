import type { Connection } from './connection.ts'
import { DELAYED_ACK, INVALID_RATE_LIMIT, QUICK_ACKS } from './constants.ts'
import { distance } from './sequence.ts'
import { sendAck } from './transmit.ts'
import { freeWindow, growWindow, offeredWindow } from './window.ts'

/**
 * When to acknowledge (RFC 9293 3.8.6.3, RFC 5681 4.2), as `tcp_event_data_recv` and `__tcp_ack_snd_check`: the first
 * segments of a connection, or of a burst after silence, at once; when data goes both ways, later and with the answer.
 * Linux lengthens the delay with the gaps it sees; here it is always 40 ms.
 */
export function dataArrived(c: Connection, count: number, inOrder: boolean): void {
  const { now } = c
  // Without SACK a window that grew would hide that an acknowledgment is a duplicate (`tcp_data_queue_ofo`).
  if (inOrder || c.sackOn) growWindow(c, count)
  if (count > c.largestSegment) c.largestSegment = count
  if (c.ato === 0 || now - c.lastReceived > c.roundTrip.timeout) moreQuick(c)
  c.ato = DELAYED_ACK
  c.lastReceived = now
}

/** Acknowledges what was received, now or in 40 ms. */
export function acknowledge(c: Connection): void {
  const unacknowledged = distance(c.received, c.windowFrom)
  const now = unacknowledged > c.largestSegment || (c.quick > 0 && !c.pingpong)
  if (now || c.arrived.hasGap || c.arrived.sackBlocks > 0) sendAck(c)
  else c.delayAck()
}

/** `tcp_event_data_sent`: an answer within the delay means a conversation. */
export function dataSent(c: Connection): void {
  if (c.ato > 0 && c.now - c.lastReceived < c.ato) c.pingpong = true
}

/** Something is not as it should be: the peer is to hear at once, and so for a while (`tcp_enter_quickack_mode`). */
export function quickAcks(c: Connection): void {
  moreQuick(c)
  c.pingpong = false
  c.ato = DELAYED_ACK
}

/** The user has read: tells the peer when the window has at least doubled (`__tcp_cleanup_rbuf`). */
export function afterRead(c: Connection): void {
  if (c.state === 'CLOSED' || c.state === 'TIME-WAIT') return
  const offered = offeredWindow(c)
  const free = freeWindow(c)
  const opened = 2 * offered <= c.windowClamp && free > 0 && free >= 2 * offered
  if (opened || (c.ackPending && distance(c.received, c.windowFrom) > c.largestSegment)) sendAck(c)
}

/** An ACK in answer to a segment that is not acceptable (RFC 5961 7, `tcp_oow_rate_limited`). */
export function challenge(c: Connection): void {
  if (c.now - c.lastInvalid < INVALID_RATE_LIMIT) return
  c.lastInvalid = c.now
  sendAck(c)
}

function moreQuick(c: Connection): void {
  c.quick = Math.max(c.quick, Math.min(QUICK_ACKS, Math.max(2, Math.floor(c.window / (2 * c.largestSegment)))))
}
