import type { Nanos } from '../../../sim/time.ts'
import type { KubeletSettings } from './settings.ts'

/**
 * client-go's Backoff as kubelet uses it for crashes: the first restart is at once, the next ones 10 s after the end, then 20 s,
 * doubling to 300 s; a container that ran for ten minutes begins anew.
 */
export class Backoff {
  private delay: Nanos = 0
  private updated: Nanos = 0

  constructor(private readonly settings: KubeletSettings) {}

  /** How long after `finished` the next attempt has to wait. */
  after(finished: Nanos): Nanos {
    return finished - this.updated > this.settings.backoffReset ? 0 : this.delay
  }

  /** An attempt begins. */
  next(now: Nanos): void {
    const { backoff, maxBackoff, backoffReset } = this.settings
    const clean = this.delay === 0 || now - this.updated > backoffReset
    this.delay = clean ? backoff : Math.min(this.delay * 2, maxBackoff)
    this.updated = now
  }
}

/** Go's Duration.String of whole seconds: `10s`, `2m40s`, `5m0s`. */
export function goDuration(time: Nanos): string {
  const seconds = Math.round(time / 1e9)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}
