import { type Process, type Task, wait, within } from '../../../sim/process.ts'
import type { Timer } from '../../../sim/simulation.ts'
import type { Nanos } from '../../../sim/time.ts'
import type { Probe } from '../../api/pod-spec.ts'
import type { ProbeAnswer } from './outside.ts'

/** Whoever asks says himself, in time, what he waited for in vain. */
const LAST_WORD: Nanos = 1e6

export type ProbeKind = 'startup' | 'readiness' | 'liveness'

/** What a worker needs of its container. */
export interface Probed {
  readonly now: Nanos
  /** When the container came up; null while it does not run. */
  readonly runningSince: Nanos | null
  /** The startup probe, if any, has succeeded. */
  readonly hasStarted: boolean
  /** Null: there was no way to ask. */
  ask(kind: ProbeKind, probe: Probe): Process<ProbeAnswer | null>
  every(delay: Nanos, fire: () => void): Timer
  spawn<T>(program: Process<T>, name: string): Task<T>
  /** One answer came; `count` in a row. */
  answered(kind: ProbeKind, answer: ProbeAnswer, count: number, threshold: number): void
  /** As often in a row as it takes. */
  decided(kind: ProbeKind, ok: boolean): void
}

/**
 * One probe of one container: prober.worker. Asks every period; a threshold of equal answers in a row decides. Liveness
 * and readiness wait for the startup probe. Source: pkg/kubelet/prober/worker.go.
 */
export class ProbeWorker {
  private timer: Timer | null = null
  private task: Task<ProbeAnswer | null> | null = null
  private last: boolean | null = null
  private count = 0
  /** After a liveness or startup probe failed for good, it is silent until the container is a new one. */
  private onHold = false

  constructor(
    readonly kind: ProbeKind,
    private readonly probe: Probe,
    private readonly container: Probed,
  ) {}

  /** The ticker starts with the pod, whether its container runs yet or not. */
  start(): void {
    this.tick()
  }

  /** Readiness is asked at once when the container runs or has started; the period counts from then. */
  trigger(): void {
    this.timer?.cancel()
    this.tick()
  }

  /** A new container: what the old one answered does not count. */
  renew(): void {
    this.onHold = false
    this.last = null
    this.count = 0
    this.task?.kill()
    this.task = null
  }

  stop(): void {
    this.timer?.cancel()
    this.timer = null
    this.task?.kill()
    this.task = null
  }

  private tick(): void {
    this.timer = this.container.every(this.probe.periodSeconds * 1e9, () => this.tick())
    if (this.isDue()) this.ask()
  }

  private isDue(): boolean {
    const { runningSince, hasStarted, now } = this.container
    if (this.onHold || this.task !== null || runningSince === null) return false
    if (now - runningSince < this.probe.initialDelaySeconds * 1e9) return false
    return this.kind === 'startup' ? !hasStarted : hasStarted
  }

  private ask(): void {
    this.task = this.container.spawn(this.patiently(), `${this.kind} probe`)
  }

  private *patiently(): Process<ProbeAnswer | null> {
    const { timeoutSeconds } = this.probe
    const asking = this.container.spawn(this.container.ask(this.kind, this.probe), 'probe')
    try {
      const outcome = yield* wait(within(asking.ended, timeoutSeconds * 1e9 + LAST_WORD))
      if (outcome !== null && outcome.kind !== 'returned') return null
      const answer = outcome === null ? { ok: false, detail: 'context deadline exceeded' } : outcome.value
      // The decision may end this container and its probes: the task is over before that.
      this.task = null
      if (answer !== null) this.take(answer)
      return answer
    } finally {
      asking.kill()
    }
  }

  private take(answer: ProbeAnswer): void {
    const { ok } = answer
    const { successThreshold, failureThreshold } = this.probe
    this.count = this.last === ok ? this.count + 1 : 1
    this.last = ok
    const threshold = ok ? successThreshold : failureThreshold
    this.container.answered(this.kind, answer, this.count, threshold)
    if (this.count < threshold) return
    if (!ok && this.kind !== 'readiness') this.onHold = true
    this.container.decided(this.kind, ok)
  }
}
