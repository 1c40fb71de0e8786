import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import { formatEndpoint } from '../../util/address.ts'
import { utf8 } from '../../util/bytes.ts'
import type { PodContext } from '../context.ts'
import type { HttpRequest, HttpResponse } from './message.ts'

/** The page that pods answer with unless told otherwise: who was asked what, by whom, as echoserver images print it. */
export function echoPage(context: PodContext) {
  return function* respond({ method, target, headers }: HttpRequest, peer: TcpStream): Process<HttpResponse> {
    const lines = [
      `Hostname: ${context.hostname}`,
      `Server: ${formatEndpoint(peer.local.address, peer.local.port)}`,
      `Client: ${formatEndpoint(peer.remote.address, peer.remote.port)}`,
      `Request: ${method} ${target}`,
      ...headers.map(([name, value]) => `  ${name.toLowerCase()}: ${value}`),
    ]
    return { status: 200, headers: [['Content-Type', 'text/plain']], body: utf8(`${lines.join('\n')}\n`) }
  }
}
