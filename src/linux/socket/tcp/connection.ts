import { Signal } from '../../../sim/process.ts'
import type { Nanos } from '../../../sim/time.ts'
import type { PacketId, StepId } from '../../../trace/step.ts'
import type { Endpoint } from '../../../trace/steps/packet.ts'
import type { Errno } from '../../errno.ts'
import type { IpLayer } from '../../ip/layer.ts'
import { DEFAULT_MSS, DELAYED_ACK, RECEIVE_SPACE, SEND_SPACE, WINDOW_SCALE } from './constants.ts'
import { Cubic } from './cubic.ts'
import { Deadline } from './deadline.ts'
import { Flight } from './flight.ts'
import { Rack } from './rack.ts'
import { ReceiveBuffer } from './receive-buffer.ts'
import { RoundTrip } from './rtt.ts'
import { SendBuffer } from './send-buffer.ts'
import { distance, plus } from './sequence.ts'
import type { TcpState } from './state.ts'

/** What a user may set on a socket, as with setsockopt. */
export interface TcpOptions {
  /** TCP_NODELAY. */
  readonly noDelay?: boolean
  /** SO_KEEPALIVE with TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT. */
  readonly keepAlive?: { readonly idle: Nanos; readonly interval: Nanos; readonly count: number } | null
  /** Half of what SO_RCVBUF would say, in bytes: the window offered. */
  readonly receiveSpace?: number
  readonly sendSpace?: number
  /** net.ipv4.tcp_timestamps, tcp_sack, tcp_window_scaling: on, as in Linux, unless turned off. */
  readonly timestamps?: boolean
  readonly sack?: boolean
  readonly windowScaling?: boolean
  readonly ttl?: number
  /** The step that had the socket made. */
  readonly cause?: StepId
}

/** What a connection asks of the table that holds it. */
export interface TcpHost {
  readonly ip: IpLayer
  /** The connection is CLOSED: nothing will find it any more. */
  forget(connection: Connection): void
  /** A passive connection's handshake is done. False: the accept queue is full, and it stays in SYN-RECEIVED. */
  admit(connection: Connection): boolean
}

/** What runs when a connection's timers do. Given from outside, so that no file needs the other. */
export interface TimerHandlers {
  retransmit(connection: Connection): void
  acknowledge(connection: Connection): void
  idle(connection: Connection): void
}

/** What the retransmission timer is set for: Linux too has one timer for all ends (`icsk_pending`). */
export type Pending = 'none' | 'retransmit' | 'reorder' | 'loss-probe' | 'window-probe'

/** Open: nothing seems lost. Recovery: duplicate acknowledgments said so. Loss: the timer did. */
export type LossState = 'open' | 'recovery' | 'loss'

/** RFC 9293's TCB: everything known of one connection. The rules that change it are in the files beside this one. */
export class Connection {
  state: TcpState = 'CLOSED'
  /** The step that made this connection act last, and the packet it was about. */
  cause: StepId
  packet: PacketId = 0
  /** The next connection in the same bucket of the table. */
  sibling: Connection | null = null

  // Send sequence space (RFC 9293 3.3.1); the window is in bytes.
  iss = 0
  una = 0
  nxt = 0
  sendWindow = 0
  maxSendWindow = 0
  /** The sequence number of the first byte in `toSend`. */
  bufferStart = 0
  /** SEG.SEQ and SEG.ACK of the last window update. */
  wl1 = 0
  wl2 = 0
  /** Where the last segment shorter than the MSS ended, for Nagle as Minshall refined it. */
  smallEnd = 0
  /** The user has closed its side; the FIN follows the last byte. */
  finQueued = false
  finSent = false

  // Receive sequence space.
  irs = 0
  received = 0
  /** The window last offered, and from where (RCV.WUP). */
  window = 0
  windowFrom = 0
  /** The most to offer now, which grows as data comes (`rcv_ssthresh`), and what the buffer has room for (`window_clamp`). */
  windowLimit = 0
  windowClamp: number
  /** What the user read since `readSince`, and in the best round trip before: autotuning goes by these. */
  readBytes = 0
  readSince: Nanos = 0
  readMost = 0
  finReceived = false
  /** Where a FIN lies that came before data it follows. */
  finAt: number | null = null

  // What the SYNs agreed on.
  sackOn: boolean
  timestampsOn: boolean
  /** What we do to windows received, and the peer to ours. -1: no scaling. */
  sendScale = 0
  receiveScale: number
  /** The most data a segment takes now, options not counted (RFC 6691), and the peer's own limit. */
  mss = DEFAULT_MSS
  peerMss = DEFAULT_MSS
  /** What our SYN says: from the device's MTU, whatever the path takes (`dst_metric_advmss`). */
  advertisedMss = DEFAULT_MSS
  /** The path MTU that `mss` was made for. */
  mtu = 0
  /** TS.Recent (RFC 7323 4.3). */
  tsRecent = 0
  tsOffset = 0

  // Acknowledgments: `quick` ones go out at once, then they are delayed; pingpong means data flows both ways.
  quick = 0
  pingpong = false
  ato: Nanos = 0
  lastReceived: Nanos = 0
  /** When anything at all came, and the keep-alive probes since. */
  lastHeard: Nanos = 0
  keepAliveProbes = 0
  largestSegment = DEFAULT_MSS
  lastInvalid: Nanos = Number.NEGATIVE_INFINITY

  // Loss.
  loss: LossState = 'open'
  duplicates = 0
  /** Recovery ends when this is acknowledged (RFC 6582, RFC 6675 RecoveryPoint). */
  recover = 0
  retransmits = 0
  /** Segments sent that count for `InFlight.order`. */
  transmissions = 0
  /** When the segment was first sent whose loss the timer is working on. */
  retransmitsSince: Nanos = 0
  lastSent: Nanos = 0
  probes = 0
  lossProbeEnd: number | null = null
  pending: Pending = 'none'

  openedAt: Nanos
  /** The user has closed the socket: nobody will read. */
  orphan = false
  passive = false
  /** Why calls fail, once; and what ICMP last said, in case nothing else does. */
  error: Errno | null = null
  softError: Errno | null = null

  readonly toSend = new SendBuffer()
  readonly flight = new Flight()
  readonly arrived = new ReceiveBuffer()
  readonly roundTrip = new RoundTrip()
  readonly congestion = new Cubic()
  readonly rack = new Rack()
  readonly receiveSpace: number
  readonly sendSpace: number
  readonly timer: Deadline<Connection>
  private ackDeadline: Deadline<Connection> | null = null
  private idleDeadline: Deadline<Connection> | null = null
  private readableSignal: Signal<true> | null = null
  private writableSignal: Signal<true> | null = null

  constructor(
    readonly host: TcpHost,
    readonly local: Endpoint,
    readonly remote: Endpoint,
    readonly options: TcpOptions,
    private readonly handlers: TimerHandlers,
  ) {
    this.cause = options.cause ?? 0
    this.openedAt = host.ip.kernel.simulation.now
    this.sackOn = options.sack ?? true
    this.timestampsOn = options.timestamps ?? true
    this.receiveScale = (options.windowScaling ?? true) ? WINDOW_SCALE : -1
    this.receiveSpace = options.receiveSpace ?? RECEIVE_SPACE
    this.windowClamp = this.receiveSpace
    this.sendSpace = options.sendSpace ?? SEND_SPACE
    this.timer = new Deadline(host.ip.kernel.simulation, handlers.retransmit, this as Connection)
  }

  get now(): Nanos {
    return this.host.ip.kernel.simulation.now
  }

  get ip(): IpLayer {
    return this.host.ip
  }

  /** For the delayed acknowledgment. */
  get ackTimer(): Deadline<Connection> {
    return (this.ackDeadline ??= new Deadline(this.ip.kernel.simulation, this.handlers.acknowledge, this as Connection))
  }

  /** For keep-alive, FIN-WAIT-2 and TIME-WAIT; it does not keep a simulation going that has nothing else to do. */
  get idleTimer(): Deadline<Connection> {
    const { simulation } = this.ip.kernel
    return (this.idleDeadline ??= new Deadline(simulation, this.handlers.idle, this as Connection, true))
  }

  get ackPending(): boolean {
    return this.ackDeadline?.armed ?? false
  }

  get readable(): Signal<true> {
    return (this.readableSignal ??= new Signal())
  }

  get writable(): Signal<true> {
    return (this.writableSignal ??= new Signal())
  }

  wakeReaders(): void {
    this.readableSignal?.notify(true)
  }

  wakeWriters(): void {
    this.writableSignal?.notify(true)
  }

  delayAck(): void {
    if (!this.ackPending) this.ackTimer.set(DELAYED_ACK)
  }

  clearAck(): void {
    this.ackDeadline?.clear()
  }

  clearTimers(): void {
    this.timer.clear()
    this.pending = 'none'
    this.ackDeadline?.clear()
    this.idleDeadline?.clear()
  }

  /** The sequence number after the last byte written; the FIN's own. */
  get dataEnd(): number {
    return plus(this.bufferStart, this.toSend.length)
  }

  /** Segments thought to be on their way; without SACK each duplicate acknowledgment says that one has left (RFC 6582). */
  get pipe(): number {
    return this.flight.pipe - (this.sackOn ? 0 : this.duplicates)
  }

  /** Bytes written and not sent yet. */
  get unsent(): number {
    return Math.max(0, distance(this.dataEnd, this.nxt))
  }
}
