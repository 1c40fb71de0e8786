import { tcpEcho, udpEcho } from '../app/echo.ts'
import { echoPage } from '../app/http/echo-page.ts'
import { type HttpServerOptions, serveHttp } from '../app/http/server.ts'
import type { PodProcess } from '../app/pod-process.ts'
import { nameOf } from '../kube/api/meta.ts'
import type { Pod } from '../kube/api/pod.ts'
import type { Fault } from '../pki/certificates.ts'
import { inputError } from '../util/diagnostics.ts'
import { faultNames, isFault } from './cluster-tls.ts'

/** One port that a pod serves. */
export interface Serving {
  readonly scheme: 'http' | 'https' | 'tcp' | 'udp'
  readonly port: number
  /** Of an HTTPS server's certificate: what is wrong with it, for lessons. */
  readonly fault: Fault | null
}

const ANNOTATION = 'podwire.dev/serve'

/** Container ports (TCP: HTTP, UDP: echo) and what the annotation adds or says otherwise, e.g. `http:8443,udp:5353`. */
export function servingsOf(pod: Pod): Serving[] {
  const servings = new Map<string, Serving>()
  for (const { port, protocol } of pod.ports) {
    if (protocol === 'SCTP') continue
    servings.set(`${protocol}/${port}`, { scheme: protocol === 'UDP' ? 'udp' : 'http', port, fault: null })
  }
  for (const text of pod.serve.split(',')) {
    if (text.trim() === '') continue
    const serving = parseServing(text.trim())
    if (serving === null) {
      const message = `Pod ${nameOf(pod.meta)}: annotation ${ANNOTATION} holds "${text.trim()}"`
      const forms = `http:PORT, https:PORT, tcp:PORT, udp:PORT, or https:PORT?fault=F with F one of ${faultNames}`
      throw inputError(message, forms, pod.meta.at)
    }
    servings.set(`${serving.scheme === 'udp' ? 'UDP' : 'TCP'}/${serving.port}`, serving)
  }
  return [...servings.values()]
}

/** Opens the ports: `start` makes a process of the pod's for each, `secure` what turns its connections to TLS. */
export function serve(
  servings: readonly Serving[],
  start: (program: string) => PodProcess,
  secure: (process: PodProcess, fault: Fault | null) => NonNullable<HttpServerOptions['upgrade']>,
  respond: (process: PodProcess) => HttpServerOptions['respond'] = echoPage,
): void {
  for (const { scheme, port, fault } of servings) {
    switch (scheme) {
      case 'https': {
        const process = start('https-server')
        serveHttp(process, { port, respond: respond(process), upgrade: secure(process, fault) })
        break
      }
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

function parseServing(text: string): Serving | null {
  const match = /^(http|https|tcp|udp):(\d{1,5})(?:\?fault=([a-z0-9-]+))?$/.exec(text)
  const port = Number(match?.[2])
  if (match === null || port < 1 || port > 65_535) return null
  const fault = match[3] ?? null
  if (fault !== null && (match[1] !== 'https' || !isFault(fault))) return null
  return { scheme: match[1] as Serving['scheme'], port, fault: fault as Fault | null }
}
