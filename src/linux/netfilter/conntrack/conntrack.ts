import { type Nanos, SECOND } from '../../../sim/time.ts'
import type { DropReason } from '../../../trace/drops.ts'
import * as icmp from '../../../wire/fast/icmp.ts'
import * as tcp from '../../../wire/fast/tcp.ts'
import { checksumOk } from '../../../wire/fast/transport.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import type { Skb } from '../../skb.ts'
import { Connection, type Direction, type Tuple } from '../connection.ts'
import { type Packet, SCTP } from '../packet.ts'
import { inverseType, isRequest, isUntrackedV6, typeAndCode } from './icmp.ts'
import { relatedTuple } from './related.ts'
import { newSctp, sctpPacket } from './sctp.ts'
import { ConntrackTable } from './table.ts'
import { newTcp, tcpPacket, validFlags } from './tcp.ts'
import type { Timeouts } from './timeouts.ts'

/** What conntrack tells while it works. */
export interface ConntrackObserver {
  changed(
    change: 'new' | 'established' | 'state' | 'related' | 'destroyed',
    connection: Connection,
    p: Packet | null,
  ): void
  invalid(p: Packet): void
}

export interface ConntrackOptions {
  readonly timeouts: Timeouts
  /** net.netfilter.nf_conntrack_checksum: packets that arrive with a wrong transport checksum are invalid. */
  readonly checksum: boolean
}

/** Connection tracking of one namespace, without zones. */
export class Conntrack {
  readonly table: ConntrackTable
  private nextId = 1
  private readonly refresh = (connection: Connection, seconds: number): void => {
    connection.expires = this.now() + seconds * SECOND
  }

  constructor(
    readonly options: ConntrackOptions,
    private readonly now: () => Nanos,
    private readonly observer: ConntrackObserver,
  ) {
    this.table = new ConntrackTable(now, (connection) => observer.changed('destroyed', connection, null))
  }

  /** nf_conntrack_in: finds or begins the packet's connection and judges its state. A packet is never dropped here. */
  track(p: Packet): void {
    const { skb } = p
    if (skb.connection !== null) return
    if (p.notrack || (p.family === 6 && p.protocol === PROTOCOL.icmpv6 && isUntrackedV6(p.icmpType))) {
      skb.connectionState = 'untracked'
      return
    }
    if (!this.wellFormed(p)) this.setInvalid(p)
    else if (isError(p)) this.trackError(p)
    else if (this.resolve(p) === 'repeat' && this.resolve(p) === 'repeat') this.setInvalid(p)
  }

  /**
   * __nf_conntrack_confirm: the packet leaves or is delivered, so its connection enters the table. The reason when it must be
   * dropped: another connection has taken one of its tuples meanwhile.
   */
  confirm(p: Packet): DropReason | null {
    const { connection } = p.skb
    if (connection === null || connection.confirmed || p.skb.direction === 1) return null
    const { insertions } = this.table
    const taken =
      (connection.originalFree === insertions ? null : this.table.findTuple(connection.original)) ??
      (connection.replyFree === insertions ? null : this.table.findTuple(connection.reply))
    if (taken !== null) return this.resolveClash(p.skb, connection, taken)
    this.table.insert(connection)
    this.observer.changed('new', connection, p)
    return null
  }

  /** Whether no other connection has the reply of this one as it stands. Between two insertions the table is asked once. */
  replyIsFree(connection: Connection): boolean {
    const { table } = this
    if (connection.replyFree === table.insertions) return true
    const found = table.findTuple(connection.reply)
    if (found !== null && found.connection !== connection) return false
    connection.replyFree = table.insertions
    return true
  }

  /** nf_conntrack_tuple_taken: whether the inverse of a tuple, as a reply, belongs to a connection other than this one. */
  taken(
    source: Tuple['source'],
    destination: Tuple['destination'],
    sourcePort: number,
    destinationPort: number,
    protocol: number,
    except: Connection,
  ): boolean {
    const found = this.table.find(source, destination, sourcePort, destinationPort, protocol)
    return found !== null && found.connection !== except
  }

  /** Deletes what the filter picks, as `conntrack -D` does; how many there were. */
  delete(filter: (connection: Connection) => boolean): number {
    const doomed = [...this.table].filter(filter)
    for (const connection of doomed) {
      this.table.remove(connection)
      this.observer.changed('destroyed', connection, null)
    }
    return doomed.length
  }

  /** Deletes the connection that began with these addresses and ports, if there is one. */
  forget(
    source: Tuple['source'],
    destination: Tuple['destination'],
    sourcePort: number,
    destinationPort: number,
    protocol: number,
  ): void {
    const found = this.table.find(source, destination, sourcePort, destinationPort, protocol)
    if (found === null || found.direction === 1) return
    this.table.remove(found.connection)
    this.observer.changed('destroyed', found.connection, null)
  }

  private wellFormed(p: Packet): boolean {
    const l = p.layout
    const { bytes } = p.skb.frame
    switch (p.protocol) {
      case PROTOCOL.tcp:
        if (tcp.fault(bytes, l.transport, l.end) !== null || !validFlags(p.tcpFlags)) return false
        break
      case PROTOCOL.udp:
      case PROTOCOL.icmp:
      case PROTOCOL.icmpv6:
        if (l.end - l.transport < 8) return false
        break
      default:
        return true
    }
    return p.hook !== 'PREROUTING' || !this.options.checksum || checksumOk(bytes, l)
  }

  /** An ICMP error belongs to the connection of the packet it quotes. */
  private trackError(p: Packet): void {
    const found = relatedTuple(p, this.table)
    if (found === null) {
      this.setInvalid(p)
      return
    }
    p.skb.connection = found.connection
    p.skb.direction = found.direction
    p.skb.connectionState = 'related'
    this.observer.changed('related', found.connection, p)
  }

  private resolve(p: Packet): 'repeat' | 'done' {
    const sourcePort = portOf(p, p.sourcePort, true)
    const destinationPort = portOf(p, p.destinationPort, false)
    const found = this.table.find(p.source, p.destination, sourcePort, destinationPort, p.protocol)
    const connection = found?.connection ?? this.begin(p, sourcePort, destinationPort)
    if (connection === null) {
      this.setInvalid(p)
      return 'done'
    }
    const direction = found?.direction ?? 0
    const verdict = this.advance(connection, direction, p)
    if (verdict === 'repeat') return 'repeat'
    if (verdict === 'invalid') {
      this.setInvalid(p)
      return 'done'
    }
    p.skb.connection = connection
    p.skb.direction = direction
    p.skb.connectionState = direction === 1 || connection.seenReply ? 'established' : 'new'
    return 'done'
  }

  /** init_conntrack; null when such a packet begins no connection. */
  private begin(p: Packet, sourcePort: number, destinationPort: number): Connection | null {
    const l = p.layout
    const { bytes } = p.skb.frame
    const { family, protocol } = p
    let replySource = destinationPort
    let replyDestination = sourcePort
    let track = null
    if (protocol === PROTOCOL.tcp) {
      track = newTcp(bytes, l.transport, l.end)
      if (track === null) return null
    } else if (p.icmpType >= 0) {
      const answer = inverseType(family, p.icmpType)
      if (answer === undefined || !isRequest(family, p.icmpType)) return null
      replySource = sourcePort
      replyDestination = typeAndCode(answer, p.icmpCode)
    }
    const connection = new Connection(
      this.nextId,
      family,
      p.source,
      p.destination,
      sourcePort,
      destinationPort,
      replySource,
      replyDestination,
      protocol,
      track,
    )
    if (protocol === SCTP) connection.sctp = newSctp(bytes, l.transport, l.end)
    if (protocol === SCTP && connection.sctp === 0) return null
    this.nextId++
    connection.originalFree = this.table.insertions
    return connection
  }

  private advance(connection: Connection, direction: Direction, p: Packet): 'accept' | 'invalid' | 'repeat' {
    const { timeouts } = this.options
    const { bytes } = p.skb.frame
    const l = p.layout
    const firstReply = direction === 1 && !connection.seenReply
    const stateBefore = connection.tcp?.state ?? connection.sctp
    if (connection.tcp !== null) {
      const seen = connection.seenReply
      const verdict = tcpPacket(
        connection,
        connection.tcp,
        direction,
        bytes,
        l.transport,
        l.end,
        timeouts.tcp,
        this.refresh,
      )
      if (verdict === 'invalid') return 'invalid'
      if (verdict === 'repeat') {
        this.kill(connection, p)
        return 'repeat'
      }
      if (verdict === 'kill' && !seen) this.kill(connection, p)
    } else if (p.protocol === SCTP) {
      if (!sctpPacket(connection, direction, bytes, l.transport, l.end, timeouts.sctp, this.refresh)) return 'invalid'
    } else this.advanceSimple(connection, p)
    if (firstReply) connection.seenReply = true
    if (connection.dead || !connection.confirmed) return 'accept'
    if (firstReply) this.observer.changed('established', connection, p)
    else if (stateBefore !== (connection.tcp?.state ?? connection.sctp)) this.observer.changed('state', connection, p)
    return 'accept'
  }

  private advanceSimple(connection: Connection, p: Packet): void {
    const { timeouts } = this.options
    switch (p.protocol) {
      case PROTOCOL.udp:
        if (!connection.confirmed) connection.streamFrom = this.now() + 2 * SECOND
        if (connection.seenReply && this.now() > connection.streamFrom) {
          connection.assured = true
          this.refresh(connection, timeouts.udpStream)
        } else this.refresh(connection, timeouts.udp)
        return
      case PROTOCOL.icmp:
        this.refresh(connection, timeouts.icmp)
        return
      case PROTOCOL.icmpv6:
        this.refresh(connection, timeouts.icmpv6)
        return
      default:
        this.refresh(connection, timeouts.generic)
    }
  }

  /** nf_ct_resolve_clash: two packets of one UDP flow began it twice; the later one joins the entry that is there. */
  private resolveClash(skb: Skb, loser: Connection, taken: Tuple): DropReason | null {
    const winner = taken.connection
    const mergeable = loser.protocol === PROTOCOL.udp || loser.protocol === PROTOCOL.icmp
    if (!mergeable || !sameTuples(loser, winner)) return loser.exhausted ? 'nat-ports-exhausted' : 'conntrack-clash'
    skb.connection = winner
    skb.connectionState = winner.seenReply ? 'established' : 'new'
    return null
  }

  private kill(connection: Connection, p: Packet): void {
    this.table.remove(connection)
    connection.dead = true
    if (connection.confirmed) this.observer.changed('destroyed', connection, p)
  }

  private setInvalid(p: Packet): void {
    p.skb.connectionState = 'invalid'
    p.skb.connection = null
    this.observer.invalid(p)
  }
}

function isError(p: Packet): boolean {
  if (p.protocol === PROTOCOL.icmp) return icmp.isErrorV4(p.icmpType)
  return p.protocol === PROTOCOL.icmpv6 && p.icmpType >= 0 && icmp.isErrorV6(p.icmpType)
}

/** What stands in the tuple: a port, or ICMP's id (source) and type and code (destination), or 0. */
function portOf(p: Packet, port: number, source: boolean): number {
  if (port >= 0) return port
  if (p.icmpType < 0) return 0
  return source ? icmp.id(p.skb.frame.bytes, p.layout.transport) : typeAndCode(p.icmpType, p.icmpCode)
}

function sameTuples(a: Connection, b: Connection): boolean {
  return sameTuple(a.original, b.original) && sameTuple(a.reply, b.reply)
}

function sameTuple(a: Tuple, b: Tuple): boolean {
  const key = (t: Tuple): string =>
    [t.source, t.destination].map((x) => (typeof x === 'number' ? x : x.key)).join() +
    [t.sourcePort, t.destinationPort, t.protocol].join()
  return key(a) === key(b)
}
