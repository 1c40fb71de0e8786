import { type Process, spawn, type Task, wait, within } from '../../../sim/process.ts'
import type { Timer } from '../../../sim/simulation.ts'
import type { Nanos } from '../../../sim/time.ts'
import type { ContainerState, ContainerStatus } from '../../api/pod-object.ts'
import type { Container, HttpGet, Probe } from '../../api/pod-spec.ts'
import { Backoff, goDuration } from './backoff.ts'
import { ImageBringer } from './image-bringer.ts'
import type { ProbeAnswer } from './outside.ts'
import type { PodWorker } from './pod-worker.ts'
import { describePreStop, preStopTime } from './pre-stop.ts'
import { type Probed, type ProbeKind, ProbeWorker } from './probe-worker.ts'
import { isTask, lifeOf } from './program.ts'
import { armed, Plans } from './timers.ts'

/** SIGKILL: 128 + 9. */
const KILLED = 137
/** What is said of containers that a reboot took. */
const LOST = 255

/** How far a container has come; `status` is what kubelet reports of it. */
export class ContainerRun implements Probed {
  state: ContainerState
  lastState: ContainerState | null = null
  restarts = 0
  /** The startup probe, where there is one, has succeeded. */
  hasStarted = false
  private passesReadiness: boolean
  private readonly crashes: Backoff
  private readonly image: ImageBringer
  private readonly probes: ProbeWorker[] = []
  private readonly plans: Plans
  /** Its launch has begun, in this sandbox. */
  private begun = false
  /** The request of preStop that is under way. */
  private hook: Task<void> | null = null
  /** It was told to stop: by whom, so that nobody tells it twice. */
  private stopping: Nanos | null = null

  constructor(
    private readonly pod: PodWorker,
    readonly spec: Container,
    readonly init: boolean,
    waiting: string,
  ) {
    this.state = { kind: 'waiting', reason: waiting, message: '' }
    this.passesReadiness = spec.readinessProbe === null
    this.plans = new Plans(pod.simulation)
    this.crashes = new Backoff(pod.settings)
    this.image = new ImageBringer(pod, spec, this)
    for (const kind of ['startup', 'readiness', 'liveness'] as const) {
      const probe = spec[`${kind}Probe`]
      if (probe !== null) this.probes.push(new ProbeWorker(kind, probe, this))
    }
  }

  get now(): Nanos {
    return this.pod.now
  }

  get runningSince(): Nanos | null {
    return this.state.kind === 'running' ? this.state.startedAt : null
  }

  get isRunning(): boolean {
    return this.state.kind === 'running'
  }

  get isDone(): boolean {
    return this.state.kind === 'terminated'
  }

  get exitCode(): number | null {
    return this.state.kind === 'terminated' ? this.state.exitCode : null
  }

  get isReady(): boolean {
    // An init container is ready when it has completed, a sidecar while it runs and passes its probe.
    if (this.init && !this.spec.sidecar) return this.exitCode === 0
    return this.isRunning && this.hasStarted && this.passesReadiness
  }

  get status(): ContainerStatus {
    const { state, lastState, restarts, isReady: ready } = this
    const started = this.isRunning && this.hasStarted
    return { name: this.spec.name, state, lastState, ready, started, restartCount: restarts }
  }

  /** The first launch in a sandbox; later ones are restarts. */
  begin(): void {
    if (this.begun) return
    this.begun = true
    this.launch()
  }

  /** Gets its image if that is due, then starts. */
  private launch(): void {
    this.image.bring(() => this.create())
  }

  private create(): void {
    this.later(this.pod.settings.containerStart, () => this.run())
  }

  private run(): void {
    const { spec, pod } = this
    pod.normal('Created', `Container created: ${spec.name}`)
    pod.normal('Started', `Container started`)
    this.hasStarted = spec.startupProbe === null
    this.passesReadiness = spec.readinessProbe === null
    this.stopping = null
    this.state = { kind: 'running', startedAt: this.now }
    const life = this.life()
    if (life.opensAfter === 0) pod.runtime.started(pod.object, spec)
    else this.later(life.opensAfter, () => pod.runtime.started(pod.object, spec))
    if (life.duration !== null) this.later(life.duration, () => this.end(life.code, 0))
    for (const probe of this.probes) probe.renew()
    pod.changed()
    if (this.hasStarted) this.triggerReadiness()
  }

  private life() {
    return lifeOf(
      this.spec,
      !this.spec.sidecar && isTask(this.pod.object.spec.restartPolicy, this.init),
      this.pod.settings,
    )
  }

  startProbes(): void {
    for (const probe of this.probes) probe.start()
  }

  /** While a pod goes, only readiness is still asked. */
  stopProbes(kinds: readonly ProbeKind[] = ['startup', 'readiness', 'liveness']): void {
    for (const probe of this.probes) if (kinds.includes(probe.kind)) probe.stop()
  }

  private triggerReadiness(): void {
    for (const probe of this.probes) if (probe.kind === 'readiness') probe.trigger()
  }

  /** preStop, SIGTERM, and SIGKILL when the grace is over. A shorter grace than before is heeded. */
  stop(grace: Nanos): void {
    if (this.state.kind !== 'running') {
      this.cancel()
      if (this.state.kind === 'waiting') this.pod.changed()
      return
    }
    const deadline = this.now + grace
    if (this.stopping !== null && this.stopping <= deadline) return
    const again = this.stopping !== null
    this.stopping = deadline
    const { preStop } = this.spec
    if (again) this.killAfter(this.atLeast(grace))
    else {
      this.pod.normal('Killing', `Stopping container ${this.spec.name}`)
      if (preStop !== null) this.pod.signalled(this, 'preStop', describePreStop(preStop))
      if (preStop?.kind === 'httpGet') this.hook = this.spawn(this.request(preStop, grace), 'preStop')
      else {
        const before = preStop === null ? 0 : Math.min(preStopTime(preStop), grace)
        this.later(before, () => this.terminate())
        this.killAfter(before + this.atLeast(grace - before, grace))
      }
    }
  }

  /** A request from the node, as long as it takes within the grace; whatever is answered. */
  private *request(handler: HttpGet, grace: Nanos): Process {
    const asking = this.spawn(this.pod.request(this, handler), 'preStop request')
    const from = this.now
    try {
      yield* wait(within(asking.ended, grace))
    } finally {
      asking.kill()
    }
    this.terminate()
    this.killAfter(this.atLeast(grace - (this.now - from), grace))
  }

  /** minimumGracePeriodInSeconds, unless there is to be none at all. */
  private atLeast(left: Nanos, grace = left): Nanos {
    return Math.max(left, grace === 0 ? 0 : this.pod.settings.minimumGrace)
  }

  private killAfter(delay: Nanos): void {
    this.later(delay, () => {
      this.pod.signalled(this, 'SIGKILL', '')
      this.end(KILLED, 9)
    })
  }

  private terminate(): void {
    const life = this.life()
    const ignores = life.ignoresTerm || this.now < (this.runningSince ?? 0) + life.opensAfter
    this.pod.signalled(this, 'SIGTERM', ignores ? 'ignored' : '')
    if (ignores) return
    this.pod.runtime.terminating(this.pod.object, this.spec)
    this.later(this.pod.settings.shutdown, () => this.end(0, 0))
  }

  /** The process is gone. */
  end(code: number, signal: number, reason = code === 0 ? 'Completed' : 'Error'): void {
    if (this.state.kind !== 'running') return
    const { startedAt } = this.state
    this.cancel()
    this.state = { kind: 'terminated', exitCode: code, signal, reason, startedAt, finishedAt: this.now }
    this.pod.runtime.stopped(this.pod.object, this.spec)
    this.stopping = null
    this.pod.ended(this)
  }

  /** With its sandbox: a reboot. */
  lose(): void {
    this.cancel()
    if (this.state.kind !== 'running') return
    const { startedAt } = this.state
    this.state = { kind: 'terminated', exitCode: LOST, signal: 0, reason: 'Unknown', startedAt, finishedAt: this.now }
    this.pod.runtime.stopped(this.pod.object, this.spec)
  }

  /** Again, at once or after the back-off. */
  restart(): void {
    if (this.state.kind !== 'terminated') return
    const { finishedAt } = this.state
    const left = finishedAt + this.crashes.after(finishedAt) - this.now
    if (left > 0) {
      const { name } = this.spec
      const { meta } = this.pod.object
      const text = `back-off ${goDuration(this.crashes.after(finishedAt))} restarting failed container=${name} pod=${meta.name}_${meta.namespace}(${meta.uid})`
      this.pod.warning(
        'BackOff',
        `Back-off restarting failed container ${name} in pod ${meta.name}_${meta.namespace}(${meta.uid})`,
      )
      this.lastState = this.state
      const held = this.state
      this.wait('CrashLoopBackOff', text)
      this.later(left, () => {
        this.lastState = held
        this.relaunch()
      })
    } else {
      this.lastState = this.state
      this.relaunch()
    }
  }

  private relaunch(): void {
    this.crashes.next(this.now)
    this.restarts++
    this.launch()
  }

  /** In a new sandbox, after the old one was lost. */
  recreate(): void {
    if (this.state.kind === 'terminated') {
      this.lastState = this.state
      this.restarts++
    }
    this.state = { kind: 'waiting', reason: 'ContainerCreating', message: '' }
    this.begun = false
  }

  wait(reason: string, message: string): void {
    this.state = { kind: 'waiting', reason, message }
    this.pod.changed()
  }

  later(delay: Nanos, fire: () => void): void {
    this.plans.later(delay, fire)
  }

  cancel(): void {
    this.plans.cancel()
    this.hook?.kill()
    this.hook = null
  }

  every(delay: Nanos, fire: () => void): Timer {
    return armed(this.pod.simulation, delay, fire)
  }

  spawn<T>(program: Process<T>, name: string): Task<T> {
    return spawn(this.pod.simulation, program, name)
  }

  ask(kind: ProbeKind, probe: Probe): Process<ProbeAnswer | null> {
    return this.pod.ask(this, kind, probe)
  }

  answered(kind: ProbeKind, answer: ProbeAnswer, count: number, threshold: number): void {
    this.pod.probed(this, kind, answer, count, threshold)
  }

  decided(kind: ProbeKind, ok: boolean): void {
    if (kind === 'readiness') {
      if (this.passesReadiness === ok) return
      this.passesReadiness = ok
      this.pod.changed()
    } else if (ok) {
      if (kind === 'liveness' || this.hasStarted) return
      this.hasStarted = true
      this.pod.changed()
      this.triggerReadiness()
    } else {
      const word = kind === 'startup' ? 'startup' : 'liveness'
      this.pod.normal('Killing', `Container ${this.spec.name} failed ${word} probe, will be restarted`)
      const own = this.spec[`${word}Probe`]?.terminationGracePeriodSeconds ?? null
      this.stop((own ?? this.pod.object.spec.terminationGracePeriodSeconds) * 1e9)
    }
  }
}
