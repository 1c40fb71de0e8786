import { type Nanos, SECOND } from '../../../sim/time.ts'
import { type Address, type Family, familyOf, keyOf } from '../../../util/address.ts'
import * as nat from '../../../wire/fast/nat.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import type { Manip } from '../connection.ts'
import type { Conntrack } from '../conntrack/conntrack.ts'
import { rewriteError } from '../nat/translate.ts'
import type { NetfilterHost } from '../netfilter.ts'
import { type Packet, SCTP } from '../packet.ts'
import { ConnectionTable, IpvsConnection, type Template } from './connection.ts'
import { quotedFlow } from './quoted-flow.ts'
import { type Destination, ServiceState } from './service-state.ts'
import { ESTABLISHED, nextState, TIME_WAIT, TIMEOUTS } from './tcp-state.ts'
import { keyOfServer, NO_SERVERS, type RealServer, type VirtualServer, type VirtualServers } from './virtual-server.ts'

/** What IPVS tells while it works. */
export interface IpvsObserver {
  /** A client's new connection was given to a real server; null: none takes it. `bound`: its persistence had chosen before. */
  scheduled(p: Packet, state: ServiceState, chosen: Destination | null, bound: boolean): void
  /** A packet goes to its real server, or an answer comes from its virtual one. `from` and `port` stood there before; `first` began it. */
  redirected(p: Packet, manip: Manip, from: Address, port: number, first: boolean): void
  drop(p: Packet, reason: 'ipvs-no-destination' | 'ipvs-server-gone'): void
}

/** Seconds without a packet after which a connection is forgotten: ip_vs_proto_udp, and ESTABLISHED of ip_vs_proto_sctp. */
const UDP_TIMEOUT = 300
const SCTP_TIMEOUT = 900

const SYN = 2
const SCTP_INIT = 1
const SCTP_HEADER = 12
const PORT_UNREACHABLE = { 4: { type: 3, code: 3 }, 6: { type: 1, code: 4 } } as const

/**
 * IPVS of one namespace, by NAT as kube-proxy uses it (net/netfilter/ipvs). It takes packets for virtual servers where they would be
 * delivered (INPUT) or sent (OUTPUT), sends them to a real server through OUTPUT, and gives the answers their virtual server's address
 * as they pass. Its sysctls are those that kube-proxy sets: conntrack, expire_nodest_conn and expire_quiescent_template are 1.
 */
export class Ipvs {
  readonly connections: ConnectionTable
  private readonly servers: Record<Family, VirtualServers> = { 4: NO_SERVERS, 6: NO_SERVERS }
  private readonly states = new Map<string, ServiceState>()
  private readonly templates = new Map<string, Template>()

  constructor(
    private readonly host: NetfilterHost,
    conntrack: Conntrack,
    private readonly observer: IpvsObserver,
  ) {
    const now = (): Nanos => this.now()
    this.connections = new ConnectionTable(now, ({ server, client, clientPort }) =>
      conntrack.forget(client, server.address, clientPort, server.port, server.protocol),
    )
  }

  serves(family: Family): boolean {
    return !this.servers[family].empty
  }

  virtualServers(family: Family): VirtualServers {
    return this.servers[family]
  }

  /** `ipvsadm --restore`: replaces the virtual servers of a family. Those that stay keep their connections and turns. */
  setServers(family: Family, servers: VirtualServers): void {
    this.servers[family] = servers
    this.connections.sweep()
    for (const [key, state] of this.states) {
      const { protocol, address, port } = state.server
      if (familyOf(address) !== family) continue
      const server = servers.find(protocol, address, port)
      if (server === null) {
        state.close()
        this.states.delete(key)
      } else if (server !== state.server) state.update(server)
    }
  }

  /** A virtual server with its real servers as they are now. */
  stateOf(server: VirtualServer): ServiceState {
    const key = keyOfServer(server)
    let state = this.states.get(key)
    if (state === undefined) this.states.set(key, (state = new ServiceState(server)))
    this.connections.sweep()
    state.settle()
    return state
  }

  /** Without making anything: as they are now, or as they would begin. */
  realsOf(server: VirtualServer): readonly RealServer[] {
    return this.states.get(keyOfServer(server))?.destinations ?? server.reals
  }

  /** Who may get a client's next connection, with their shares in the long run. Persistence may have settled it. */
  shares(server: VirtualServer, client: Address): { readonly real: Destination; readonly share: number }[] {
    const bound = this.boundTo(server, client)
    return bound === null ? this.stateOf(server).shares(client) : [{ real: bound.destination, share: 1 }]
  }

  /** ip_vs_in_hook, at INPUT and OUTPUT. False: the packet was sent on to its real server, or is gone. */
  input(p: Packet): boolean {
    const { skb } = p
    if (skb.ipvs !== null) return true
    if (isError(p)) return this.inputError(p)
    if (p.sourcePort < 0) return true
    const known = this.connections.fromClient(p.protocol, p.source, p.sourcePort, p.destination, p.destinationPort)
    if (known !== null && !ended(known, p)) return this.transmit(p, known)
    if (known !== null) {
      // The packet's own conntrack entry, which points at the old server, goes with the connection: only the next packet is new.
      const old = skb.connection?.confirmed === true
      this.connections.remove(known)
      if (old) {
        this.observer.drop(p, 'ipvs-server-gone')
        return false
      }
    }
    const server = this.servers[p.family].find(p.protocol, p.destination, p.destinationPort)
    if (server === null || !opens(p)) return true
    const destination = this.schedule(p, server)
    return destination !== null && this.transmit(p, this.begin(p, server, destination))
  }

  /** ip_vs_out_hook, at INPUT, FORWARD and OUTPUT: the answer of a real server. It goes on where it was going. */
  output(p: Packet): boolean {
    const { skb } = p
    if (skb.ipvs !== null) return true
    if (isError(p)) return this.outputError(p)
    if (p.sourcePort < 0) return true
    const { source, sourcePort } = p
    const connection = this.connections.fromReal(p.protocol, source, sourcePort, p.destination, p.destinationPort)
    if (connection === null) return true
    const { server } = connection
    nat.setSource(skb.frame, p.layout, server.address)
    nat.setSourcePort(skb.frame, p.layout, server.port)
    p.reload(skb)
    skb.ipvs = server
    this.advance(connection, p, 'server')
    this.observer.redirected(p, 'source', source, sourcePort, false)
    return true
  }

  /** ip_vs_forward_icmp, at FORWARD, and ip_vs_in_icmp: an error about an answer goes to the real server that sent it. */
  inputError(p: Packet): boolean {
    const quoted = p.skb.ipvs === null && isError(p) ? quotedFlow(p) : null
    if (quoted === null) return true
    const { protocol, source, sourcePort, destination, destinationPort } = quoted
    const connection = this.connections.fromClient(protocol, destination, destinationPort, source, sourcePort)
    if (connection === null) return true
    const { address, port } = connection.destination
    return this.send(p, connection, () => rewriteError(p, 'destination', address, port))
  }

  /** ip_vs_out_icmp: an error about what went to a real server, as its client knows it. */
  private outputError(p: Packet): boolean {
    const quoted = quotedFlow(p)
    if (quoted === null) return true
    const { protocol, source, sourcePort, destination, destinationPort } = quoted
    const connection = this.connections.fromReal(protocol, destination, destinationPort, source, sourcePort)
    if (connection === null) return true
    const { server } = connection
    const from = p.source
    if (!rewriteError(p, 'source', server.address, server.port)) return true
    p.skb.ipvs = server
    this.observer.redirected(p, 'source', from, 0, false)
    return true
  }

  /** ip_vs_schedule, and ip_vs_leave when nobody takes the connection: the client is told with an ICMP error, whatever the protocol. */
  private schedule(p: Packet, server: VirtualServer): Destination | null {
    const state = this.stateOf(server)
    const bound = this.boundTo(server, p.source)
    const chosen = bound?.destination ?? state.schedule(p.source, p.sourcePort)
    this.observer.scheduled(p, state, chosen, bound !== null)
    if (chosen !== null) {
      if (server.persistence > 0) this.bind(server, p.source, chosen)
      return chosen
    }
    const { type, code } = PORT_UNREACHABLE[p.family]
    this.host.icmpError(p.skb, p.family, type, code, { why: 'ipvs-no-destination' })
    this.observer.drop(p, 'ipvs-no-destination')
    return null
  }

  private begin(p: Packet, server: VirtualServer, destination: Destination): IpvsConnection {
    const connection = new IpvsConnection(server, p.source, p.sourcePort, destination)
    this.connections.add(connection)
    return connection
  }

  /** ip_vs_nat_xmit. */
  private transmit(p: Packet, connection: IpvsConnection): boolean {
    const { address, port } = connection.destination
    this.advance(connection, p, 'client')
    return this.send(p, connection, () => {
      const { frame } = p.skb
      nat.setDestination(frame, p.layout, address)
      nat.setDestinationPort(frame, p.layout, port)
      p.reload(p.skb)
      this.alterReply(p, connection)
      return true
    })
  }

  /** True: the real server is this machine, and the packet goes on where it is. False: it went, or could not. */
  private send(p: Packet, { server, destination }: IpvsConnection, rewrite: () => boolean): boolean {
    const { skb, destination: from } = p
    const first = skb.connection?.confirmed === false
    const way = this.host.wayTo(skb, p.family, destination.address)
    if (way === null) return false
    const port = p.destinationPort
    if (!rewrite()) return true
    skb.ipvs = server
    this.observer.redirected(p, 'destination', from, Math.max(port, 0), first)
    if (way === 'local') return true
    way()
    return false
  }

  /** ip_vs_update_conntrack: the answer will come from the real server. */
  private alterReply({ skb }: Packet, { destination }: IpvsConnection): void {
    const { connection, direction } = skb
    if (connection === null || connection.confirmed || direction === 1) return
    connection.reply.source = destination.address
    connection.reply.sourcePort = destination.port
    connection.replyFree = -1
  }

  private advance(connection: IpvsConnection, p: Packet, from: 'client' | 'server'): void {
    if (from === 'server') connection.answered = true
    let timeout = p.protocol === SCTP ? SCTP_TIMEOUT : UDP_TIMEOUT
    if (p.protocol === PROTOCOL.tcp) {
      const side = from === 'client' && !connection.answered ? 'clientOnly' : from
      connection.state = nextState(side, connection.state, p.tcpFlags)
      timeout = TIMEOUTS[connection.state]
      this.setActive(connection, connection.state === ESTABLISHED)
    } else this.setActive(connection, false)
    this.connections.keep(connection, timeout * SECOND)
  }

  private setActive(connection: IpvsConnection, active: boolean): void {
    if (connection.inactive === !active) return
    connection.destination.count(connection, -1)
    connection.inactive = !active
    connection.destination.count(connection, 1)
  }

  /** ip_vs_sched_persist: the real server a client has; not one that has gone, or takes no new connections. */
  private boundTo(server: VirtualServer, client: Address): Template | null {
    if (server.persistence === 0) return null
    const template = this.templates.get(templateKey(server, client))
    if (template === undefined) return null
    const { destination, expires } = template
    return expires > this.now() && destination.available && destination.weight > 0 ? template : null
  }

  private bind(server: VirtualServer, client: Address, destination: Destination): void {
    const expires = this.now() + server.persistence * SECOND
    this.templates.set(templateKey(server, client), { destination, expires })
  }

  private now(): Nanos {
    return this.host.kernel.simulation.now
  }
}

const isError = (p: Packet): boolean => p.skb.connectionState === 'related' && p.icmpType >= 0

const templateKey = (server: VirtualServer, client: Address): string => `${keyOfServer(server)} ${keyOf(client)}`

/** Its server was deleted; or a client opens a connection anew from a port whose last one is over, or whose server takes none. */
function ended({ destination, state }: IpvsConnection, p: Packet): boolean {
  if (!destination.available) return true
  return p.protocol === PROTOCOL.tcp && (p.tcpFlags & SYN) !== 0 && (destination.weight === 0 || state === TIME_WAIT)
}

/** Only these make a connection: a SYN, an INIT chunk, any UDP datagram. */
function opens(p: Packet): boolean {
  if (p.protocol === PROTOCOL.tcp) return (p.tcpFlags & SYN) !== 0
  return p.protocol !== SCTP || p.skb.frame.bytes[p.layout.transport + SCTP_HEADER] === SCTP_INIT
}
