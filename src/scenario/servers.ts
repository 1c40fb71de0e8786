import { nameOf } from '../kube/api/meta.ts'
import type { Pod } from '../kube/api/pod.ts'
import type { Kernel } from '../linux/kernel.ts'
import type { Sockets } from '../linux/socket/table.ts'
import type { TcpStream } from '../linux/socket/tcp/stream.ts'
import { type Process, spawn } from '../sim/process.ts'
import { inputError } from '../util/diagnostics.ts'
import type { Server } from './pod-sockets.ts'

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

/** Null for a pod that serves nothing. */
export function serverOf(kernel: Kernel, pod: Pod): Server | null {
  const servings = servingsOf(pod)
  if (servings.length === 0) return null
  return (sockets) => {
    for (const serving of servings) open(kernel, sockets, pod, serving)
  }
}

function parseServing(text: string): Serving | null {
  const match = /^(http|tcp|udp):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  return match === null || port < 1 || port > 65_535 ? null : { scheme: match[1] as Serving['scheme'], port }
}

function open(kernel: Kernel, sockets: Sockets, pod: Pod, { scheme, port }: Serving): void {
  const name = `${scheme}:${port} of ${nameOf(pod.meta)}`
  if (scheme === 'udp') {
    const socket = sockets.udp()
    socket.bind('any', port)
    spawn(kernel.simulation, echoDatagrams(socket), name)
  } else {
    sockets.listen('any', port, (stream) => spawn(kernel.simulation, echoStream(stream), name))
  }
}

function* echoDatagrams(socket: ReturnType<Sockets['udp']>): Process {
  for (;;) {
    const datagram = yield* socket.receive()
    if (datagram === null) return
    socket.sendTo(datagram.bytes, datagram.from.address, datagram.from.port, datagram.cause, datagram.to)
  }
}

function* echoStream(stream: TcpStream): Process {
  for (;;) {
    const bytes = yield* stream.read(65_536)
    if (bytes === null) break
    yield* stream.write(bytes)
  }
  stream.close()
}
