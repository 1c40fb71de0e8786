import { SocketError } from '../linux/socket/error.ts'
import { type Nanos, SECOND } from '../sim/time.ts'
import { text, utf8 } from '../util/bytes.ts'
import type { Program } from './context.ts'
import { strerror } from './messages/errno.ts'

/** As `echo TEXT | nc -u -w SECONDS HOST PORT`: sends one datagram and prints what comes back. 0 when something did. */
export function udpSend(host: string, port: number, message: string, timeout: Nanos = 2 * SECOND): Program {
  return function* (context) {
    const found = yield* context.names.resolve(host)
    if (found.kind !== 'found') {
      context.print(`nc: getaddrinfo: Name or service not known`)
      return 1
    }
    const socket = context.sockets.udp()
    try {
      socket.connect(found.addresses[0], port)
      socket.send(utf8(message))
      const answer = yield* socket.receive(timeout)
      if (answer === null) return 1
      for (const line of text(answer.bytes).replace(/\n$/, '').split('\n')) context.print(line)
      return 0
    } catch (error) {
      if (!(error instanceof SocketError)) throw error
      context.print(`nc: ${error.call}: ${strerror[error.errno]}`)
      return 1
    } finally {
      socket.close()
    }
  }
}
