import type { PodContext } from '../../app/context.ts'
import { serveHealth } from '../../app/grpc/health.ts'
import { echoPage } from '../../app/http/echo-page.ts'
import type { HttpRequest, HttpResponse } from '../../app/http/message.ts'
import type { PodProcess } from '../../app/pod-process.ts'
import { type PodObject, portNumber } from '../../kube/api/pod-object.ts'
import type { Container } from '../../kube/api/pod-spec.ts'
import type { ContainerRuntime } from '../../kube/node/kubelet/outside.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import { utf8 } from '../../util/bytes.ts'
import { servesDns } from '../dns.ts'
import type { Host } from '../host.ts'
import { DNS_PORT, type Surroundings, secureOf, startProcess } from '../processes.ts'
import { serve, servingsOf } from '../servers.ts'
import { slimPod } from './slim.ts'

export type ProbeName = 'startup' | 'readiness' | 'liveness'
const PROBES: readonly ProbeName[] = ['startup', 'readiness', 'liveness']

/** A port that a program of a container listens on; 0 for CoreDNS, which opens its own. */
interface Open {
  readonly port: number
  readonly process: PodProcess
}

/**
 * The programs of containers: they listen while their container runs. Told to fail a probe they answer 500 to an HTTP probe,
 * NOT_SERVING to a gRPC one, and close the port that a TCP probe asks.
 */
export class Containers implements ContainerRuntime {
  private readonly running = new Map<string, Open[]>()
  private readonly failing = new Set<string>()

  constructor(
    private readonly hostOf: (pod: PodObject) => Host | null,
    private readonly around: Surroundings,
  ) {}

  started(pod: PodObject, container: Container): void {
    this.running.set(keyOf(pod, container), [])
    this.open(pod, container, () => true)
  }

  /** Opens those of its ports. */
  private open(pod: PodObject, container: Container, wanted: (port: number) => boolean): void {
    const host = this.hostOf(pod)
    const running = this.running.get(keyOf(pod, container))
    if (host === null || running === undefined) return
    const slim = slimPod(pod)
    const start =
      (port: number) =>
      (program: string): PodProcess => {
        const process = startProcess(host.namespace, host.sockets, program, this.around)
        running.push({ port, process })
        return process
      }
    const extra = pod.spec.containers[0] === container ? slim.serve : ''
    const dns = servesDns(slim)
    if (dns && wanted(DNS_PORT)) this.around.dns.serve(start(DNS_PORT)('coredns'), this.around.epoch)
    const health = grpcPorts(container)
    for (const port of health) {
      if (!wanted(port)) continue
      serveHealth(start(port)('grpc-server'), port, () =>
        this.isWell(pod, container, port) ? 'SERVING' : 'NOT_SERVING',
      )
    }
    for (const serving of servingsOf({ ...slim, ports: container.ports, serve: extra })) {
      if (!wanted(serving.port) || health.has(serving.port) || (dns && serving.port === DNS_PORT)) continue
      serve(
        [serving],
        start(serving.port),
        secureOf(slim, this.around, host.namespace.kernel.simulation.now),
        (process) => this.respond(pod, container, process),
      )
    }
  }

  /** Programs end as soon as they hear SIGTERM: what follows is their end. */
  terminating(): void {}

  stopped(pod: PodObject, container: Container): void {
    const key = keyOf(pod, container)
    for (const { process } of this.running.get(key) ?? []) process.kill()
    this.running.delete(key)
    for (const probe of PROBES) this.failing.delete(`${key}/${probe}`)
  }

  /** A new container is healthy again. */
  setFailing(pod: PodObject, container: Container, probe: ProbeName, failing: boolean): void {
    const key = `${keyOf(pod, container)}/${probe}`
    if (failing === this.failing.has(key)) return
    if (failing) this.failing.add(key)
    else this.failing.delete(key)
    const handler = container[`${probe}Probe`]?.handler
    if (handler?.kind !== 'tcpSocket') return
    const port = portNumber(handler.port, [container])
    if (!failing) this.open(pod, container, (own) => own === port)
    else this.close(keyOf(pod, container), port)
  }

  private isWell(pod: PodObject, container: Container, port: number): boolean {
    return !PROBES.some((probe) => {
      const handler = container[`${probe}Probe`]?.handler
      return handler?.kind === 'grpc' && handler.port === port && this.isFailing(pod, container, probe)
    })
  }

  private close(key: string, port: number | null): void {
    const running = this.running.get(key) ?? []
    for (const open of running) if (open.port === port) open.process.kill()
    this.running.set(
      key,
      running.filter((open) => open.port !== port),
    )
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

/** Ports on which a container speaks gRPC: those that a probe asks so. */
function grpcPorts(container: Container): Set<number> {
  const handlers = PROBES.map((probe) => container[`${probe}Probe`]?.handler)
  return new Set(handlers.flatMap((handler) => (handler?.kind === 'grpc' ? [handler.port as number] : [])))
}

const keyOf = (pod: PodObject, container: Container): string => `${pod.meta.uid}/${container.name}`
