import { EventHeap, type Fire } from './heap.ts'
import { MAX_TIME, MILLISECOND, type Nanos } from './time.ts'

/** Why `run` came back: nothing left to do, the time was reached, or events bred events within one virtual millisecond. */
export type RunEnd = { readonly kind: 'idle' | 'until' } | Storm

/** More events in one virtual millisecond than the budget: a bridge loop, or a program that never sleeps. */
export interface Storm {
  readonly kind: 'storm'
  readonly at: Nanos
  readonly events: number
}

/** Set once, fires once, unless cancelled before. */
export interface Timer {
  readonly at: Nanos
  cancel(): void
}

const STORM_BUDGET = 1_000_000

/** Cancelled timers that stay on the heap until their time comes, whatever else is on it. */
const CANCELLED_KEPT = 1024

/** The virtual clock and what is still to happen. Time moves only in `run` and `step`. */
export class Simulation {
  private readonly heap = new EventHeap()
  private millisecond = 0
  private eventsInMillisecond = 0
  /** Background events (periodic garbage collection, keep-alives) do not keep `run()` without a limit going. */
  private foreground = 0
  /** Timers on the heap that were cancelled. */
  private cancelled = 0
  now: Nanos = 0
  /** Events fired so far. */
  fired = 0

  constructor(private readonly stormBudget = STORM_BUDGET) {}

  /** Fires `fire(argument)` after `delay` (>= 0) nanoseconds. Costs no allocation; cannot be cancelled. */
  post<A>(delay: Nanos, fire: Fire<A>, argument: A): void {
    this.foreground++
    this.heap.push(this.when(delay), fire, argument)
  }

  /** As `post`, but can be cancelled. */
  timer(delay: Nanos, fire: () => void): Timer {
    return this.arm(new PendingTimer(this.when(delay), fire, false))
  }

  /** A timer that does not keep the simulation going: `run()` ends when only such timers are left. */
  background(delay: Nanos, fire: () => void): Timer {
    return this.arm(new PendingTimer(this.when(delay), fire, true))
  }

  /** Runs until nothing but background timers is left, or past everything due at or before `until`. */
  run(until?: Nanos): RunEnd {
    const limit = until ?? MAX_TIME
    while (this.heap.peek() <= limit) {
      if (until === undefined && this.foreground === 0) return { kind: 'idle' }
      const storm = this.step()
      if (storm !== null) return storm
    }
    if (until === undefined) return { kind: 'idle' }
    this.now = Math.max(this.now, until)
    return { kind: 'until' }
  }

  /** Runs while `go()` holds and there is something to do. */
  runWhile(go: () => boolean, until: Nanos = MAX_TIME): RunEnd {
    while (go()) {
      if (this.heap.peek() > until) return { kind: 'until' }
      if (this.heap.size === 0) return { kind: 'idle' }
      const storm = this.step()
      if (storm !== null) return storm
    }
    return { kind: 'until' }
  }

  /** When the next event fires; Infinity when there is none. */
  next(): Nanos {
    return this.heap.peek()
  }

  /** Fires one event. Does nothing when there is none. */
  step(): Storm | null {
    const at = this.heap.peek()
    if (at === Number.POSITIVE_INFINITY) return null
    this.now = at
    this.fired++
    const millisecond = Math.floor(at / MILLISECOND)
    if (millisecond !== this.millisecond) {
      this.millisecond = millisecond
      this.eventsInMillisecond = 0
    }
    if (++this.eventsInMillisecond > this.stormBudget) return { kind: 'storm', at, events: this.eventsInMillisecond }
    this.foreground--
    this.heap.fireNext()
    return null
  }

  private arm(timer: PendingTimer): Timer {
    this.heap.push(timer.at, fireTimer, timer)
    timer.owner = this
    if (!timer.background) this.foreground++
    return timer
  }

  /** Called as a timer's event fires or a foreground timer is cancelled, to keep the count of foreground events right. */
  settle(by: 1 | -1): void {
    this.foreground += by
  }

  /** A timer is cancelled (1), or the event of one that was comes (-1). When they are most of the heap, they leave it. */
  countCancelled(by: 1 | -1): void {
    this.cancelled += by
    if (this.cancelled <= CANCELLED_KEPT || this.cancelled * 2 <= this.heap.size) return
    this.heap.sweep(isCancelled)
    this.cancelled = 0
  }

  private when(delay: Nanos): Nanos {
    const at = this.now + delay
    if (!(delay >= 0) || at > MAX_TIME)
      throw new RangeError(`delay of ${delay} ns at ${this.now} ns: expected 0 to 100 days`)
    return at
  }
}

class PendingTimer implements Timer {
  owner: Simulation | null = null

  /** `callback` is null once the timer fired or was cancelled: what stays on the heap until its time comes holds nothing. */
  constructor(
    readonly at: Nanos,
    private callback: (() => void) | null,
    readonly background: boolean,
  ) {}

  cancel(): void {
    if (this.callback === null) return
    this.callback = null
    if (!this.background) this.owner?.settle(-1)
    this.owner?.countCancelled(1)
  }

  get cancelled(): boolean {
    return this.callback === null
  }

  fire(): void {
    // The event that carried this timer was counted as foreground by step(); give back what was not.
    const { callback } = this
    if (this.background || callback === null) this.owner?.settle(1)
    if (callback === null) this.owner?.countCancelled(-1)
    this.callback = null
    callback?.()
  }
}

function fireTimer(timer: PendingTimer): void {
  timer.fire()
}

const isCancelled = (argument: unknown): boolean => argument instanceof PendingTimer && argument.cancelled
