import type { StepId } from '../../../trace/step.ts'
import type { PathError } from '../../ip/layer.ts'
import { isTooBig } from '../path-error.ts'
import type { Connection } from './connection.ts'
import { finish } from './enter.ts'
import { syncMss } from './mss.ts'
import { push } from './output.ts'
import { retransmitLost } from './recovery.ts'
import { after, before, distance } from './sequence.ts'
import { payloadLimit } from './transmit.ts'

/** RFC 1191 3: no path takes less; RFC 8200 5 for IPv6. */
const LEAST_MTU = { v4: 552, v6: 1280 } as const

/**
 * An ICMP error about a segment of this connection (`tcp_v4_err`, RFC 5461): it ends an attempt to connect, and is only
 * remembered afterwards. One that quotes a sequence number never sent is forged, and ignored (RFC 5927 4.1).
 */
export function pathError(c: Connection, error: PathError, cause: StepId): void {
  if (before(error.sequence, c.una) || after(error.sequence, c.nxt)) return
  c.cause = cause
  c.packet = 0
  if (isTooBig(error)) return void reducePath(c, error.mtu)
  if (c.state === 'SYN-SENT') return void finish(c, error.errno)
  if (c.state === 'SYN-RECEIVED' && c.passive) return void finish(c, null)
  c.softError = error.errno
}

/** RFC 1191 6.4, `tcp_simple_retransmit`: what was too big goes again at once, smaller; it is no sign of congestion. */
function reducePath(c: Connection, mtu: number): void {
  const least = typeof c.remote.address === 'number' ? LEAST_MTU.v4 : LEAST_MTU.v6
  const limit = Math.max(mtu, least)
  if (limit >= c.mtu || c.state === 'CLOSED') return
  syncMss(c, limit)
  const size = payloadLimit(c)
  for (const segment of c.flight.segments) {
    if (!segment.sacked && distance(segment.end, segment.seq) > size) segment.lost = true
  }
  if (c.loss === 'open' && c.flight.nextLost() !== null) {
    c.loss = 'loss'
    c.recover = c.nxt
  }
  retransmitLost(c)
  push(c)
}
