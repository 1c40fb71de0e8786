import type { PodContext } from '../../app/context.ts'
import type { ProxyConfig } from '../../app/ingress/config.ts'
import { type Configured, configure } from '../../kube/control/ingress/configuration.ts'
import type { IngressWorld } from '../../kube/control/ingress/world.ts'
import { type Process, Signal, sleep, wait } from '../../sim/process.ts'
import { type Nanos, SECOND } from '../../sim/time.ts'
import type { StepId } from '../../trace/step.ts'
import type { News } from './news.ts'
import type { IngressServing } from './serving.ts'

/** --sync-rate-limit: 0.3 a second. */
const MIN_SYNC: Nanos = SECOND / 0.3

/** The controller beside NGINX: hears what changes, and makes the configuration anew, as often as it may. */
export class Controller {
  private current: Configured

  constructor(
    private readonly context: PodContext,
    private readonly world: () => IngressWorld,
    private readonly serving: IngressServing,
  ) {
    this.current = { config: NOTHING, served: [], warnings: [] }
    this.sync([], context.cause)
  }

  get config(): ProxyConfig {
    return this.current.config
  }

  follow(news: News): void {
    const changed = new Set<string>()
    const woken = new Signal()
    let cause: StepId = 0
    const end = news.subscribe((object, step) => {
      changed.add(object)
      cause = step
      woken.notify()
    })
    const { context } = this
    const sync = (): void => {
      this.sync([...changed].sort(), cause)
      changed.clear()
    }
    context.fork(loop(), 'sync')

    function* loop(): Process {
      let last = context.simulation.now
      try {
        for (;;) {
          if (changed.size === 0) yield* wait(woken)
          const rest = last + MIN_SYNC - context.simulation.now
          if (rest > 0) yield* sleep(rest)
          last = context.simulation.now
          sync()
        }
      } finally {
        end()
      }
    }
  }

  /** What stays the same is not told again. */
  private sync(by: readonly string[], cause: StepId): void {
    const { context, current } = this
    const next = configure(this.world(), this.serving)
    this.current = next
    const fresh = next.warnings.filter((line) => !current.warnings.includes(line))
    if (by.length > 0 && digest(next) === digest(current) && fresh.length === 0) return
    const hosts = [...next.config.servers.keys()]
    context.record({ kind: 'ingress-sync', ingresses: next.served.length, hosts, by }, cause || context.cause)
    for (const line of fresh) context.print(line)
  }
}

const digest = ({ config }: Configured): string =>
  JSON.stringify([[...config.servers.values()], config.catchAll, [...config.unserved.values()]])

const NOTHING: ProxyConfig = {
  servers: new Map(),
  catchAll: {
    host: '_',
    certificate: {
      from: 'default',
      choice: {
        ...{ why: 'unknown-host', host: '', ingress: '', field: '', secret: '', names: [], elsewhere: '', detail: '' },
      },
    },
    passthrough: null,
    locations: [],
  },
  unserved: new Map(),
}
