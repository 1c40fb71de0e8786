import type { Nanos } from '../../../sim/time.ts'
import { RTO_INITIAL, RTO_MAX, RTO_MIN } from './constants.ts'

/** Round-trip time and the retransmission timeout that follows from it (RFC 6298 2). */
export class RoundTrip {
  /** SRTT; 0 before the first measurement. */
  smoothed: Nanos = 0
  private variance: Nanos = 0
  /** Doublings since the last new acknowledgment (RFC 6298 5.5). */
  backoff = 0

  measure(sample: Nanos): void {
    const rtt = Math.max(1, sample)
    if (this.smoothed === 0) {
      this.smoothed = rtt
      this.variance = rtt / 2
      return
    }
    this.variance += (Math.abs(this.smoothed - rtt) - this.variance) / 4
    this.smoothed += (rtt - this.smoothed) / 8
  }

  /** Linux floors the variance, not the whole (`__tcp_set_rto`): a timeout is never under SRTT + 200 ms. */
  get timeout(): Nanos {
    const base = this.smoothed === 0 ? RTO_INITIAL : this.smoothed + Math.max(RTO_MIN, 4 * this.variance)
    return Math.round(Math.min(RTO_MAX, base * 2 ** this.backoff))
  }
}
