import type { Process } from '../../sim/process.ts'
import type { Address } from '../../util/address.ts'
import type { LocalAddress } from './binding.ts'
import type { PingSocket } from './ping/socket.ts'
import type { Sockets } from './table.ts'
import type { Listener, ListenOptions } from './tcp/listener.ts'
import type { TcpStream } from './tcp/stream.ts'
import type { ConnectOptions } from './tcp/table.ts'
import type { UdpOptions, UdpSocket } from './udp/socket.ts'

interface Descriptor {
  readonly isClosed: boolean
  close(): void
}

/** The sockets of one process: its descriptor table. What it leaves open is closed when it ends, however it ends. */
export class ProcessSockets {
  private open: Descriptor[] = []
  private sweepAt = 64

  constructor(
    private readonly sockets: Sockets,
    /** The step that began the process: cause of what it sends unasked. */
    private readonly cause: number,
  ) {}

  udp(options: UdpOptions = {}): UdpSocket {
    return this.keep(this.sockets.udp({ cause: this.cause, ...options }))
  }

  ping(): PingSocket {
    return this.keep(this.sockets.ping(this.cause))
  }

  *connect(address: Address, port: number, options: ConnectOptions = {}): Process<TcpStream> {
    return this.keep(yield* this.sockets.connect(address, port, { cause: this.cause, ...options }))
  }

  listen(
    bound: LocalAddress,
    port: number,
    onStream: (stream: TcpStream) => void,
    options: ListenOptions = {},
  ): Listener {
    const accept = (stream: TcpStream): void => onStream(this.keep(stream))
    return this.keep(this.sockets.listen(bound, port, accept, { cause: this.cause, ...options }))
  }

  /** Whether there is a route to an address at all. */
  hasRoute(address: Address): boolean {
    return this.sockets.hasRoute(address)
  }

  /** As the kernel does when a process ends, SIGKILL or not: FIN, or RST where data was left unread. */
  closeAll(): void {
    for (const descriptor of this.open.splice(0)) descriptor.close()
  }

  private keep<T extends Descriptor>(descriptor: T): T {
    this.open.push(descriptor)
    if (this.open.length > this.sweepAt) {
      this.open = this.open.filter(({ isClosed }) => !isClosed)
      this.sweepAt = Math.max(64, 2 * this.open.length)
    }
    return descriptor
  }
}
