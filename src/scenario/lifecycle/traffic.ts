import type { PodContext } from '../../app/context.ts'
import { fetch } from '../../app/curl/curl.ts'
import { type Process, sleep, spawn } from '../../sim/process.ts'
import type { Nanos } from '../../sim/time.ts'
import { text } from '../../util/bytes.ts'
import type { Emulation } from '../emulation.ts'
import type { Host } from '../host.ts'
import { startProcess } from '../processes.ts'

/** One request of a client that asks again and again. */
export interface RequestMade {
  /** `default/client`, or the machine. */
  readonly client: string
  readonly url: string
  readonly at: Nanos
  readonly status: number | null
  /** curl's words; null when an answer came. */
  readonly error: string | null
  /** The pod that answered, by its own page; empty when it does not say. */
  readonly server: string
}

export interface TrafficSpec {
  readonly url: string
  readonly every: Nanos
  readonly for: Nanos
  readonly timeout: Nanos
}

/** What became of one client's requests. */
export interface TrafficSummary {
  readonly client: string
  readonly url: string
  readonly made: number
  readonly failed: number
  /** Who answered how often, by name. */
  readonly servers: readonly (readonly [string, number])[]
}

/** Clients that ask a Service while its pods come and go. */
export class Traffic {
  readonly requests: RequestMade[] = []

  constructor(private readonly emulation: Emulation) {}

  get failed(): readonly RequestMade[] {
    return this.requests.filter(isFailure)
  }

  /** One for each client and URL, in the order in which they began. */
  get summaries(): TrafficSummary[] {
    const groups = new Map<string, RequestMade[]>()
    for (const request of this.requests) {
      const key = `${request.client} ${request.url}`
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [request])
      else group.push(request)
    }
    return [...groups.values()].map((group) => {
      const [{ client, url }] = group
      const servers = new Map<string, number>()
      for (const { server } of group) if (server !== '') servers.set(server, (servers.get(server) ?? 0) + 1)
      const sorted = [...servers].sort(([a], [b]) => (a < b ? -1 : 1))
      return { client, url, made: group.length, failed: group.filter(isFailure).length, servers: sorted }
    })
  }

  start(host: Host, spec: TrafficSpec): void {
    const { kernel } = this.emulation
    const process = startProcess(host.namespace, host.sockets, 'curl', this.emulation)
    const client = host.namespace.name === 'host' ? host.namespace.node : host.namespace.name
    spawn(kernel.simulation, this.ask(process, client, spec), 'traffic')
  }

  private *ask(context: PodContext, client: string, spec: TrafficSpec): Process {
    const { simulation } = context
    const end = simulation.now + spec.for
    while (simulation.now < end) {
      const at = simulation.now
      context.fork(this.one(context, client, at, spec), 'request')
      yield* sleep(spec.every)
    }
  }

  private *one(context: PodContext, client: string, at: Nanos, { url, timeout }: TrafficSpec): Process {
    const upgrades = { https: this.emulation.tls.client({ insecure: false }) }
    const { status, message, body } = yield* fetch(context, url, { maxTime: timeout, upgrades })
    const server = /^Hostname: (\S+)$/m.exec(text(body))?.[1] ?? ''
    const error = status === null ? message : null
    this.requests.push({ client, url, at, status, error, server })
    context.record({ kind: 'request', url, began: at, status, error: error ?? '', server })
  }
}

const isFailure = ({ status }: RequestMade): boolean => status === null || status >= 500
