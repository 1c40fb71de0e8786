import type { Process } from '../../../sim/process.ts'
import type { Nanos } from '../../../sim/time.ts'
import type { StepId } from '../../../trace/step.ts'
import type { Endpoint } from '../../../trace/steps/packet.ts'
import type { Address } from '../../../util/address.ts'
import type { Rng } from '../../../util/rng.ts'
import { pseudo, sum } from '../../../wire/checksum.ts'
import { ACK, destinationPort, FIN, fault, RST, SYN, sourcePort } from '../../../wire/fast/tcp.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import type { IpLayer, PathError } from '../../ip/layer.ts'
import type { Skb } from '../../skb.ts'
import { type LocalAddress, matchScore, overlap } from '../binding.ts'
import { portByParity } from '../ephemeral.ts'
import { waitFor } from '../mailbox.ts'
import { failure, recordDeliver, recordDrop, recordDropAfter } from '../record.ts'
import { hashTuple } from '../tuple.ts'
import { abort, close } from './close.ts'
import { Connection, type TcpHost, type TcpOptions } from './connection.ts'
import { Connections } from './connections.ts'
import { enter, finish } from './enter.ts'
import { learn } from './handshake.ts'
import { arrive } from './input.ts'
import { Listener, type ListenerHost, type ListenOptions } from './listener.ts'
import { syncMss } from './mss.ts'
import { sendSyn } from './output.ts'
import { pathError } from './path-error.ts'
import { type Ends, resetReply } from './reset.ts'
import { Segment } from './segment.ts'
import { TcpStream } from './stream.ts'
import { inTimeWait, reopenedIss } from './time-wait.ts'
import { timeouts } from './timeouts.ts'
import { advertisedMss } from './transmit.ts'

export interface ConnectOptions extends TcpOptions {
  /** Bind before connecting. */
  readonly source?: Address | null
  readonly sourcePort?: number
  /** Gives up with ETIMEDOUT before the SYNs do. */
  readonly timeout?: Nanos | null
}

/** The TCP sockets of a namespace. */
export class TcpTable implements TcpHost, ListenerHost {
  private readonly connections = new Connections()
  private readonly listeners = new Map<number, Listener[]>()
  /** Handshakes that a listener's SYN,ACK began. */
  private readonly opening = new Map<Connection, Listener>()
  private readonly secret: number
  private perturbation = 0

  constructor(
    readonly ip: IpLayer,
    private readonly rng: Rng,
  ) {
    this.secret = rng.u32()
  }

  /** Throws EADDRINUSE, EADDRNOTAVAIL. */
  listen(bound: LocalAddress, port: number, onStream: (stream: TcpStream) => void, options: ListenOptions): Listener {
    const fail = (errno: 'EADDRINUSE' | 'EADDRNOTAVAIL') =>
      failure(this.ip, options.cause ?? 0, errno, 'bind', typeof bound === 'string' ? null : { address: bound, port })
    if (typeof bound !== 'string' && !this.ip.isLocal(bound)) throw fail('EADDRNOTAVAIL')
    const chosen = port === 0 ? portByParity(this.rng.u16(), 1, (p) => this.isUnbound(p)) : port
    if (chosen === null || !this.mayListen(bound, chosen, options.reuseAddress ?? true)) throw fail('EADDRINUSE')
    const listener = new Listener(this, bound, chosen, options, onStream)
    const sharing = this.listeners.get(chosen)
    if (sharing === undefined) this.listeners.set(chosen, [listener])
    else sharing.push(listener)
    return listener
  }

  /** Throws ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL. */
  *connect(address: Address, port: number, options: ConnectOptions): Process<TcpStream> {
    const c = this.open({ address, port }, options)
    let inTime = true
    try {
      while (inTime && (c.state === 'SYN-SENT' || c.state === 'SYN-RECEIVED')) {
        inTime = yield* waitFor(c.writable, options.timeout ?? null)
      }
    } finally {
      if (c.state === 'SYN-SENT' || c.state === 'SYN-RECEIVED') close(c)
    }
    if (inTime && c.error === null) return new TcpStream(c)
    const errno = c.error ?? 'ETIMEDOUT'
    throw failure(this.ip, c.cause, errno, 'connect', c.local, c.remote)
  }

  /** `tcp_v4_rcv`. Always takes the packet: what fits nothing is answered with a reset. */
  receive(skb: Skb, source: Address, destination: Address): void {
    const { bytes: b, start: t, end } = skb.frame
    if (fault(b, t, end) !== null) return void recordDrop(this.ip, skb, 'packet-too-small')
    if (sum(b, t, end, pseudo(source, destination, PROTOCOL.tcp, end - t)) !== 0xffff) {
      return void recordDrop(this.ip, skb, 'tcp-checksum')
    }
    const ends = { source, sourcePort: sourcePort(b, t), destination, destinationPort: destinationPort(b, t) }
    const segment = new Segment(b, t, end)
    const c = this.connections.find(destination, ends.destinationPort, source, ends.sourcePort)
    if (c === null) this.toListener(skb, segment, ends, null)
    else this.toConnection(c, skb, segment, ends)
  }

  error(error: PathError, cause: StepId): void {
    const { local, remote } = error
    const c = this.connections.find(local.address, local.port, remote.address, remote.port)
    if (c !== null) pathError(c, error, cause)
  }

  forget(c: Connection): void {
    this.connections.delete(c)
    this.opening.delete(c)
  }

  admit(c: Connection): boolean {
    const listener = this.opening.get(c)
    if (listener === undefined || listener.full) return false
    this.opening.delete(c)
    listener.take(c)
    return true
  }

  hand(c: Connection, onStream: (stream: TcpStream) => void): void {
    this.ip.kernel.simulation.post(0, onStream, new TcpStream(c))
  }

  unlisten(listener: Listener): void {
    const rest = this.listeners.get(listener.port)?.filter((other) => other !== listener) ?? []
    if (rest.length === 0) this.listeners.delete(listener.port)
    else this.listeners.set(listener.port, rest)
    for (const [c, owner] of [...this.opening]) if (owner === listener) finish(c, null)
    for (const c of listener.waiting.splice(0)) abort(c)
  }

  /** The namespace is gone: nothing is sent, and whoever waits fails. */
  destroy(): void {
    this.listeners.clear()
    for (const c of this.connections.all()) finish(c, 'ENETUNREACH')
  }

  private toConnection(c: Connection, skb: Skb, segment: Segment, ends: Ends): void {
    c.packet = skb.packet
    c.cause = recordDeliver(this.ip, skb, PROTOCOL.tcp, 'socket', ends.destination, ends.destinationPort)
    if (c.state === 'TIME-WAIT') {
      if (inTimeWait(c, segment, ends) === 'done') return
      finish(c, null)
      return void this.toListener(skb, segment, ends, reopenedIss(c))
    }
    const { cause } = c
    const verdict = arrive(c, segment)
    if (verdict.kind === 'done') return
    const dropped = recordDropAfter(this.ip, skb, cause, verdict.reason)
    if (verdict.kind === 'reset') resetReply(this.ip, segment, ends, dropped)
  }

  /** RFC 9293 3.10.7.1 and 3.10.7.2. */
  private toListener(skb: Skb, segment: Segment, ends: Ends, iss: number | null): void {
    const listener = this.findListener(ends.destination, ends.destinationPort)
    if (listener === null) {
      resetReply(this.ip, segment, ends, recordDrop(this.ip, skb, 'no-socket'))
    } else if (segment.has(RST) || (!segment.has(ACK) && !segment.has(SYN)) || segment.has(SYN | FIN)) {
      recordDrop(this.ip, skb, 'tcp-flags')
    } else if (segment.has(ACK)) {
      resetReply(this.ip, segment, ends, recordDrop(this.ip, skb, 'tcp-flags'))
    } else if (listener.full) {
      recordDrop(this.ip, skb, 'listen-overflow')
    } else {
      const cause = recordDeliver(this.ip, skb, PROTOCOL.tcp, 'listener', ends.destination, ends.destinationPort)
      this.answer(listener, segment, ends, cause, skb.packet, iss)
    }
  }

  private answer(
    listener: Listener,
    syn: Segment,
    ends: Ends,
    cause: StepId,
    packet: number,
    iss: number | null,
  ): void {
    const local = { address: ends.destination, port: ends.destinationPort }
    const remote = { address: ends.source, port: ends.sourcePort }
    const c = this.make(local, remote, { ...listener.options, cause }, iss)
    if (c === null) return
    c.state = 'LISTEN'
    c.packet = packet
    c.passive = true
    learn(c, syn)
    this.opening.set(c, listener)
    enter(c, 'SYN-RECEIVED')
    sendSyn(c, SYN | ACK)
  }

  private open(remote: Endpoint, options: ConnectOptions): Connection {
    const fail = (errno: Parameters<typeof failure>[2]) =>
      failure(this.ip, options.cause ?? 0, errno, 'connect', null, remote)
    const route = this.ip.route(remote.address, options.source ?? null)
    if (typeof route === 'string') throw fail(route)
    const source = options.source ?? route.source
    const port = options.sourcePort ?? this.choosePort(source, remote)
    if (port === null || this.connections.find(source, port, remote.address, remote.port) !== null) {
      throw fail('EADDRNOTAVAIL')
    }
    const c = this.make({ address: source, port }, remote, options, null)
    if (c === null) throw fail('ENETUNREACH')
    enter(c, 'SYN-SENT')
    sendSyn(c, SYN)
    return c
  }

  /** Null: there is no way back. */
  private make(local: Endpoint, remote: Endpoint, options: TcpOptions, iss: number | null): Connection | null {
    const route = this.ip.route(remote.address, local.address)
    if (typeof route === 'string') return null
    const c = new Connection(this, local, remote, options, timeouts)
    // RFC 6528: a keyed hash of both ends, and a clock (`secure_tcp_seq`).
    const clock = Math.floor(c.now / 64) | 0
    c.iss = iss ?? (this.keyed(0, local, remote) + clock) | 0
    c.tsOffset = this.keyed(1, local, remote)
    c.una = c.iss
    c.nxt = c.iss
    c.smallEnd = c.iss
    c.advertisedMss = advertisedMss(c, route.device.mtu)
    syncMss(c, route.mtu)
    this.connections.add(c)
    return c
  }

  private keyed(use: number, local: Endpoint, remote: Endpoint): number {
    return hashTuple(this.secret + use, local.address, local.port, remote.address, remote.port)
  }

  /** `__inet_hash_connect`: from a start of the destination's own, which moves on with every connection made. */
  private choosePort(source: Address, remote: Endpoint): number | null {
    const start = hashTuple(this.secret + 2, source, 0, remote.address, remote.port) >>> 16
    this.perturbation += 2 * (1 + this.rng.below(8))
    const isFree = (port: number): boolean =>
      !this.listeners.has(port) && this.connections.find(source, port, remote.address, remote.port) === null
    return portByParity(start + this.perturbation, 0, isFree)
  }

  private isUnbound(port: number): boolean {
    return !this.listeners.has(port) && !this.connections.all().some(({ local }) => local.port === port)
  }

  /** `inet_csk_bind_conflict`: two listeners never share; with SO_REUSEADDR, old connections do not stand in the way. */
  private mayListen(bound: LocalAddress, port: number, reuse: boolean): boolean {
    if (this.listeners.get(port)?.some((other) => overlap(other.bound, bound))) return false
    if (reuse) return true
    return !this.connections.all().some(({ local }) => local.port === port && overlap(local.address, bound))
  }

  private findListener(address: Address, port: number): Listener | null {
    let best: Listener | null = null
    let bestScore = -1
    for (const listener of this.listeners.get(port) ?? []) {
      const score = matchScore(listener.bound, address)
      if (score > bestScore) [best, bestScore] = [listener, score]
    }
    return best
  }
}
