import type { Simulation, Timer } from '../../../sim/simulation.ts'
import type { Nanos } from '../../../sim/time.ts'

/** Timers longer than this do not keep a simulation going that has nothing else to do. */
const PATIENT: Nanos = 1e9

export const armed = (simulation: Simulation, delay: Nanos, fire: () => void): Timer =>
  delay < PATIENT ? simulation.timer(delay, fire) : simulation.background(delay, fire)

/** What a pod or a container has planned. It is one thing or two at a time, of very many pods: hence a chain. */
export class Plans {
  private first: Plan | null = null

  constructor(private readonly simulation: Simulation) {}

  later(delay: Nanos, fire: () => void): void {
    const timer = armed(this.simulation, delay, () => {
      this.drop(plan)
      fire()
    })
    const plan: Plan = { timer, next: this.first }
    this.first = plan
  }

  /** Nothing that was planned happens. */
  cancel(): void {
    for (let plan = this.first; plan !== null; plan = plan.next) plan.timer.cancel()
    this.first = null
  }

  private drop(done: Plan): void {
    if (this.first === done) this.first = done.next
    for (let plan = this.first; plan !== null; plan = plan.next) if (plan.next === done) plan.next = done.next
  }
}

interface Plan {
  readonly timer: Timer
  next: Plan | null
}
