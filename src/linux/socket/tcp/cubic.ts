import { type Nanos, SECOND } from '../../../sim/time.ts'
import { INITIAL_WINDOW } from './constants.ts'

/** RFC 9438 4.1. Linux's bic_scale and beta of 717/1024 say nearly the same. */
const C = 0.4
const BETA = 0.7

/**
 * CUBIC congestion control (RFC 9438), Linux's default, with slow start (RFC 5681 3.1). Windows are in segments. Unlike
 * Linux there is no HyStart, no proportional rate reduction and no undo of a reduction that proved wrong.
 */
export class Cubic {
  /** May be fractional; whole segments are sent. */
  cwnd = INITIAL_WINDOW
  ssthresh = Number.POSITIVE_INFINITY
  /** W_max: the window at the last reduction. */
  private top = 0
  /** Start of the present congestion avoidance stage; -1 outside one. */
  private epoch: Nanos = -1
  /** K: seconds until the curve is back at `top`. */
  private k = 0
  /** W_est: what Reno would have. */
  private reno = 0

  get slowStart(): boolean {
    return this.cwnd < this.ssthresh
  }

  /** `acked` segments were newly acknowledged while the window was what limited sending. */
  acknowledged(acked: number, now: Nanos, rtt: Nanos): void {
    let rest = acked
    if (this.slowStart) {
      const step = Math.min(rest, this.ssthresh - this.cwnd)
      this.cwnd += step
      rest -= step
    }
    if (rest > 0) this.avoid(rest, now, rtt)
  }

  /** A loss seen by duplicate acknowledgments (RFC 9438 4.6, 4.7). */
  reduce(): void {
    this.top = this.cwnd < this.top ? (this.cwnd * (1 + BETA)) / 2 : this.cwnd
    this.ssthresh = Math.max(2, this.cwnd * BETA)
    this.cwnd = this.ssthresh
    this.epoch = -1
  }

  /** A loss seen by the retransmission timer (RFC 9438 4.8). */
  collapse(inFlight: number): void {
    this.top = this.cwnd
    this.ssthresh = Math.max(2, Math.min(this.cwnd, inFlight) * BETA)
    this.cwnd = 1
    this.epoch = -1
  }

  /** After an idle time the old window means nothing (RFC 5681 4.1, tcp_slow_start_after_idle). */
  restart(): void {
    this.ssthresh = Math.max(this.ssthresh === Number.POSITIVE_INFINITY ? 0 : this.ssthresh, 0.75 * this.cwnd)
    this.cwnd = Math.min(this.cwnd, INITIAL_WINDOW)
    this.epoch = -1
  }

  private avoid(acked: number, now: Nanos, rtt: Nanos): void {
    if (this.epoch < 0) {
      this.epoch = now
      this.top = Math.max(this.top, this.cwnd)
      this.k = Math.cbrt((this.top - this.cwnd) / C)
      this.reno = this.cwnd
    }
    const t = (now - this.epoch + rtt) / SECOND
    const target = Math.min(Math.max(this.cwnd, C * (t - this.k) ** 3 + this.top), 1.5 * this.cwnd)
    this.reno += ((3 * (1 - BETA)) / (1 + BETA)) * (acked / this.cwnd)
    this.cwnd = Math.max(this.reno, this.cwnd + ((target - this.cwnd) / this.cwnd) * acked)
  }
}
