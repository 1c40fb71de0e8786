import type { Nanos } from '../../../sim/time.ts'
import { type Address, keyOf } from '../../../util/address.ts'
import type { Destination } from './service-state.ts'
import type { VirtualServer } from './virtual-server.ts'

/** struct ip_vs_conn: a client's connection to a virtual server, and the real server that serves it. */
export class IpvsConnection {
  state = 0
  /** Virtual time at which it is forgotten. */
  expires: Nanos = 0
  /** The real server has answered (not IP_VS_CONN_F_NOOUTPUT). */
  answered = false
  /** Counts among the real server's inactive connections. */
  inactive = true

  constructor(
    readonly server: VirtualServer,
    readonly client: Address,
    readonly clientPort: number,
    readonly destination: Destination,
  ) {}
}

/** A client's real server, for as long as persistence keeps it. */
export interface Template {
  readonly destination: Destination
  expires: Nanos
}

/** `ipvsadm -Lnc`: connections by what the client sends, and by what its real server answers. */
export class ConnectionTable {
  private readonly forward = new Map<string, IpvsConnection>()
  private readonly back = new Map<string, IpvsConnection>()
  /** No connection runs out before this. */
  private earliest = Number.POSITIVE_INFINITY

  constructor(
    private readonly now: () => Nanos,
    private readonly forgotten: (connection: IpvsConnection) => void,
  ) {}

  /** ip_vs_conn_in_get. */
  fromClient(protocol: number, client: Address, port: number, server: Address, serverPort: number) {
    return this.alive(this.forward.get(key(protocol, client, port, server, serverPort)))
  }

  /** ip_vs_conn_out_get. */
  fromReal(protocol: number, real: Address, port: number, client: Address, clientPort: number) {
    return this.alive(this.back.get(key(protocol, real, port, client, clientPort)))
  }

  add(connection: IpvsConnection): void {
    const [forward, back] = keysOf(connection)
    this.forward.set(forward, connection)
    this.back.set(back, connection)
    connection.destination.count(connection, 1)
  }

  keep(connection: IpvsConnection, seconds: Nanos): void {
    connection.expires = this.now() + seconds
    this.earliest = Math.min(this.earliest, connection.expires)
  }

  remove(connection: IpvsConnection): void {
    const [forward, back] = keysOf(connection)
    if (!this.forward.delete(forward)) return
    if (this.back.get(back) === connection) this.back.delete(back)
    connection.destination.count(connection, -1)
    this.forgotten(connection)
  }

  /** Forgets what has run out, so that the real servers' counts are true. */
  sweep(): void {
    const now = this.now()
    if (now < this.earliest) return
    this.earliest = Number.POSITIVE_INFINITY
    for (const connection of this.forward.values()) {
      if (connection.expires <= now) this.remove(connection)
      else this.earliest = Math.min(this.earliest, connection.expires)
    }
  }

  [Symbol.iterator](): Iterator<IpvsConnection> {
    this.sweep()
    return this.forward.values()
  }

  private alive(connection: IpvsConnection | undefined): IpvsConnection | null {
    if (connection === undefined) return null
    if (connection.expires > this.now()) return connection
    this.remove(connection)
    return null
  }
}

const key = (protocol: number, from: Address, port: number, to: Address, toPort: number): string =>
  `${protocol}.${keyOf(from)}.${port}.${keyOf(to)}.${toPort}`

function keysOf({ server, client, clientPort, destination }: IpvsConnection): readonly [string, string] {
  const { protocol } = server
  return [
    key(protocol, client, clientPort, server.address, server.port),
    key(protocol, destination.address, destination.port, client, clientPort),
  ]
}
