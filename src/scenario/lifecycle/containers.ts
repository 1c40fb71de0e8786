import type { PodContext } from '../../app/context.ts'
import { echoPage } from '../../app/http/echo-page.ts'
import type { HttpRequest, HttpResponse } from '../../app/http/message.ts'
import type { PodProcess } from '../../app/pod-process.ts'
import type { PodObject } from '../../kube/api/pod-object.ts'
import type { Container } from '../../kube/api/pod-spec.ts'
import type { ContainerRuntime } from '../../kube/node/kubelet/outside.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import { utf8 } from '../../util/bytes.ts'
import type { Host } from '../cluster.ts'
import { servesDns } from '../dns.ts'
import { DNS_PORT, type Surroundings, startProcess } from '../processes.ts'
import { serve, servingsOf } from '../servers.ts'
import { slimPod } from './slim.ts'

export type ProbeName = 'startup' | 'readiness' | 'liveness'
const PROBES: readonly ProbeName[] = ['startup', 'readiness', 'liveness']

/** The programs of containers: they listen while their container runs, and answer probes that were told to fail with 500. */
export class Containers implements ContainerRuntime {
  private readonly running = new Map<string, PodProcess[]>()
  private readonly failing = new Set<string>()

  constructor(
    private readonly hostOf: (pod: PodObject) => Host | null,
    private readonly around: Surroundings,
  ) {}

  started(pod: PodObject, container: Container): void {
    const host = this.hostOf(pod)
    if (host === null) return
    const processes: PodProcess[] = []
    this.running.set(keyOf(pod, container), processes)
    const start = (program: string): PodProcess => {
      const process = startProcess(host.namespace, host.sockets, program, this.around)
      processes.push(process)
      return process
    }
    const slim = slimPod(pod)
    const extra = pod.spec.containers[0] === container ? slim.serve : ''
    const dns = servesDns(slim)
    if (dns) this.around.dns.serve(start('coredns'), this.around.epoch)
    serve(
      servingsOf({ ...slim, ports: container.ports, serve: extra }).filter(({ port }) => !(dns && port === DNS_PORT)),
      start,
      (process, fault) => this.around.tls.server(slim, fault, process),
      (process) => this.respond(pod, container, process),
    )
  }

  /** Programs end as soon as they hear SIGTERM: what follows is their end. */
  terminating(): void {}

  stopped(pod: PodObject, container: Container): void {
    const key = keyOf(pod, container)
    for (const process of this.running.get(key) ?? []) process.kill()
    this.running.delete(key)
    for (const probe of PROBES) this.failing.delete(`${key}/${probe}`)
  }

  /** From now on the probe's path answers 500, or its command fails; a new container is healthy again. */
  setFailing(pod: PodObject, container: Container, probe: ProbeName, failing: boolean): void {
    const key = `${keyOf(pod, container)}/${probe}`
    if (failing) this.failing.add(key)
    else this.failing.delete(key)
  }

  isFailing(pod: PodObject, container: Container, probe: ProbeName): boolean {
    return this.failing.has(`${keyOf(pod, container)}/${probe}`)
  }

  private respond(pod: PodObject, container: Container, context: PodContext) {
    const page = echoPage(context)
    const fails = (target: string): boolean =>
      PROBES.some((probe) => {
        const handler = container[`${probe}Probe`]?.handler
        return handler?.kind === 'httpGet' && handler.path === target && this.isFailing(pod, container, probe)
      })
    return function* (request: HttpRequest, peer: TcpStream): Process<HttpResponse> {
      if (!fails(request.target)) return yield* page(request, peer)
      return { status: 500, headers: [['Content-Type', 'text/plain']], body: utf8('not well\n') }
    }
  }
}

const keyOf = (pod: PodObject, container: Container): string => `${pod.meta.uid}/${container.name}`
