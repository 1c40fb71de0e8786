import type { Process } from '../../sim/process.ts'
import type { StepId } from '../../trace/step.ts'
import type { Address } from '../../util/address.ts'
import type { Rng } from '../../util/rng.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import type { IpLayer, PathError, Transport } from '../ip/layer.ts'
import type { Skb } from '../skb.ts'
import type { LocalAddress } from './binding.ts'
import type { PingSocket } from './ping/socket.ts'
import { PingTable } from './ping/table.ts'
import type { Listener, ListenOptions } from './tcp/listener.ts'
import type { TcpStream } from './tcp/stream.ts'
import { type ConnectOptions, TcpTable } from './tcp/table.ts'
import type { UdpOptions, UdpSocket } from './udp/socket.ts'
import { UdpTable } from './udp/table.ts'

/**
 * The sockets of a namespace: what its IP layer hands packets to, and where programs open sockets. Empty until the first
 * socket or packet, for most pods never see one.
 */
export class Sockets implements Transport {
  private udps: UdpTable | null = null
  private tcps: TcpTable | null = null
  private pings: PingTable | null = null

  constructor(private readonly ip: IpLayer) {}

  udp(options: UdpOptions = {}): UdpSocket {
    return this.udpTable().open(options)
  }

  /** Connects a TCP socket; see `TcpTable.connect` for what it throws. */
  connect(address: Address, port: number, options: ConnectOptions = {}): Process<TcpStream> {
    return this.tcpTable().connect(address, port, options)
  }

  /** Listens; `onStream` is called in an event of its own for each connection. Throws EADDRINUSE, EADDRNOTAVAIL. */
  listen(
    bound: LocalAddress,
    port: number,
    onStream: (stream: TcpStream) => void,
    options: ListenOptions = {},
  ): Listener {
    return this.tcpTable().listen(bound, port, onStream, options)
  }

  /** A ping socket. `cause`: the step that had it made. */
  ping(cause: StepId = 0): PingSocket {
    return this.pingTable().open(cause)
  }

  hasRoute(address: Address): boolean {
    return typeof this.ip.route(address) !== 'string'
  }

  receive(
    skb: Skb,
    protocol: number,
    source: Address,
    destination: Address,
    ttl: number,
  ): 'delivered' | 'no-socket' | 'unknown-protocol' {
    switch (protocol) {
      case PROTOCOL.udp:
        return this.udpTable().receive(skb, source, destination, ttl)
      case PROTOCOL.tcp:
        this.tcpTable().receive(skb, source, destination)
        return 'delivered'
      case PROTOCOL.icmp:
      case PROTOCOL.icmpv6:
        this.pingTable().receive(skb, protocol, source, destination, ttl)
        return 'delivered'
      default:
        return 'unknown-protocol'
    }
  }

  error(error: PathError, cause: StepId): void {
    switch (error.protocol) {
      case PROTOCOL.udp:
        this.udps?.error(error, cause)
        break
      case PROTOCOL.tcp:
        this.tcps?.error(error, cause)
        break
      case PROTOCOL.icmp:
      case PROTOCOL.icmpv6:
        this.pings?.error(error, cause)
    }
  }

  /** The namespace is deleted: nothing is sent, timers end, and whoever waits fails. */
  destroy(): void {
    this.udps?.closeAll()
    this.pings?.closeAll()
    this.tcps?.destroy()
  }

  private tcpTable(): TcpTable {
    return (this.tcps ??= new TcpTable(this.ip, this.chance('tcp')))
  }

  private udpTable(): UdpTable {
    return (this.udps ??= new UdpTable(this.ip, this.chance('udp')))
  }

  private pingTable(): PingTable {
    return (this.pings ??= new PingTable(this.ip, this.chance('ping')))
  }

  /** A stream of chance of its own, so that one pod's sockets change nothing in another's. */
  private chance(of: string): Rng {
    const { node, netns } = this.ip.kernel.recorder.places[this.ip.place]
    return this.ip.kernel.rng.fork(`${of} sockets of ${node}/${netns}`)
  }
}
