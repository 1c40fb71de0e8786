import type { StepId } from '../../trace/step.ts'
import type { Address } from '../../util/address.ts'
import type { Rng } from '../../util/rng.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import type { IpLayer, PathError, Transport } from '../ip/layer.ts'
import type { Skb } from '../skb.ts'
import type { PingSocket } from './ping/socket.ts'
import { PingTable } from './ping/table.ts'
import type { UdpOptions, UdpSocket } from './udp/socket.ts'
import { UdpTable } from './udp/table.ts'

/**
 * The sockets of a namespace: what its IP layer hands packets to, and where programs open sockets. Empty until the first
 * socket or packet, for most pods never see one.
 */
export class Sockets implements Transport {
  private udps: UdpTable | null = null
  private pings: PingTable | null = null

  constructor(private readonly ip: IpLayer) {}

  udp(options: UdpOptions = {}): UdpSocket {
    return this.udpTable().open(options)
  }

  /** A ping socket. `cause`: the step that had it made. */
  ping(cause: StepId = 0): PingSocket {
    return this.pingTable().open(cause)
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
      case PROTOCOL.icmp:
      case PROTOCOL.icmpv6:
        this.pings?.error(error, cause)
    }
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
