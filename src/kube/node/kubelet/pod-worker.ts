import type { Process } from '../../../sim/process.ts'
import type { Simulation } from '../../../sim/simulation.ts'
import type { Nanos } from '../../../sim/time.ts'
import type { StepId } from '../../../trace/step.ts'
import type { KubeEvent } from '../../../trace/steps/kube.ts'
import type { Address } from '../../../util/address.ts'
import type { PodObject } from '../../api/pod-object.ts'
import type { HttpGet, Probe } from '../../api/pod-spec.ts'
import { refOf } from '../../api/store-steps.ts'
import { ContainerRun } from './container.ts'
import type { Kubelet } from './kubelet.ts'
import type { ContainerRuntime, ProbeAnswer } from './outside.ts'
import { describeProbe, placeOf } from './probe-target.ts'
import type { ProbeKind } from './probe-worker.ts'
import type { KubeletSettings } from './settings.ts'
import { statusOf } from './status.ts'
import { Plans } from './timers.ts'

/**
 * One pod on its node, from the sandbox to its end. Init containers run one after the other; a sidecar lets the next begin
 * when it has started; then all containers start. Source: pkg/kubelet/pod_workers.go, kuberuntime_manager.go.
 */
export class PodWorker {
  readonly init: readonly ContainerRun[]
  readonly main: readonly ContainerRun[]
  addresses: readonly Address[] = []
  startTime: Nanos | null = null
  /** Why the whole pod failed, beside its containers: a deadline, an eviction. */
  failure: { readonly reason: string; readonly message: string } | null = null
  terminating = false
  hasSandbox = false
  private cause: StepId
  private readonly plans: Plans

  constructor(
    readonly kubelet: Kubelet,
    /** As kubelet saw it last; its status is written by this worker alone. */
    public object: PodObject,
    cause: StepId,
  ) {
    this.cause = cause
    this.plans = new Plans(kubelet.simulation)
    const { initContainers, containers } = object.spec
    this.init = initContainers.map((spec) => new ContainerRun(this, spec, true, 'PodInitializing'))
    const waiting = initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating'
    this.main = containers.map((spec) => new ContainerRun(this, spec, false, waiting))
  }

  get now(): Nanos {
    return this.kubelet.simulation.now
  }

  get simulation(): Simulation {
    return this.kubelet.simulation
  }

  get settings(): KubeletSettings {
    return this.kubelet.settings
  }

  get runtime(): ContainerRuntime {
    return this.kubelet.outside.runtime
  }

  get all(): readonly ContainerRun[] {
    return this.init.length === 0 ? this.main : [...this.init, ...this.main]
  }

  start(): void {
    this.startTime ??= this.now
    const { activeDeadlineSeconds } = this.object.spec
    if (activeDeadlineSeconds !== null) this.later(activeDeadlineSeconds * 1e9, () => this.expire())
    for (const container of this.all) container.startProbes()
    this.changed()
    this.later(this.settings.sandbox, () => this.makeSandbox())
  }

  private makeSandbox(): void {
    if (this.terminating) return
    const { network } = this.kubelet.outside
    const { hostNetwork, nodeName } = this.object.spec
    const got = hostNetwork ? network.hostAddresses(nodeName) : network.add(this.object)
    if (typeof got === 'string') {
      const message = `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: plugin type="bridge" failed (add): ${got}`
      this.warning('FailedCreatePodSandBox', message)
      this.later(this.settings.syncRetry, () => this.makeSandbox())
      return
    }
    this.addresses = got
    this.hasSandbox = true
    if (!hostNetwork) this.tellAddress('assigned')
    this.proceed()
    this.changed()
  }

  private tellAddress(change: 'assigned' | 'released'): void {
    const { nodeName: node } = this.object.spec
    this.record(() => ({ kind: 'pod-address', change, pod: refOf(this.object), node, addresses: this.addresses }))
  }

  /** Launches what may begin now. */
  private proceed(): void {
    if (this.terminating || !this.hasSandbox) return
    for (const container of this.init) {
      if (container.exitCode === 0 && !container.spec.sidecar) continue
      if (container.spec.sidecar && container.isRunning && container.hasStarted) continue
      if (container.state.kind === 'waiting') container.begin()
      return
    }
    for (const container of this.main) if (container.state.kind === 'waiting') container.begin()
  }

  /** A container ended. */
  ended(container: ContainerRun): void {
    if (!this.terminating && this.shouldRestart(container)) container.restart()
    this.changed()
    if (this.terminating) this.finishIfDone()
    else if (this.isOver()) this.retire()
  }

  private shouldRestart(container: ContainerRun): boolean {
    const { restartPolicy } = this.object.spec
    if (container.spec.sidecar) return !this.isOver()
    if (container.init) return container.exitCode !== 0 && restartPolicy !== 'Never'
    return restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && container.exitCode !== 0)
  }

  /** Nothing of it will run again by itself. */
  private isOver(): boolean {
    const { restartPolicy } = this.object.spec
    if (
      restartPolicy === 'Never' &&
      this.init.some(({ exitCode, spec }) => !spec.sidecar && exitCode !== null && exitCode !== 0)
    )
      return true
    return this.main.every(
      ({ isDone, exitCode }) => isDone && restartPolicy !== 'Always' && (restartPolicy === 'Never' || exitCode === 0),
    )
  }

  /** Succeeded or Failed: the sidecars are stopped, the sandbox and its address go, the object stays. */
  private retire(): void {
    const running = this.all.filter(({ isRunning }) => isRunning)
    for (const container of this.all) container.stopProbes()
    for (const container of running) container.stop(this.object.spec.terminationGracePeriodSeconds * 1e9)
    if (running.length > 0 || this.finished) return
    this.finished = true
    this.changed()
    this.leave(() => this.changed())
  }

  private expire(): void {
    if (this.terminating || this.failure !== null || this.isOver()) return
    this.failure = {
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    }
    this.terminating = true
    for (const container of this.all) container.stop(this.object.spec.terminationGracePeriodSeconds * 1e9)
    this.finishIfDone()
  }

  /** The API object is to go: within `grace`, containers first, sidecars last. */
  terminate(grace: Nanos, cause: StepId): void {
    this.cause = cause
    if (!this.terminating) {
      for (const container of this.all) container.stopProbes(['startup', 'liveness'])
      this.cancel()
    }
    this.terminating = true
    this.deadline = this.now + grace
    for (const container of this.main) container.stop(grace)
    for (const container of this.init) if (!container.spec.sidecar) container.stop(grace)
    this.finishIfDone()
  }

  private deadline: Nanos = 0

  private finishIfDone(): void {
    if (this.main.some(({ isRunning }) => isRunning)) return
    const sidecars = this.init.filter(({ isRunning }) => isRunning)
    for (const sidecar of sidecars) sidecar.stop(Math.max(0, this.deadline - this.now))
    if (this.init.some(({ isRunning }) => isRunning) || this.finished) return
    this.finished = true
    for (const container of this.all) container.stopProbes()
    this.changed()
    this.leave(() => {
      if (this.failure === null) this.kubelet.finished(this)
      else this.changed()
    })
  }

  private finished = false

  /** The sandbox goes a moment after its last process: what that sent on its way out arrives. */
  private leave(then: () => void): void {
    const go = (): void => {
      this.release()
      then()
    }
    if (this.hasSandbox) this.later(this.settings.sandboxStop, go)
    else go()
  }

  private release(): void {
    if (!this.hasSandbox) return
    this.hasSandbox = false
    if (this.object.spec.hostNetwork) return
    this.kubelet.outside.network.del(this.object)
    this.tellAddress('released')
  }

  /** At once and without a word: the node is gone, or the object was deleted by force. */
  kill(): void {
    this.terminating = true
    this.cancel()
    for (const container of this.all) {
      container.stopProbes()
      container.lose()
    }
    this.release()
  }

  /** The node went down: the processes and the sandbox are gone, the pod is not. */
  loseSandbox(): void {
    this.cancel()
    for (const container of this.all) {
      container.stopProbes()
      container.lose()
    }
    this.release()
  }

  /** The node is up again: a new sandbox, and a new address, for the same pod. */
  revive(): void {
    if (this.object.status.phase === 'Succeeded' || this.object.status.phase === 'Failed') return
    this.normal('SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
    for (const container of this.all) container.recreate()
    this.start()
  }

  /** Something that the status tells has changed. */
  changed(): void {
    if (!this.terminating) this.proceed()
    this.kubelet.report(this, this.cause)
  }

  get status() {
    return statusOf(this, this.kubelet.outside.network.hostAddresses(this.object.spec.nodeName))
  }

  /** Null: kubelet could not ask, says so, and counts it neither as success nor as failure. */
  *ask({ spec: container }: ContainerRun, kind: ProbeKind, probe: Probe): Process<ProbeAnswer | null> {
    const place = placeOf(container, probe.handler, this.addresses)
    if (typeof place === 'string') {
      this.warning('Unhealthy', `${capital(kind)} probe errored and resulted in unknown state: ${place}`)
      return null
    }
    const { nodeName: node } = this.object.spec
    const { handler, timeoutSeconds } = probe
    const target = { pod: this.object, container, node, place, handler, timeout: timeoutSeconds * 1e9 }
    return yield* this.kubelet.outside.prober({ ...target, cause: this.cause })
  }

  /** The request of a preStop hook. Its answer is of no account; that there was none is told. */
  *request({ spec: container }: ContainerRun, handler: HttpGet): Process {
    const place = placeOf(container, handler, this.addresses)
    const { nodeName: node } = this.object.spec
    const target = { pod: this.object, container, node, handler, timeout: 0, cause: this.cause }
    const failure = typeof place === 'string' ? place : yield* this.kubelet.outside.hooks({ ...target, place })
    if (failure !== null) this.warning('FailedPreStopHook', 'PreStopHook failed')
  }

  probed(run: ContainerRun, probe: ProbeKind, { ok, detail }: ProbeAnswer, count: number, threshold: number): void {
    this.record(() => {
      const { spec } = run
      const { handler } = spec[`${probe}Probe`]!
      const place = placeOf(spec, handler, this.addresses)
      const what = { kind: 'probe', pod: refOf(this.object), container: spec.name, probe, ok, detail } as const
      return { ...what, asked: typeof place === 'string' ? '' : describeProbe(handler, place), count, threshold }
    })
    if (!ok) this.warning('Unhealthy', `${capital(probe)} probe failed: ${detail}`)
  }

  /** preStop, SIGTERM, SIGKILL: no object tells of them, the trace does. */
  signalled(run: ContainerRun, signal: 'preStop' | 'SIGTERM' | 'SIGKILL', detail: string): void {
    const container = run.spec.name
    this.record(() => ({ kind: 'container-signal', pod: refOf(this.object), container, signal, detail }))
  }

  private record(make: () => KubeEvent): void {
    const { recorder } = this.kubelet
    if (recorder.on) {
      const place = recorder.place(this.object.spec.nodeName, 'host', '')
      this.cause = recorder.step(this.now, place, this.cause, 0, null, make())
    } else recorder.skip()
  }

  hasImage(image: string): boolean {
    return this.kubelet.hasImage(this.object.spec.nodeName, image)
  }

  pull(image: string): Nanos | string {
    return this.kubelet.outside.images.pull(image)
  }

  pulled(image: string): void {
    this.kubelet.keepImage(this.object.spec.nodeName, image)
  }

  normal(reason: string, message: string): void {
    this.kubelet.event(this, 'normal', reason, message, this.cause)
  }

  warning(reason: string, message: string): void {
    this.kubelet.event(this, 'warning', reason, message, this.cause)
  }

  private later(delay: Nanos, fire: () => void): void {
    this.plans.later(delay, fire)
  }

  private cancel(): void {
    this.plans.cancel()
  }
}

const capital = (word: string): string => `${word[0].toUpperCase()}${word.slice(1)}`
