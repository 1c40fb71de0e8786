import type { Address } from '../../../util/address.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import type { IpvsConnection } from './connection.ts'
import { makeScheduler, type Scheduler } from './schedulers.ts'
import { type RealServer, sameReal, type VirtualServer } from './virtual-server.ts'

/** A real server as one namespace sees it: struct ip_vs_dest. */
export class Destination implements RealServer {
  active = 0
  inactive = 0
  /** False once it is deleted: connections to it end at their next packet. */
  available = true

  constructor(
    readonly address: Address,
    readonly port: number,
    public weight: number,
  ) {}

  count(connection: IpvsConnection, by: 1 | -1): void {
    if (connection.inactive) this.inactive += by
    else this.active += by
  }
}

/** What a namespace keeps for a virtual server: its real servers with their connections, and whose turn it is. */
export class ServiceState {
  /** In the order of `ipvsadm -Ln`. */
  destinations: Destination[]
  private scheduler: Scheduler

  constructor(public server: VirtualServer) {
    this.destinations = server.reals.map(made)
    this.scheduler = makeScheduler(server)
  }

  /** The real server for a new connection; null when none takes any. */
  schedule(client: Address, port: number): Destination | null {
    return this.scheduler.pick(this.destinations, client, port)
  }

  /** Those that a client's new connection may meet, with their shares in the long run. */
  shares(client: Address): { readonly real: Destination; readonly share: number }[] {
    return this.scheduler.shares(this.destinations, client)
  }

  /**
   * Makes the real servers those of another value of the same virtual server. A new one goes to the head of the list (list_add_rcu). One
   * that has gone keeps what connections it has with weight 0, as kube-proxy's graceful termination leaves it; of UDP and SCTP, and
   * without connections, it is deleted at once.
   */
  update(server: VirtualServer): void {
    if (server.scheduler !== this.server.scheduler) this.scheduler = makeScheduler(server)
    this.server = server
    for (const real of server.reals) {
      const known = this.destinations.find((d) => sameReal(d, real))
      if (known !== undefined) known.weight = real.weight
    }
    const leaving = this.destinations.filter((d) => !server.reals.some((real) => sameReal(d, real)))
    for (const gone of leaving) {
      if (server.protocol === PROTOCOL.tcp && gone.active + gone.inactive > 0) gone.weight = 0
      else this.delete(gone)
    }
    for (const real of server.reals.toReversed())
      if (!this.destinations.some((d) => sameReal(d, real))) this.destinations.unshift(made(real))
    this.scheduler.changed()
  }

  /** Deletes what was waiting for its last connection to end. */
  settle(): void {
    const { reals } = this.server
    const idle = this.destinations.filter(
      (d) => d.weight === 0 && d.active + d.inactive === 0 && !reals.some((real) => sameReal(d, real)),
    )
    for (const gone of idle) this.delete(gone)
    if (idle.length > 0) this.scheduler.changed()
  }

  /** The virtual server itself is deleted. */
  close(): void {
    for (const gone of [...this.destinations]) this.delete(gone)
  }

  private delete(gone: Destination): void {
    gone.available = false
    this.scheduler.removed(this.destinations, gone)
    this.destinations = this.destinations.filter((d) => d !== gone)
  }
}

const made = ({ address, port, weight }: RealServer): Destination => new Destination(address, port, weight)
