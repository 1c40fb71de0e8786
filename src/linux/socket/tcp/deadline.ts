import type { Simulation, Timer } from '../../../sim/simulation.ts'
import type { Nanos } from '../../../sim/time.ts'

/**
 * A timer that is set again and again: moving its end further away costs nothing, for the event that is already on the heap
 * then only looks at the clock again.
 */
export class Deadline<A> {
  private timer: Timer | null = null
  private end = 0

  /** A background deadline does not keep the simulation going. */
  constructor(
    private readonly simulation: Simulation,
    private readonly fire: (owner: A) => void,
    private readonly owner: A,
    private readonly background = false,
  ) {}

  get armed(): boolean {
    return this.timer !== null
  }

  /** When it fires; only while armed. */
  get at(): Nanos {
    return this.end
  }

  set(delay: Nanos): void {
    this.end = this.simulation.now + delay
    if (this.timer !== null) {
      if (this.timer.at <= this.end) return
      this.timer.cancel()
    }
    this.wait(delay)
  }

  clear(): void {
    this.timer?.cancel()
    this.timer = null
  }

  private wait(delay: Nanos): void {
    const ring = (): void => this.ring()
    this.timer = this.background ? this.simulation.background(delay, ring) : this.simulation.timer(delay, ring)
  }

  private ring(): void {
    const left = this.end - this.simulation.now
    if (left > 0) return void this.wait(left)
    this.timer = null
    this.fire(this.owner)
  }
}
