import type { Connection, TimerHandlers } from './connection.ts'
import {
  ORPHAN_RETRIES,
  RETRIES2,
  RTO_MAX,
  RTO_MIN,
  SYN_LINEAR_TIMEOUTS,
  SYN_RETRIES,
  SYNACK_RETRIES,
} from './constants.ts'
import { finish } from './enter.ts'
import { detectLosses } from './losses.ts'
import { emit, push, sendAgain } from './output.ts'
import { recordRetransmit, recover, retransmitLost } from './recovery.ts'
import { distance, plus } from './sequence.ts'
import { armRetransmit, armTimeout, probeDelay, set } from './timer.ts'
import { payloadLimit, sendAck, sendProbe, sendReset } from './transmit.ts'

/** What happens when a connection's timers run out. */
export const timeouts: TimerHandlers = {
  retransmit(c) {
    const { pending } = c
    c.pending = 'none'
    if (pending === 'retransmit') retransmissionTimeout(c)
    else if (pending === 'reorder') reorderTimeout(c)
    else if (pending === 'loss-probe') lossProbe(c)
    else if (pending === 'window-probe') windowProbe(c)
  },

  acknowledge(c) {
    c.pingpong = false
    sendAck(c)
  },

  idle(c) {
    if (c.state === 'TIME-WAIT' || (c.state === 'FIN-WAIT-2' && c.orphan)) finish(c, null)
    else keepAlive(c)
  },
}

/** RFC 6298 5.4 to 5.7. */
function retransmissionTimeout(c: Connection): void {
  if (c.flight.empty) return
  if (c.retransmits === 0) c.retransmitsSince = c.flight.head.sentAt
  if (isHopeless(c)) return void giveUp(c)
  const synchronising = c.state === 'SYN-SENT' || c.state === 'SYN-RECEIVED'
  if (!synchronising) collapse(c)
  c.retransmits++
  if (c.state !== 'SYN-SENT' || c.retransmits > SYN_LINEAR_TIMEOUTS) c.roundTrip.backoff++
  if (synchronising) {
    recordRetransmit(c, c.flight.head, 'timeout')
    sendAgain(c, c.flight.head)
  } else retransmitLost(c, 1)
  armTimeout(c)
}

function collapse(c: Connection): void {
  if (c.loss !== 'loss' || c.retransmits === 0) c.congestion.collapse(c.flight.segments.length)
  c.congestion.cwnd = 1
  c.loss = 'loss'
  c.recover = c.nxt
  c.duplicates = 0
  c.flight.markAllLost()
}

/** `tcp_write_timeout`. */
function isHopeless(c: Connection): boolean {
  switch (c.state) {
    case 'SYN-SENT':
      return c.retransmits >= SYN_RETRIES + SYN_LINEAR_TIMEOUTS
    case 'SYN-RECEIVED':
      return c.retransmits >= SYNACK_RETRIES
    default: {
      const limit = backedOff(c.orphan ? ORPHAN_RETRIES : RETRIES2)
      return c.retransmits > 0 && c.now - c.retransmitsSince >= limit
    }
  }
}

/** `tcp_model_timeout`: how long so many retries take at the least RTO. */
function backedOff(retries: number): number {
  const doublings = Math.min(retries, Math.floor(Math.log2(RTO_MAX / RTO_MIN)))
  return (2 ** (doublings + 1) - 1) * RTO_MIN + (retries - doublings) * RTO_MAX
}

function giveUp(c: Connection): void {
  if (c.orphan) sendReset(c)
  finish(c, c.softError ?? 'ETIMEDOUT')
}

/** RFC 8985 6.3: what was late is lost now. */
function reorderTimeout(c: Connection): void {
  if (c.flight.empty) return
  recover(c, detectLosses(c))
  if (c.pending === 'none') armTimeout(c)
}

/** RFC 8985 7.3: something new if there is any, else the last segment again, so that the peer says what it has. */
function lossProbe(c: Connection): void {
  if (c.flight.empty) return
  c.lossProbeEnd = c.nxt
  const limit = payloadLimit(c)
  const room = distance(plus(c.una, c.sendWindow), c.nxt)
  if (c.unsent > 0 && Math.min(c.unsent, limit) <= room) emit(c, Math.min(c.unsent, limit), 0)
  else {
    recordRetransmit(c, c.flight.tail, 'timeout')
    sendAgain(c, c.flight.tail)
  }
  armTimeout(c)
}

/** RFC 9293 3.8.6.1. */
function windowProbe(c: Connection): void {
  if (!c.flight.empty) return void armRetransmit(c)
  push(c)
  if (!c.flight.empty || (c.unsent === 0 && (!c.finQueued || c.finSent))) return
  if (c.probes >= (c.orphan ? ORPHAN_RETRIES : RETRIES2)) return void giveUp(c)
  c.probes++
  const room = distance(plus(c.una, c.sendWindow), c.nxt)
  if (room > 0 && c.unsent > 0) {
    emit(c, Math.min(c.unsent, room, payloadLimit(c)), 0)
    return void armRetransmit(c)
  }
  sendProbe(c)
  c.roundTrip.backoff++
  set(c, 'window-probe', probeDelay(c))
}

/** RFC 9293 3.8.4; `tcp_keepalive_timer`. */
function keepAlive(c: Connection): void {
  const settings = c.options.keepAlive
  if (!settings || (c.state !== 'ESTABLISHED' && c.state !== 'CLOSE-WAIT')) return
  const quiet = c.now - c.lastHeard
  if (!c.flight.empty || c.unsent > 0) return void c.idleTimer.set(settings.idle)
  if (quiet < settings.idle) return void c.idleTimer.set(settings.idle - quiet)
  if (c.keepAliveProbes >= settings.count) {
    sendReset(c)
    return void finish(c, c.softError ?? 'ETIMEDOUT')
  }
  c.keepAliveProbes++
  sendProbe(c)
  c.idleTimer.set(settings.interval)
}
