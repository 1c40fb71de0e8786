import { ACK, RST } from '../../../wire/fast/tcp.ts'
import type { Connection } from './connection.ts'
import { TIME_WAIT } from './constants.ts'
import { finish } from './enter.ts'
import type { Ends } from './reset.ts'
import { bareAck } from './reset.ts'
import type { Segment } from './segment.ts'
import { after, plus } from './sequence.ts'
import { timestamp } from './transmit.ts'
import { isStale } from './validate.ts'

/**
 * A segment for a connection in TIME-WAIT (RFC 9293 3.10.7.4, RFC 6191; `tcp_timewait_state_process`). 'reopen': it is a SYN
 * that may begin the next connection between the same ends.
 */
export function inTimeWait(c: Connection, segment: Segment, ends: Ends): 'done' | 'reopen' {
  const stale = isStale(c, segment)
  if (segment.has(RST)) {
    if (!stale && segment.seq === c.received) finish(c, null)
    return 'done'
  }
  if (segment.isSyn && !stale && isNewer(c, segment)) return 'reopen'
  const nothingNew = segment.seq === c.received && segment.length === 0
  if (!stale && nothingNew) {
    if (segment.timestamps) c.tsRecent = segment.tsValue
    return 'done'
  }
  if (stale || segment.has(ACK)) c.idleTimer.set(TIME_WAIT)
  const window = Math.min(0xffff, c.window >>> Math.max(0, c.receiveScale))
  const timestamps = c.timestampsOn ? ([timestamp(c), c.tsRecent] as const) : null
  bareAck(c.ip, ends, c.nxt, c.received, window, c.cause, timestamps)
  return 'done'
}

/** The sequence number a reopened connection starts from: beyond all that the old one sent. */
export const reopenedIss = (c: Connection): number => plus(c.nxt, 65_535 + 2)

function isNewer(c: Connection, segment: Segment): boolean {
  return after(segment.seq, c.received) || (c.timestampsOn && segment.timestamps && after(segment.tsValue, c.tsRecent))
}
