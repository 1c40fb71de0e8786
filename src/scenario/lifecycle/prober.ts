import type { PodContext } from '../../app/context.ts'
import { fetch } from '../../app/curl/curl.ts'
import { CODE } from '../../app/curl/failure.ts'
import { checkHealth } from '../../app/grpc/health.ts'
import type { HttpGet } from '../../kube/api/pod-spec.ts'
import type { ProbeAnswer, ProbeTarget } from '../../kube/node/kubelet/outside.ts'
import { joinHostPort, type ProbePlace } from '../../kube/node/kubelet/probe-target.ts'
import { SocketError } from '../../linux/socket/error.ts'
import type { Process } from '../../sim/process.ts'
import { formatEndpoint, parseAddress } from '../../util/address.ts'
import type { Host } from '../host.ts'
import { type Surroundings, startProcess } from '../processes.ts'
import type { Containers, ProbeName } from './containers.ts'

const AGENT = 'kube-probe/1.35'
const HOOK_AGENT = 'kube-lifecycle/1.35'

/** kubelet's probes: packets from the node's own namespace into the pod; exec by what the scenario says. */
export class NodeProber {
  constructor(
    private readonly hostOf: (node: string) => Host,
    private readonly containers: Containers,
    private readonly around: Surroundings,
  ) {}

  *ask(target: ProbeTarget): Process<ProbeAnswer> {
    const { handler, pod, container, node } = target
    if (handler.kind === 'exec') {
      const failing = probesOf(target).some((probe) => this.containers.isFailing(pod, container, probe))
      return { ok: !failing, detail: failing ? 'command failed with exit code 1' : '' }
    }
    const host = this.hostOf(node)
    const process = startProcess(host.namespace, host.sockets, 'kubelet', this.around)
    let answer: ProbeAnswer = { ok: false, detail: 'context deadline exceeded' }
    try {
      if (handler.kind === 'httpGet') answer = yield* this.get(process, target, handler)
      else if (handler.kind === 'grpc') answer = yield* health(process, target, handler.service)
      else answer = yield* connect(process, target)
      return answer
    } finally {
      process.kill()
    }
  }

  /** A request of preStop: any answer will do. */
  *hook({ handler, place, node }: ProbeTarget): Process<string | null> {
    if (handler.kind !== 'httpGet') return null
    const host = this.hostOf(node)
    const process = startProcess(host.namespace, host.sockets, 'kubelet', this.around)
    try {
      const headers = [['User-Agent', HOOK_AGENT], ['Accept', '*/*'], ...handler.headers] as const
      const upgrades = { https: this.around.tls.client({ insecure: true }) }
      const { status, message } = yield* fetch(process, urlOf(handler, place), { headers, upgrades })
      return status === null ? (message ?? '') : null
    } finally {
      process.kill()
    }
  }

  /** 200 to 399 is healthy. Certificates of HTTPS are not looked at. */
  private *get(context: PodContext, { place, timeout }: ProbeTarget, handler: HttpGet): Process<ProbeAnswer> {
    const url = urlOf(handler, place)
    const headers = [['User-Agent', AGENT], ['Accept', '*/*'], ...handler.headers] as const
    const upgrades = { https: this.around.tls.client({ insecure: true }) }
    const { status, message, code } = yield* fetch(context, url, { headers, maxTime: timeout, upgrades })
    if (status === null) return { ok: false, detail: `Get "${url}": ${goError(code, place, message ?? '')}` }
    if (status >= 200 && status < 400) return { ok: true, detail: '' }
    return { ok: false, detail: `HTTP probe failed with statuscode: ${status}` }
  }
}

const urlOf = ({ scheme, path }: HttpGet, { host, port }: ProbePlace): string =>
  `${scheme.toLowerCase()}://${joinHostPort(host, port)}${path}`

/** Go's words for what connect(2) answers. */
function goErrno(errno: string): string {
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connect: connection refused',
    EHOSTUNREACH: 'connect: no route to host',
    ENETUNREACH: 'connect: network is unreachable',
    ETIMEDOUT: 'i/o timeout',
  }
  return words[errno] ?? `connect: ${errno}`
}

/** What Go's HTTP client says where curl says something else. */
function goError(code: number, { host, port }: ProbePlace, otherwise: string): string {
  if (code === CODE.resolve) return lookupError(host)
  if (otherwise.endsWith('wrong version number')) return 'http: server gave HTTP response to HTTPS client'
  if (code === CODE.connect) return `dial tcp ${joinHostPort(host, port)}: connect: connection refused`
  return code === CODE.timeout
    ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    : otherwise
}

const probesOf = ({ container, handler }: ProbeTarget): ProbeName[] =>
  (['startup', 'readiness', 'liveness'] as const).filter((name) => container[`${name}Probe`]?.handler === handler)

const lookupError = (host: string): string => `dial tcp: lookup ${host}: no such host`

/** A handshake is all that is asked for. A name's addresses are tried one after the other; the first refusal is told. */
function* connect(context: PodContext, { place: { host, port }, timeout }: ProbeTarget): Process<ProbeAnswer> {
  const found = yield* context.names.resolve(host)
  if (found.kind !== 'found') return { ok: false, detail: lookupError(host) }
  let refusal: string | null = null
  for (const address of found.addresses) {
    try {
      const stream = yield* context.sockets.connect(address, port, { timeout })
      stream.close()
      return { ok: true, detail: '' }
    } catch (error) {
      if (!(error instanceof SocketError)) throw error
      refusal ??= `dial tcp ${formatEndpoint(address, port)}: ${goErrno(error.errno)}`
    }
  }
  return { ok: false, detail: refusal ?? lookupError(host) }
}

/** grpc.health.v1.Health/Check, in kubelet's words: pkg/probe/grpc. */
function* health(context: PodContext, { place, timeout }: ProbeTarget, service: string): Process<ProbeAnswer> {
  const address = parseAddress(place.host)!
  const { port } = place
  const where = formatEndpoint(address, port)
  try {
    const stream = yield* context.sockets.connect(address, port, { timeout })
    try {
      const answer = yield* checkHealth(stream, where, service, AGENT)
      if (answer.kind === 'status') {
        const { status } = answer
        return status === 'SERVING'
          ? { ok: true, detail: '' }
          : { ok: false, detail: `service unhealthy (responded with "${status}")` }
      }
      const lacks = 'error: this server does not implement the grpc health protocol (grpc.health.v1.Health)'
      return { ok: false, detail: answer.kind === 'failed' ? `${lacks}: code ${answer.code}` : lacks }
    } finally {
      stream.close()
    }
  } catch (error) {
    if (!(error instanceof SocketError)) throw error
    const limit = `${timeout / 1e9}s`
    return {
      ok: false,
      detail: `timeout: failed to connect service "${where}" within ${limit}: context deadline exceeded`,
    }
  }
}
