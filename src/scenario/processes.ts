import type { NameService, PodContext } from '../app/context.ts'
import { serveEdge } from '../app/edge/edge.ts'
import { PodProcess } from '../app/pod-process.ts'
import type { Pod } from '../kube/api/pod.ts'
import type { Namespace } from '../linux/namespace.ts'
import type { Sockets } from '../linux/socket/table.ts'
import type { Nanos } from '../sim/time.ts'
import type { ClusterIngress } from './cluster-ingress.ts'
import type { ClusterTls } from './cluster-tls.ts'
import { type ClusterDns, servesDns } from './dns.ts'
import type { Host } from './host.ts'
import { type Secure, serve, servingsOf } from './servers.ts'

export const DNS_PORT = 53

/** What processes need of the world around their namespace. */
export interface Surroundings {
  /** Milliseconds since 1970 at the scenario's start. */
  readonly epoch: number
  readonly dns: ClusterDns
  readonly tls: ClusterTls
  readonly ingress: ClusterIngress
}

/** Starts a process in a namespace; its first step says so. A pod's asks the cluster's DNS, a machine's does not. */
export function startProcess(
  namespace: Namespace,
  sockets: Sockets,
  program: string,
  { epoch, dns }: Surroundings,
): PodProcess {
  const names = (context: PodContext): NameService => dns.namesOf(context, namespace.name)
  return new PodProcess({ program, ip: namespace, sockets, names, epoch })
}

/** Starts what a pod's containers run. */
export function startServers(pod: Pod, { namespace, sockets }: Host, around: Surroundings): void {
  const dns = servesDns(pod)
  if (dns) around.dns.serve(startProcess(namespace, sockets, 'coredns', around), around.epoch)
  const servings = servingsOf(pod).filter(({ port }) => !(dns && port === DNS_PORT))
  serve(servings, (program) => startProcess(namespace, sockets, program, around), secureOf(pod, around, 0))
}

/** How a pod's servers speak TLS; its Secrets were mounted when it started. */
export const secureOf = (pod: Pod, { tls, ingress }: Surroundings, started: Nanos): Secure => ({
  ingress: (process, serving) => ingress.run(pod, process, serving),
  https: (process, serving) => tls.server(pod, serving, process, started),
  edge(process, port, serving) {
    const accept = tls.server(pod, serving, process, started)
    if (accept !== null)
      serveEdge(process, { port, routes: serving.routes, accept, connect: tls.client({ insecure: false }) })
  },
})
