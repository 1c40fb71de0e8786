import type { Simulation, Timer } from './simulation.ts'
import type { Nanos } from './time.ts'

/** Undoes an `arm` whose wake has not come. */
export type Disarm = () => void

/** Something a process can wait for: `arm` promises to call `wake` once, later, unless disarmed. */
export interface Wait<W = unknown> {
  arm(simulation: Simulation, wake: (value: W) => void): Disarm
}

/** A program over virtual time: `const reply = yield* socket.read()`. Its `finally` must not yield. */
export type Process<T = void> = Generator<Wait, T, unknown>

/** Yields one wait and gives back what it was woken with: TypeScript has one type for all that a generator receives. */
export function* wait<W>(what: Wait<W>): Process<W> {
  return (yield what) as W
}

const NO_WAITS: readonly Wait<never>[] = []

/** A process that has its answer and waits for nothing: what a name service or a server with nothing to ask gives back. */
export function* atOnce<T>(answer: T): Process<T> {
  yield* NO_WAITS
  return answer
}

export function* sleep(delay: Nanos): Process {
  yield { arm: (simulation, wake) => disarmer(simulation.timer(delay, () => wake(undefined))) }
}

/** A condition that processes wait for; `notify` wakes all of them, each in an event of its own. */
export class Signal<T = void> implements Wait<T> {
  private waiting: ((value: T) => void)[] = []

  arm(_simulation: Simulation, wake: (value: T) => void): Disarm {
    this.waiting.push(wake)
    return () => {
      const at = this.waiting.indexOf(wake)
      if (at >= 0) this.waiting.splice(at, 1)
    }
  }

  notify(value: T): void {
    if (this.waiting.length === 0) return
    const woken = this.waiting
    this.waiting = []
    for (const wake of woken) wake(value)
  }
}

/** Waits for `what` for at most `delay`; `null` when the time ran out first. */
export function within<W>(what: Wait<W>, delay: Nanos): Wait<W | null> {
  return {
    arm(simulation, wake) {
      const timer = simulation.timer(delay, () => {
        disarm()
        wake(null)
      })
      const disarm = what.arm(simulation, (value) => {
        timer.cancel()
        wake(value)
      })
      return () => {
        timer.cancel()
        disarm()
      }
    },
  }
}

export type Outcome<T> =
  | { readonly kind: 'returned'; readonly value: T }
  | { readonly kind: 'killed' }
  | { readonly kind: 'failed'; readonly error: unknown }

/** A running process. Another process waits for its end with `yield* wait(task.ended)`. */
export class Task<T = unknown> {
  outcome: Outcome<T> | null = null
  private readonly end = new Signal<Outcome<T>>()
  private disarm: Disarm | null = null
  private running = false

  constructor(
    private readonly simulation: Simulation,
    private readonly program: Process<T>,
    readonly name: string,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Resolves at once when the process is over already. */
  get ended(): Wait<Outcome<T>> {
    return {
      arm: (simulation, wake) => {
        if (this.outcome === null) return this.end.arm(simulation, wake)
        const outcome = this.outcome
        return disarmer(simulation.timer(0, () => wake(outcome)))
      },
    }
  }

  /** SIGKILL: runs the program's `finally` blocks and no more. A program cannot kill itself. */
  kill(): void {
    if (this.outcome !== null) return
    if (this.running) throw new Error(`process ${this.name} tried to kill itself: return instead`)
    this.disarm?.()
    const { done } = this.program.return(undefined as T)
    if (done !== true) throw new Error(`process ${this.name} yielded in its finally`)
    this.finish({ kind: 'killed' })
  }

  resume(value: unknown): void {
    this.disarm = null
    this.running = true
    try {
      const step = this.program.next(value)
      this.running = false
      if (step.done === true) this.finish({ kind: 'returned', value: step.value })
      else this.disarm = this.suspend(step.value)
    } catch (error) {
      this.running = false
      this.finish({ kind: 'failed', error })
      this.onFailure(error)
    }
  }

  private suspend(what: Wait): Disarm {
    const pause = new Pause(this.simulation, this)
    const disarm = what.arm(this.simulation, (value) => pause.end(value))
    return () => {
      pause.over = true
      disarm()
    }
  }

  private finish(outcome: Outcome<T>): void {
    this.outcome = outcome
    this.end.notify(outcome)
  }
}

/** A task between two of its steps. A wait may wake at once, from within `arm`: the task then goes on in an event of its own, never nested. */
class Pause {
  private woken = false
  private value: unknown = undefined
  /** The task was killed meanwhile. */
  over = false

  constructor(
    private readonly simulation: Simulation,
    private readonly task: { resume(value: unknown): void },
  ) {}

  end(value: unknown): void {
    if (this.woken || this.over) return
    this.woken = true
    this.value = value
    this.simulation.post(0, goOn, this)
  }

  goOn(): void {
    if (!this.over) this.task.resume(this.value)
  }
}

function goOn(pause: Pause): void {
  pause.goOn()
}

/**
 * Starts a program; its first step runs in an event of its own, at the present instant. A program that throws ends as
 * `failed`; unless the caller takes the failure, it is thrown out of `Simulation.run`.
 */
export function spawn<T>(
  simulation: Simulation,
  program: Process<T>,
  name: string,
  onFailure: (error: unknown) => void = rethrow,
): Task<T> {
  const task = new Task(simulation, program, name, onFailure)
  simulation.post(0, start<T>, task)
  return task
}

function start<T>(task: Task<T>): void {
  if (task.outcome === null) task.resume(undefined)
}

function rethrow(error: unknown): never {
  throw error
}

function disarmer(timer: Timer): Disarm {
  return () => timer.cancel()
}
