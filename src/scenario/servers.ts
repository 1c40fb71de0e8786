import { tcpEcho, udpEcho } from '../app/echo.ts'
import { echoPage } from '../app/http/echo-page.ts'
import { type HttpServerOptions, serveHttp } from '../app/http/server.ts'
import type { PodProcess } from '../app/pod-process.ts'
import { nameOf } from '../kube/api/meta.ts'
import type { Pod } from '../kube/api/pod.ts'
import { inputError } from '../util/diagnostics.ts'
import { type IngressServing, ingressQuery, readIngressServing } from './ingress/serving.ts'
import { readTlsServing, type Scheme, type TlsServing } from './tls/serving.ts'

/** What a pod serves at a port. */
export type Serving =
  | { readonly scheme: 'http' | 'tcp' | 'udp'; readonly port: number }
  | { readonly scheme: 'https' | 'edge'; readonly port: number; readonly tls: TlsServing }
  /** `port` is where it ends TLS. */
  | { readonly scheme: 'ingress'; readonly port: number; readonly ingress: IngressServing }

const ANNOTATION = 'podwire.dev/serve'

/**
 * Container ports (TCP: HTTP, UDP: echo) and what the annotation adds or says otherwise: `http:8443,udp:5353`,
 * `https:8443?secret=web-tls`, `ingress?class=nginx`.
 */
export function servingsOf(pod: Pod): Serving[] {
  const servings = new Map<string, Serving>()
  for (const { port, protocol } of pod.ports) {
    if (protocol === 'SCTP') continue
    servings.set(`${protocol}/${port}`, { scheme: protocol === 'UDP' ? 'udp' : 'http', port })
  }
  for (const text of pod.serve.split(',')) {
    if (text.trim() === '') continue
    const serving = parseServing(text.trim())
    if (typeof serving === 'string') {
      const message = `Pod ${nameOf(pod.meta)}: annotation ${ANNOTATION} holds "${text.trim()}"`
      throw inputError(`${message}: ${serving}`, FORMS, pod.meta.at)
    }
    if (serving.scheme === 'ingress') servings.delete(`TCP/${serving.ingress.http}`)
    servings.set(`${serving.scheme === 'udp' ? 'UDP' : 'TCP'}/${serving.port}`, serving)
  }
  return [...servings.values()]
}

/** Throws for an annotation that cannot be read; ports are opened much later. */
export function checkServings(pods: readonly Pod[]): void {
  for (const pod of pods) if (pod.serve !== '') servingsOf(pod)
}

/** What turns the servers of one process to TLS. */
export interface Secure {
  https(process: PodProcess, tls: TlsServing): HttpServerOptions['upgrade'] | null
  edge(process: PodProcess, port: number, tls: TlsServing): void
  ingress(process: PodProcess, serving: IngressServing): void
}

/** Opens the ports: `start` makes a process of the pod's for each. */
export function serve(
  servings: readonly Serving[],
  start: (program: string) => PodProcess,
  secure: Secure,
  respond: (process: PodProcess) => HttpServerOptions['respond'] = echoPage,
): void {
  for (const serving of servings) {
    const { port } = serving
    switch (serving.scheme) {
      case 'https': {
        const process = start('https-server')
        const upgrade = secure.https(process, serving.tls)
        // Null: it could not load its certificate, and has said so.
        if (upgrade !== null) serveHttp(process, { port, respond: respond(process), upgrade })
        break
      }
      case 'edge':
        secure.edge(start('edge'), port, serving.tls)
        break
      case 'ingress':
        secure.ingress(start('ingress-nginx'), serving.ingress)
        break
      case 'http': {
        const process = start('http-server')
        serveHttp(process, { port, respond: respond(process) })
        break
      }
      case 'tcp':
        tcpEcho(start('echo'), port)
        break
      case 'udp':
        udpEcho(start('echo'), port)
    }
  }
}

const FORMS =
  'http:PORT, https:PORT?secret=NAME, edge:PORT?terminate=HOST>SERVICE:PORT, ingress?class=NAME, tcp:PORT or udp:PORT'

function parseServing(text: string): Serving | string {
  const controller = ingressQuery(text)
  if (controller !== null) {
    const ingress = readIngressServing(controller)
    return typeof ingress === 'string' ? ingress : { scheme: 'ingress', port: ingress.https, ingress }
  }
  const match = /^(http|https|tcp|udp|edge):(\d{1,5})(?:\?(.*))?$/.exec(text)
  const port = Number(match?.[2])
  if (match === null || port < 1 || port > 65_535) return 'this is no scheme and port'
  const scheme = match[1] as Scheme
  if (scheme !== 'https' && scheme !== 'edge')
    return match[3] === undefined ? { scheme, port } : `${scheme} takes no parameters`
  const tls = readTlsServing(scheme, match[3] ?? '')
  return typeof tls === 'string' ? tls : { scheme, port, tls }
}
