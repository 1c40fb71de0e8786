import { ACK, RST, SYN } from '../../../wire/fast/tcp.ts'
import { challenge } from './acknowledge.ts'
import type { Connection } from './connection.ts'
import { finish } from './enter.ts'
import type { Segment } from './segment.ts'
import { after, before, plus } from './sequence.ts'
import { offeredWindow } from './window.ts'

/** Why a segment goes no further. */
export type Refusal = 'tcp-paws' | 'tcp-old-sequence' | 'tcp-invalid-sequence' | 'tcp-reset' | 'tcp-syn'

/**
 * The checks before a segment is looked into (RFC 9293 3.10.7.4, RFC 7323 5.3, RFC 5961 3 and 4; `tcp_validate_incoming`).
 * Null: it is acceptable. Whatever answer is due has been sent.
 */
export function refuse(c: Connection, segment: Segment): Refusal | null {
  const reset = segment.has(RST)
  if (isStale(c, segment) && !reset) {
    answer(c, segment)
    return 'tcp-paws'
  }
  const end = plus(c.received, offeredWindow(c))
  if (before(segment.end, c.windowFrom)) {
    if (!reset) answer(c, segment)
    return 'tcp-old-sequence'
  }
  if (after(segment.seq, end)) {
    if (!reset) answer(c, segment)
    return 'tcp-invalid-sequence'
  }
  if (reset) {
    if (segment.seq === c.received) resetByPeer(c)
    else challenge(c)
    return 'tcp-reset'
  }
  if (segment.has(SYN) && !isCrossing(c, segment)) {
    challenge(c)
    return 'tcp-syn'
  }
  return null
}

/** RFC 7323 5.3: older than what was seen, by a timestamp that is not 24 days old itself. */
export function isStale(c: Connection, segment: Segment): boolean {
  return c.timestampsOn && segment.timestamps && before(segment.tsValue, c.tsRecent)
}

/** The SYN,ACK of a simultaneous open: the SYN again, with the acknowledgment that was missing (RFC 9293 figure 7). */
function isCrossing(c: Connection, segment: Segment): boolean {
  return c.state === 'SYN-RECEIVED' && segment.has(ACK) && segment.end === c.received && segment.ack === c.nxt
}

/** `tcp_reset`: what the user's next call fails with depends on how far the connection was. */
export function resetByPeer(c: Connection): void {
  switch (c.state) {
    case 'SYN-SENT':
      return void finish(c, 'ECONNREFUSED')
    case 'CLOSE-WAIT':
      return void finish(c, 'EPIPE')
    default:
      return void finish(c, 'ECONNRESET')
  }
}

/** A duplicate of data is answered always, for its acknowledgment may have been lost (`tcp_send_dupack`). */
function answer(c: Connection, segment: Segment): void {
  if (segment.dataLength > 0 && before(segment.seq, c.received)) {
    c.arrived.repeated(segment.seq, before(segment.end, c.received) ? segment.end : c.received)
    c.lastInvalid = Number.NEGATIVE_INFINITY
  }
  challenge(c)
}
