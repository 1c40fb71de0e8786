import type { Simulation } from '../../sim/simulation.ts'
import { type Nanos, SECOND } from '../../sim/time.ts'
import type { StepId } from '../../trace/step.ts'
import { ApiError } from '../api/errors.ts'
import type { Store } from '../api/store.ts'
import type { Settings } from './settings.ts'

/** What controllers share. */
export interface Control {
  readonly simulation: Simulation
  readonly store: Store
  readonly settings: Settings
}

/** Brings one object nearer to what is wanted. Returns after how long it wants to look again, or null. */
export type Reconcile = (key: string) => Nanos | null

interface Item {
  readonly key: string
  readonly at: Nanos
  readonly cause: StepId
}

/** Waits longer than this do not keep a simulation going that has nothing else to do. */
const PATIENT: Nanos = SECOND

/**
 * client-go's rate-limited work queue over virtual time: a key waits in it once, and comes back later after a failure. A
 * reconciliation itself takes no time.
 */
export class WorkQueue {
  private readonly due = new Map<string, Item>()
  private readonly failures = new Map<string, number>()

  constructor(
    private readonly control: Control,
    /** The component, as steps and events name it. */
    readonly name: string,
    private readonly reconcile: Reconcile,
  ) {}

  add(key: string, cause: StepId, delay: Nanos = 0): void {
    const { simulation } = this.control
    const at = simulation.now + delay
    const waiting = this.due.get(key)
    if (waiting !== undefined && waiting.at <= at) return
    const item = { key, at, cause }
    this.due.set(key, item)
    if (delay < PATIENT) simulation.post(delay, (it: Item) => this.run(it), item)
    else simulation.background(delay, () => this.run(item))
  }

  private run(item: Item): void {
    const { key, cause } = item
    if (this.due.get(key) !== item) return
    this.due.delete(key)
    const again = this.attempt(key, cause)
    if (again !== null) this.add(key, cause, again)
  }

  private attempt(key: string, cause: StepId): Nanos | null {
    const { settings } = this.control
    try {
      const again = actingAs(this.control.store, this.name, cause, () => this.reconcile(key))
      this.failures.delete(key)
      return again
    } catch (error) {
      // What the API server refuses is tried again, as every controller does; anything else is a bug.
      if (!(error instanceof ApiError)) throw error
      const count = this.failures.get(key) ?? 0
      this.failures.set(key, count + 1)
      return Math.min(settings.retryBackoff * 2 ** count, settings.retryMaxBackoff)
    }
  }
}

/** Does something in the name of a component, because of a step. */
export function actingAs<T>(store: Store, actor: string, cause: StepId, what: () => T): T {
  const before = { actor: store.actor, cause: store.cause }
  store.actor = actor
  store.cause = cause
  try {
    return what()
  } finally {
    store.actor = before.actor
    store.cause = before.cause
  }
}

/** The earlier of two times to look again. */
export const sooner = (a: Nanos | null, b: Nanos | null): Nanos | null =>
  a === null ? b : b === null ? a : Math.min(a, b)
