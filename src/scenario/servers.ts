import { tcpEcho, udpEcho } from '../app/echo.ts'
import { echoPage } from '../app/http/echo-page.ts'
import { serveHttp } from '../app/http/server.ts'
import type { PodProcess } from '../app/pod-process.ts'
import { nameOf } from '../kube/api/meta.ts'
import type { Pod } from '../kube/api/pod.ts'
import { inputError } from '../util/diagnostics.ts'

/** One port that a pod serves. */
export interface Serving {
  readonly scheme: 'http' | 'tcp' | 'udp'
  readonly port: number
}

const ANNOTATION = 'podwire.dev/serve'

/** Container ports (TCP: HTTP, UDP: echo) and what the annotation adds or says otherwise, e.g. `http:8443,udp:5353`. */
export function servingsOf(pod: Pod): Serving[] {
  const servings = new Map<string, Serving>()
  for (const { port, protocol } of pod.ports) {
    if (protocol === 'SCTP') continue
    servings.set(`${protocol}/${port}`, { scheme: protocol === 'UDP' ? 'udp' : 'http', port })
  }
  for (const text of pod.serve.split(',')) {
    if (text.trim() === '') continue
    const serving = parseServing(text.trim())
    if (serving === null) {
      const message = `Pod ${nameOf(pod.meta)}: annotation ${ANNOTATION} holds "${text.trim()}"`
      throw inputError(message, 'http:PORT, tcp:PORT or udp:PORT', pod.meta.at)
    }
    servings.set(`${serving.scheme === 'udp' ? 'UDP' : 'TCP'}/${serving.port}`, serving)
  }
  return [...servings.values()]
}

/** Opens the ports: `start` makes a process of the pod's for each. */
export function serve(servings: readonly Serving[], start: (program: string) => PodProcess): void {
  for (const { scheme, port } of servings) {
    switch (scheme) {
      case 'http': {
        const process = start('http-server')
        serveHttp(process, { port, respond: echoPage(process) })
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
  const match = /^(http|tcp|udp):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  return match === null || port < 1 || port > 65_535 ? null : { scheme: match[1] as Serving['scheme'], port }
}
