import { toHex } from '../../util/bytes.ts'
import type { UnixMillis } from '../judge.ts'

/**
 * Remembers ClientHellos that brought early data (RFC 8446 8.2): one binder is taken once within the window. Where the
 * memory is full, early data is refused rather than the oldest forgotten.
 */
export class ReplayGuard {
  private readonly seen = new Map<string, UnixMillis>()

  /** `window`: milliseconds that a ticket's claimed age may differ from the true one (RFC 8446 8.3). */
  constructor(
    readonly window = 10_000,
    private readonly capacity = 10_000,
  ) {}

  /** True the first time; false for a replay, and when there is no room. */
  accept(binder: Uint8Array, now: UnixMillis): boolean {
    for (const [key, at] of this.seen) {
      if (now - at <= 2 * this.window) break
      this.seen.delete(key)
    }
    const key = toHex(binder)
    if (this.seen.has(key) || this.seen.size >= this.capacity) return false
    this.seen.set(key, now)
    return true
  }
}
