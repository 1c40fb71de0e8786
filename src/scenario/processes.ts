import { Hosts } from '../app/names.ts'
import { PodProcess } from '../app/pod-process.ts'
import type { Pod } from '../kube/api/pod.ts'
import type { Namespace } from '../linux/namespace.ts'
import type { Sockets } from '../linux/socket/table.ts'
import type { Server } from './pod-sockets.ts'
import { serve, servingsOf } from './servers.ts'

/** Starts a process in a namespace; its first step says so. `epoch`: milliseconds since 1970 at the scenario's start. */
export function startProcess(namespace: Namespace, sockets: Sockets, program: string, epoch: number): PodProcess {
  return new PodProcess({ program, ip: namespace, sockets, names: () => new Hosts(), epoch })
}

/** What a pod's containers run, to be started when the first packet or program comes to it. Null: nothing listens. */
export function serverOf(pod: Pod, epoch: number): Server | null {
  const servings = servingsOf(pod)
  if (servings.length === 0) return null
  return (namespace, sockets) => {
    serve(servings, (program) => startProcess(namespace, sockets, program, epoch))
  }
}
