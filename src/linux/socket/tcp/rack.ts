import type { Nanos } from '../../../sim/time.ts'

/**
 * RACK (RFC 8985): a segment is lost when one sent later has arrived, and a round trip and a little more have passed. As in
 * Linux (`tcp_recovery.c`), whose undo of reductions that proved wrong is left out.
 */
export class Rack {
  /** The place of the segment sent last of those that arrived; -1 before any did. */
  order = -1
  rtt: Nanos = 0
  leastRtt: Nanos = Number.POSITIVE_INFINITY
  /** Packets have overtaken each other on this path. */
  reordered = false
  /** Multiplier of the reordering window. */
  steps = 1

  /** A D-SACK says that a retransmission was for nothing: waits longer from now on (RFC 8985 6.2 step 4). */
  widen(): void {
    this.steps = Math.min(0xff, this.steps + 1)
  }
}
