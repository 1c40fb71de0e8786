import { MILLISECOND } from '../../../sim/time.ts'
import { ACK, FIN, RST, SYN } from '../../../wire/fast/tcp.ts'
import type { Connection } from './connection.ts'
import { DEFAULT_MSS } from './constants.ts'
import { enter } from './enter.ts'
import { syncMss } from './mss.ts'
import { push } from './output.ts'
import type { Segment } from './segment.ts'
import { after, plus } from './sequence.ts'
import { clear } from './timer.ts'
import { sendAck, timestamp, transmit } from './transmit.ts'
import { resetByPeer } from './validate.ts'

/** What the peer's SYN says: initial sequence number, MSS, and which options both sides have. */
export function learn(c: Connection, syn: Segment): void {
  c.irs = syn.seq
  c.received = plus(syn.seq, 1)
  c.windowFrom = c.received
  c.peerMss = syn.mss || DEFAULT_MSS
  c.sackOn &&= syn.sackPermitted
  c.timestampsOn &&= syn.timestamps
  if (syn.timestamps) c.tsRecent = syn.tsValue
  if (syn.windowScale >= 0 && c.receiveScale >= 0) c.sendScale = syn.windowScale
  else {
    c.sendScale = 0
    c.receiveScale = -1
  }
  // The window in a SYN is never scaled (RFC 7323 2.2).
  c.sendWindow = syn.window
  c.maxSendWindow = syn.window
  c.wl1 = syn.seq
  syncMss(c, c.mtu)
}

/** RFC 9293 3.10.7.3. 'reset': the segment is to be answered with a reset; 'drop': it means nothing here. */
export function inSynSent(c: Connection, segment: Segment): 'done' | 'reset' | 'drop' {
  const acknowledges = segment.has(ACK)
  if (acknowledges && (!after(segment.ack, c.iss) || after(segment.ack, c.nxt) || isForeignEcho(c, segment))) {
    return segment.has(RST) ? 'drop' : 'reset'
  }
  if (segment.has(RST)) {
    if (acknowledges) resetByPeer(c)
    return acknowledges ? 'done' : 'drop'
  }
  if (!segment.has(SYN) || segment.has(FIN)) return 'drop'
  learn(c, segment)
  if (!acknowledges) return simultaneous(c)
  c.una = segment.ack
  c.wl2 = segment.ack
  measureHandshake(c)
  establish(c)
  sendAck(c)
  push(c)
  return 'done'
}

/** Both SYNs have been acknowledged. */
export function establish(c: Connection): void {
  c.flight.clear()
  clear(c)
  c.retransmits = 0
  c.roundTrip.backoff = 0
  enter(c, 'ESTABLISHED')
  c.lastReceived = c.now
  const { keepAlive } = c.options
  if (keepAlive) c.idleTimer.set(keepAlive.idle)
  c.wakeWriters()
}

/** The SYN's round trip, unless it was sent twice (Karn, RFC 6298 3). */
export function measureHandshake(c: Connection): void {
  const syn = c.flight.head
  if (syn !== undefined && syn.transmissions === 1) c.roundTrip.measure(c.now - syn.sentAt)
}

/** Both sides sent a SYN at once (RFC 9293 figure 7). */
function simultaneous(c: Connection): 'done' {
  enter(c, 'SYN-RECEIVED')
  transmit(c, c.iss, 0, SYN | ACK)
  return 'done'
}

/** RFC 7323 3.2: an echo of a timestamp never sent. */
function isForeignEcho(c: Connection, segment: Segment): boolean {
  if (!segment.timestamps || segment.tsEcho === 0 || c.flight.empty) return false
  const sinceFirst = Math.ceil((c.now - c.openedAt) / MILLISECOND) + 1
  const age = (timestamp(c) - segment.tsEcho) | 0
  return age < 0 || age > sinceFirst
}
