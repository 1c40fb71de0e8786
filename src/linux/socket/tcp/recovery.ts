import type { Connection } from './connection.ts'
import type { InFlight } from './flight.ts'
import { DUPLICATE_THRESHOLD, detectLosses } from './losses.ts'
import { push, sendAgain } from './output.ts'
import { after } from './sequence.ts'
import { armRetransmit } from './timer.ts'

/** What an acknowledgment said. */
export interface AckNews {
  /** It moved SND.UNA. */
  readonly advanced: boolean
  readonly acked: readonly InFlight[]
  /** It said nothing but that something arrived out of order: RFC 5681 2. */
  readonly duplicate: boolean
  /** Segments out before it came. */
  readonly inFlight: number
}

/** Loss detection and recovery: RACK (RFC 8985) and RFC 6675's pipe with SACK, RFC 6582 (NewReno) without. */
export function react(c: Connection, news: AckNews): void {
  if (news.advanced) c.duplicates = 0
  else if (news.duplicate) c.duplicates++
  if (c.loss !== 'open' && news.advanced && !after(c.recover, c.una)) leave(c)
  const found = !c.flight.empty && (c.sackOn ? detectLosses(c) : detectByDuplicates(c, news))
  if (c.loss !== 'recovery' && !found && news.acked.length > 0) grow(c, news)
  recover(c, found)
}

/** Goes on with a recovery, or begins one when something was found lost. */
export function recover(c: Connection, found: boolean): void {
  if (found && c.loss === 'open') {
    c.loss = 'recovery'
    c.recover = c.nxt
    c.congestion.reduce()
  }
  retransmitLost(c, found && c.loss === 'recovery' ? 1 : 0)
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

/** RFC 6582 3.2: the third duplicate, and each partial acknowledgment after it, say that the first segment is lost. */
function detectByDuplicates(c: Connection, news: AckNews): boolean {
  const partial = c.loss === 'recovery' && news.advanced
  if (!partial && !(c.loss === 'open' && c.duplicates === DUPLICATE_THRESHOLD)) return false
  c.flight.head.lost = true
  return true
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
