import { SocketError } from '../linux/socket/error.ts'
import type { TcpStream } from '../linux/socket/tcp/stream.ts'
import type { UdpSocket } from '../linux/socket/udp/socket.ts'
import type { Process } from '../sim/process.ts'
import type { PodContext } from './context.ts'

/** Answers each datagram with itself, from the address it was sent to. The port is open when this returns. */
export function udpEcho(context: PodContext, port: number): void {
  const socket = context.sockets.udp()
  socket.bind('any', port)
  context.fork(echoDatagrams(socket), `echo ${port}`)
}

function* echoDatagrams(socket: UdpSocket): Process {
  for (;;) {
    const datagram = yield* socket.receive()
    if (datagram === null) continue
    const { bytes, from, cause, to } = datagram
    try {
      socket.sendTo(bytes, from.address, from.port, cause, to)
    } catch (error) {
      if (!(error instanceof SocketError)) throw error
    }
  }
}

/** Listens and answers each connection with what it says. Parks nothing while nobody is connected. */
export function tcpEcho(context: PodContext, port: number): void {
  context.sockets.listen('any', port, (stream) => context.fork(echoStream(stream), `echo ${stream.remote.port}`))
}

function* echoStream(stream: TcpStream): Process {
  try {
    for (let bytes = yield* stream.read(65_536); bytes !== null; bytes = yield* stream.read(65_536)) {
      yield* stream.write(bytes)
    }
  } catch (error) {
    if (!(error instanceof SocketError)) throw error
  } finally {
    stream.close()
  }
}
