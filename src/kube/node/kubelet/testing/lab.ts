import type { Kernel } from '../../../../linux/kernel.ts'
import { type Process, sleep } from '../../../../sim/process.ts'
import { Simulation } from '../../../../sim/simulation.ts'
import { type Nanos, SECOND } from '../../../../sim/time.ts'
import { Recorder, type Recording } from '../../../../trace/recorder.ts'
import { type Address, formatAddress } from '../../../../util/address.ts'
import { prefix } from '../../../../util/prefix.ts'
import { Rng } from '../../../../util/rng.ts'
import { node } from '../../../api/build.ts'
import { nameOf } from '../../../api/meta.ts'
import type { PodObject } from '../../../api/pod-object.ts'
import { ControlPlane } from '../../../control/control-plane.ts'
import type { Settings } from '../../../control/settings.ts'
import { HostLocal } from '../../ipam.ts'
import { Kubelet } from '../kubelet.ts'
import type { Outside, PodNetwork, ProbeAnswer, ProbeTarget } from '../outside.ts'
import type { KubeletSettings } from '../settings.ts'

/** host-local on each node and no packets: node N has 10.244.N.0/24. */
class LabNetwork implements PodNetwork {
  private readonly pools = new Map<string, HostLocal>()
  readonly held = new Map<string, string>()

  add(pod: PodObject): readonly Address[] | string {
    const { nodeName } = pod.spec
    let pool = this.pools.get(nodeName)
    if (pool === undefined) {
      const number = Number(nodeName.split('-')[1])
      const subnet = prefix(`10.${244 + (number >> 8)}.${number & 255}.0/24`)
      this.pools.set(nodeName, (pool = new HostLocal([{ subnet }])))
    }
    const got = pool.allocate(pod.meta.uid)
    if (got.kind === 'refused') return got.message
    const text = formatAddress(got.address)
    if (this.held.has(text)) throw new Error(`two pods have ${text}: ${this.held.get(text)} and ${nameOf(pod.meta)}`)
    this.held.set(text, nameOf(pod.meta))
    return [got.address]
  }

  del(pod: PodObject): void {
    this.pools.get(pod.spec.nodeName)?.release(pod.meta.uid)
    for (const address of pod.status.podIPs) this.held.delete(formatAddress(address))
  }

  hostAddresses(): readonly Address[] {
    return []
  }
}

export interface LabOptions {
  readonly nodes?: number
  readonly recording?: Recording
  readonly settings?: Partial<Settings>
  readonly kubelet?: Partial<KubeletSettings>
  /** How a container answers, and after how long. */
  readonly probe?: (target: ProbeTarget, now: Nanos) => { readonly ok: boolean; readonly after?: Nanos }
  readonly pull?: (image: string) => Nanos | string
}

/** A control plane and kubelets without packets. */
export class Lab {
  readonly kernel: Kernel
  readonly plane: ControlPlane
  readonly kubelet: Kubelet
  readonly network = new LabNetwork()
  /** What the runtime was told, in order: `start app`, `stop app`. */
  readonly log: string[] = []

  constructor(private readonly options: LabOptions = {}) {
    const recorder = new Recorder(options.recording ?? 'steps')
    this.kernel = { simulation: new Simulation(), recorder, rng: new Rng(1) }
    this.plane = new ControlPlane(this.kernel, options.settings)
    const note =
      (what: string) =>
      (_pod: PodObject, { name }: { readonly name: string }) => {
        this.log.push(`${this.seconds} ${what} ${name}`)
      }
    const outside: Outside = {
      network: this.network,
      runtime: { started: note('start'), terminating: note('term'), stopped: note('stop') },
      prober: (target) => this.answer(target),
      hooks: (target) => this.hear(target),
      images: { pull: options.pull ?? (() => SECOND) },
    }
    this.kubelet = new Kubelet(this.plane, this.kernel, outside, options.kubelet)
    for (let n = 1; n <= (options.nodes ?? 1); n++) this.store.create(node(`node-${n}`))
  }

  get store() {
    return this.plane.store
  }

  get seconds(): number {
    return Math.round(this.kernel.simulation.now / 1e9)
  }

  run(seconds = 60): void {
    this.kernel.simulation.run(this.kernel.simulation.now + seconds * 1e9)
  }

  pod(name: string): PodObject {
    const found = this.store.get('Pod', 'default', name)
    if (found === null) throw new Error(`no pod ${name}`)
    return found
  }

  address(name: string): string {
    return this.pod(name).status.podIPs.map(formatAddress).join()
  }

  events(name: string): string[] {
    return this.store
      .list('Event')
      .filter(({ involved }) => involved.name === name)
      .map(({ reason }) => reason)
  }

  private *hear(target: ProbeTarget): Process<string | null> {
    const { ok, detail } = yield* this.answer(target)
    return ok ? null : detail
  }

  private *answer(target: ProbeTarget): Process<ProbeAnswer> {
    const { ok, after = 0 } = this.options.probe?.(target, this.kernel.simulation.now) ?? { ok: true }
    if (after > 0) yield* sleep(after)
    return { ok, detail: ok ? '' : 'HTTP probe failed with statuscode: 500' }
  }
}
