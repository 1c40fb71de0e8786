import { MILLISECOND, type Nanos } from '../../../sim/time.ts'
import type { Connection } from './connection.ts'
import type { InFlight } from './flight.ts'
import type { Segment } from './segment.ts'
import { set } from './timer.ts'
import { timestamp } from './transmit.ts'

/** RFC 5681 3.2: so many selectively acknowledged above it, and a segment is lost without waiting. */
export const DUPLICATE_THRESHOLD = 3

/** A segment was acknowledged, selectively or not (RFC 8985 6.2 steps 1 and 2). */
export function delivered(c: Connection, sent: InFlight, ack: Segment): void {
  const { rack } = c
  const rtt = c.now - sent.sentAt
  if (sent.transmissions > 1) {
    // Which of both was it? Not the second, when the answer names an older time, or came sooner than any answer could.
    const age = (timestamp(c) - ack.tsEcho) | 0
    if (c.timestampsOn && ack.timestamps && age * MILLISECOND > rtt + MILLISECOND) return
    if (rtt < rack.leastRtt) return
  }
  rack.leastRtt = Math.min(rack.leastRtt, rtt)
  rack.rtt = rtt
  rack.order = Math.max(rack.order, sent.order)
}

/** Marks what is lost; what is only late is looked at again by the timer. Returns whether anything was marked (step 5). */
export function detectLosses(c: Connection): boolean {
  const { rack, flight } = c
  if (rack.order < 0) return false
  const patience = reorderingWindow(c)
  let found = false
  let latest = 0
  for (const segment of flight.segments) {
    if (segment.sacked || segment.lost || segment.order > rack.order) continue
    const left = segment.sentAt + rack.rtt + patience - c.now
    if (left <= 0) {
      segment.lost = true
      found = true
    } else latest = Math.max(latest, left)
  }
  if (latest > 0) set(c, 'reorder', latest)
  return found
}

/** `tcp_rack_reo_wnd`: none while packets come in order and the signs are plain; else a quarter of a round trip, or more. */
function reorderingWindow(c: Connection): Nanos {
  const { rack, flight, loss } = c
  if (!rack.reordered && (loss !== 'open' || flight.sackedCount >= DUPLICATE_THRESHOLD)) return 0
  return Math.min((rack.leastRtt / 4) * rack.steps, c.roundTrip.smoothed)
}
