import { MILLISECOND } from '../../../sim/time.ts'
import type { Connection, Pending } from './connection.ts'
import { RTO_MAX, RTO_MIN } from './constants.ts'

/** What a loss probe waits for beside two round trips when more than one segment is out (TCP_TIMEOUT_MIN). */
const PROBE_SLACK = 2 * MILLISECOND

/** RFC 6298 5.1 and 5.3: from now, for one timeout. A loss probe comes first where it would be earlier (RFC 8985 7.2). */
export function armRetransmit(c: Connection): void {
  const timeout = c.roundTrip.timeout
  if (!mayProbe(c)) return void set(c, 'retransmit', timeout)
  const slack = c.flight.segments.length === 1 ? RTO_MIN : PROBE_SLACK
  set(c, 'loss-probe', Math.min(timeout, Math.round(2 * c.roundTrip.smoothed) + slack))
}

/** After a loss probe, or a timeout: no further probe. */
export function armTimeout(c: Connection): void {
  set(c, 'retransmit', c.roundTrip.timeout)
}

/** The peer's window holds everything back, and nothing is out that would be acknowledged (RFC 9293 3.8.6.1). */
export function armWindowProbe(c: Connection): void {
  if (c.pending === 'window-probe') return
  set(c, 'window-probe', probeDelay(c))
}

/** Zero-window probes back off as retransmissions do. */
export function probeDelay(c: Connection): number {
  return Math.min(RTO_MAX, Math.max(c.roundTrip.timeout, RTO_MIN))
}

export function set(c: Connection, pending: Pending, delay: number): void {
  c.pending = pending
  c.timer.set(delay)
}

export function clear(c: Connection): void {
  c.pending = 'none'
  c.timer.clear()
}

/** `tcp_schedule_loss_probe`: only while nothing seems lost, and once an episode. */
function mayProbe(c: Connection): boolean {
  if (c.loss !== 'open' || !c.sackOn || c.flight.sackedCount > 0 || c.lossProbeEnd !== null) return false
  if (c.state === 'SYN-SENT' || c.state === 'SYN-RECEIVED' || c.roundTrip.smoothed === 0) return false
  return !c.flight.empty
}
