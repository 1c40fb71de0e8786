import type { Connection } from './connection.ts'
import type { InFlight } from './flight.ts'
import { push, sendAgain } from './output.ts'
import { after } from './sequence.ts'
import { armRetransmit } from './timer.ts'

/** RFC 5681 3.2: duplicates that mean a loss. */
const DUPLICATE_THRESHOLD = 3

/** What an acknowledgment said. */
export interface AckNews {
  /** It moved SND.UNA. */
  readonly advanced: boolean
  readonly acked: readonly InFlight[]
  /** It said nothing but that something arrived out of order: RFC 5681 2. */
  readonly duplicate: boolean
  readonly freshlySacked: number
  /** Segments out before it came. */
  readonly inFlight: number
}

/**
 * Loss detection and recovery: RFC 6675 with SACK, RFC 6582 (NewReno) without. Linux detects by time as well (RACK), which
 * differs where packets overtake each other by much.
 */
export function react(c: Connection, news: AckNews): void {
  if (news.advanced) c.duplicates = 0
  else if (news.duplicate) c.duplicates++
  if (c.loss !== 'open' && news.advanced && !after(c.recover, c.una)) leave(c)
  const begins = detect(c, news)
  if (begins) enterRecovery(c)
  if (c.loss !== 'recovery' && news.acked.length > 0) grow(c, news)
  retransmitLost(c, begins ? 1 : 0)
  push(c)
}

/** Sends lost segments again as far as the congestion window goes; the first of a recovery always (RFC 6675 5, 4.3). */
export function retransmitLost(c: Connection, atLeast = 0): void {
  let room = Math.max(atLeast, Math.floor(c.congestion.cwnd) - c.pipe)
  for (let next = c.flight.nextLost(); next !== null && room > 0; next = c.flight.nextLost()) {
    recordRetransmit(c, next, c.loss === 'loss' ? 'timeout' : 'fast')
    sendAgain(c, next)
    if (c.pending !== 'retransmit') armRetransmit(c)
    room--
  }
}

export function recordRetransmit(c: Connection, { seq, transmissions }: InFlight, cause: 'timeout' | 'fast'): void {
  const { kernel, place } = c.ip
  const { recorder, simulation } = kernel
  if (!recorder.on) return void recorder.skip()
  const { local, remote } = c
  const sequence = seq >>> 0
  const event = { kind: 'tcp-retransmit', local, remote, sequence, cause, attempt: transmissions } as const
  c.cause = recorder.step(simulation.now, place, c.cause, 0, null, event)
}

/** Whether something is newly lost, and whether that begins a recovery. */
function detect(c: Connection, news: AckNews): boolean {
  if (c.flight.empty) return false
  if (c.sackOn) {
    const lost = c.flight.sackedCount > 0 && c.flight.markLost(DUPLICATE_THRESHOLD)
    // RFC 6675 5 (C): a hole at the front stays the first suspect while recovery goes on.
    if (
      c.loss === 'recovery' &&
      news.advanced &&
      !c.flight.head.sacked &&
      c.flight.head.transmissions === 1 &&
      c.flight.sackedCount > 0
    ) {
      c.flight.head.lost = true
    }
    return lost && c.loss === 'open'
  }
  if (c.loss === 'recovery' && news.advanced) {
    c.flight.head.lost = true
    return false
  }
  if (c.loss !== 'open' || c.duplicates !== DUPLICATE_THRESHOLD) return false
  c.flight.head.lost = true
  return true
}

function enterRecovery(c: Connection): void {
  c.loss = 'recovery'
  c.recover = c.nxt
  c.congestion.reduce()
}

function leave(c: Connection): void {
  if (c.loss === 'recovery') c.congestion.cwnd = Math.max(1, Math.min(c.congestion.cwnd, c.congestion.ssthresh))
  c.loss = 'open'
}

/** The window grows only while it is what limits (RFC 7661; `tcp_is_cwnd_limited`). */
function grow(c: Connection, { acked, inFlight }: AckNews): void {
  const { congestion } = c
  const limited = congestion.slowStart ? congestion.cwnd < 2 * inFlight : inFlight >= Math.floor(congestion.cwnd)
  if (limited) congestion.acknowledged(acked.length, c.now, c.roundTrip.smoothed)
}
