import type { PodContext } from '../../app/context.ts'
import { fetch } from '../../app/curl/curl.ts'
import { type Process, sleep, spawn } from '../../sim/process.ts'
import type { Nanos } from '../../sim/time.ts'
import type { Host } from '../cluster.ts'
import type { Emulation } from '../emulation.ts'
import { startProcess } from '../processes.ts'

/** One request of a client that asks again and again. */
export interface RequestMade {
  readonly at: Nanos
  readonly status: number | null
  /** curl's words; null when an answer came. */
  readonly error: string | null
}

export interface TrafficSpec {
  readonly url: string
  readonly every: Nanos
  readonly for: Nanos
  readonly timeout: Nanos
}

/** Clients that ask a Service while its pods come and go. */
export class Traffic {
  readonly requests: RequestMade[] = []

  constructor(private readonly emulation: Emulation) {}

  get failed(): readonly RequestMade[] {
    return this.requests.filter(({ status }) => status === null || status >= 500)
  }

  start(host: Host, spec: TrafficSpec): void {
    const { kernel } = this.emulation
    const process = startProcess(host.namespace, host.sockets, 'curl', this.emulation)
    spawn(kernel.simulation, this.ask(process, spec), 'traffic')
  }

  private *ask(context: PodContext, spec: TrafficSpec): Process {
    const { simulation } = context
    const end = simulation.now + spec.for
    while (simulation.now < end) {
      const at = simulation.now
      context.fork(this.one(context, at, spec), 'request')
      yield* sleep(spec.every)
    }
  }

  private *one(context: PodContext, at: Nanos, { url, timeout }: TrafficSpec): Process {
    const upgrades = { https: this.emulation.tls.client({ insecure: false }) }
    const { status, message } = yield* fetch(context, url, { maxTime: timeout, upgrades })
    this.requests.push({ at, status, error: status === null ? message : null })
  }
}
