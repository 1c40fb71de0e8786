import type { HttpResponse } from '../app/http/message.ts'
import { type HttpServerOptions, serveHttp } from '../app/http/server.ts'
import { atOnce } from '../sim/process.ts'
import { keyOf } from '../util/address.ts'
import { utf8 } from '../util/bytes.ts'
import type { Host } from './host.ts'
import { type Surroundings, startProcess } from './processes.ts'
import type { Services } from './services.ts'

/**
 * What load balancers ask a node for Services under externalTrafficPolicy Local: kube-proxy answers on their healthCheckNodePort
 * whether the node has a ready endpoint of theirs (pkg/proxy/healthcheck/service_health.go).
 */
export function serveHealthChecks({ namespace, sockets }: Host, services: Services, around: Surroundings): void {
  for (const { meta, type, externalTrafficPolicy, healthCheckNodePort: port } of services.all) {
    if (port === 0 || type !== 'LoadBalancer' || externalTrafficPolicy !== 'Local') continue
    const process = startProcess(namespace, sockets, 'kube-proxy', around)
    const ready = (): number => readyOn(namespace.node, services, meta.namespace, meta.name)
    serveHttp(process, { port, respond: responder(meta.namespace, meta.name, ready) })
  }
}

function readyOn(node: string, { slices }: Services, namespace: string, name: string): number {
  const found = new Set<string | number>()
  for (const { meta, service, endpoints } of slices) {
    if (service !== name || meta.namespace !== namespace) continue
    for (const endpoint of endpoints)
      if (endpoint.ready && endpoint.node === node) for (const address of endpoint.addresses) found.add(keyOf(address))
  }
  return found.size
}

function responder(namespace: string, name: string, ready: () => number): HttpServerOptions['respond'] {
  return () => atOnce(answer(namespace, name, ready()))
}

function answer(namespace: string, name: string, localEndpoints: number): HttpResponse {
  const body = { service: { namespace, name }, localEndpoints, serviceProxyHealthy: true }
  return {
    status: localEndpoints > 0 ? 200 : 503,
    headers: [
      ['Content-Type', 'application/json'],
      ['X-Content-Type-Options', 'nosniff'],
      ['X-Load-Balancing-Endpoint-Weight', String(localEndpoints)],
    ],
    body: utf8(JSON.stringify(body, null, '\t')),
  }
}
