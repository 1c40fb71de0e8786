import type { Process } from '../../../sim/process.ts'
import type { Nanos } from '../../../sim/time.ts'
import type { StepId } from '../../../trace/step.ts'
import type { Endpoint } from '../../../trace/steps/packet.ts'
import type { Address } from '../../../util/address.ts'
import { UDP, writeUdp } from '../../../wire/fast/udp.ts'
import { Frame } from '../../../wire/frame.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import type { Errno } from '../../errno.ts'
import type { IpLayer, PathError } from '../../ip/layer.ts'
import { Skb } from '../../skb.ts'
import type { LocalAddress } from '../binding.ts'
import { Mailbox, MESSAGE_OVERHEAD, RECEIVE_BUFFER } from '../mailbox.ts'
import { isHard } from '../path-error.ts'
import { type DiscoverPathMtu, mayFragment } from '../path-mtu.ts'
import { failure } from '../record.ts'

/** What arrived at a UDP socket. */
export interface Datagram {
  readonly bytes: Uint8Array
  readonly from: Endpoint
  /** The address it was sent to: a server with several answers from this one (IP_PKTINFO). */
  readonly to: Address
  readonly ttl: number
  readonly at: Nanos
  /** The step that delivered it. */
  readonly cause: StepId
}

export interface UdpOptions {
  readonly reuseAddress?: boolean
  readonly ttl?: number
  /** Default 'want', as Linux: DF on what fits the path, fragments of what does not. */
  readonly discover?: DiscoverPathMtu
  /** IP_RECVERR: every ICMP error about what was sent fails the next call and waits in `errors`. */
  readonly receiveErrors?: boolean
  /** SO_RCVBUF in bytes. */
  readonly receiveBuffer?: number
  /** The step that had the socket made: cause of what it sends unasked. */
  readonly cause?: StepId
}

/** What a socket asks of the table that holds it. */
export interface UdpPorts {
  readonly ip: IpLayer
  /** Takes the port, or an ephemeral one for 0, and notes it on the socket. */
  bind(socket: UdpSocket, bound: LocalAddress, port: number): Errno | null
  release(socket: UdpSocket): void
}

/** The most a datagram holds: 65535 less the headers. */
const MAX_V4 = 65_507
const MAX_V6 = 65_527

/** A UDP socket (RFC 768). Make it with `Sockets.udp`. */
export class UdpSocket {
  /** ICMP errors, oldest first, when `receiveErrors` is on (MSG_ERRQUEUE). */
  readonly errors: PathError[] = []
  bound: LocalAddress = 'any'
  port = 0
  remote: Endpoint | null = null
  ttl: number | undefined
  readonly reuse: boolean
  private readonly mailbox: Mailbox<Datagram>
  private pending: { readonly errno: Errno; readonly cause: StepId } | null = null
  private cause: StepId
  private closed = false

  constructor(
    private readonly table: UdpPorts,
    private readonly options: UdpOptions,
  ) {
    this.reuse = options.reuseAddress ?? false
    this.ttl = options.ttl
    this.cause = options.cause ?? 0
    this.mailbox = new Mailbox(options.receiveBuffer ?? RECEIVE_BUFFER)
  }

  get local(): Endpoint | null {
    return typeof this.bound === 'string' ? null : { address: this.bound, port: this.port }
  }

  /** Port 0 takes an ephemeral one. Throws EADDRINUSE, EADDRNOTAVAIL, EINVAL (bound already). */
  bind(bound: LocalAddress, port: number): void {
    this.check('bind')
    if (this.port !== 0) throw this.failure('EINVAL', 'bind')
    if (typeof bound !== 'string' && !this.table.ip.isLocal(bound)) throw this.failure('EADDRNOTAVAIL', 'bind')
    const errno = this.table.bind(this, bound, port)
    if (errno !== null) throw this.failure(errno, 'bind')
  }

  /** Fixes the other end; sends nothing. Only its datagrams arrive from now on, and ICMP errors about it are heard. */
  connect(remote: Address, port: number): void {
    this.check('connect')
    const { source } = this.route(remote, 'connect', { address: remote, port })
    if (this.port === 0) this.bind(source, 0)
    else this.bound = source
    this.remote = { address: remote, port }
  }

  /** To the connected end. Throws as `sendTo`, and ENOTCONN. */
  send(bytes: Uint8Array): void {
    if (this.remote === null) throw this.failure('ENOTCONN', 'send')
    this.sendTo(bytes, this.remote.address, this.remote.port)
  }

  /**
   * Throws EMSGSIZE, ENETUNREACH, EHOSTUNREACH, EPERM, or an error pending on the socket. What it sends has the datagram
   * received last as its cause, unless told otherwise. `source` answers from the address that was asked.
   */
  sendTo(bytes: Uint8Array, remote: Address, port: number, cause = this.cause, source: Address | null = null): void {
    this.check('sendto')
    const to = { address: remote, port }
    if (bytes.length > (typeof remote === 'number' ? MAX_V4 : MAX_V6)) throw this.failure('EMSGSIZE', 'sendto', to)
    const { ip } = this.table
    const route = this.route(remote, 'sendto', to, source)
    if (this.port === 0) this.bind(typeof remote === 'number' ? 'any4' : 'any', 0)
    const frame = Frame.allocate(bytes.length)
    frame.append(bytes)
    writeUdp(frame, route.source, remote, this.port, port)
    const errno = ip.send(new Skb(frame, ip.kernel.recorder.packet(), cause), {
      source: route.source,
      destination: remote,
      protocol: PROTOCOL.udp,
      ttl: this.ttl,
      dontFragment: !mayFragment(this.options.discover, remote, UDP + bytes.length, route.mtu),
    })
    if (errno !== null) throw this.failure(errno, 'sendto', to)
  }

  /** The next datagram; null once `timeout` nanoseconds have passed. Throws what is pending: ECONNREFUSED, EHOSTUNREACH. */
  *receive(timeout: Nanos | null = null): Process<Datagram | null> {
    const datagram = yield* this.mailbox.take(this.table.ip.kernel.simulation, timeout, () => this.check('recvfrom'))
    if (datagram !== null) this.cause = datagram.cause
    return datagram
  }

  get isClosed(): boolean {
    return this.closed
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.table.release(this)
    this.mailbox.wake()
  }

  /** The receive buffer takes no more. */
  get full(): boolean {
    return this.mailbox.full
  }

  /** Called by the table. */
  accept(datagram: Datagram): void {
    this.mailbox.offer(datagram, datagram.bytes.length + MESSAGE_OVERHEAD)
  }

  /** Called by the table: an ICMP error about what this socket sent (`__udp4_lib_err`). */
  fail(error: PathError, cause: StepId): void {
    if (this.options.receiveErrors === true) this.errors.push(error)
    else if (this.remote === null || !isHard(error)) return
    this.pending = { errno: error.errno, cause }
    this.mailbox.wake()
  }

  private route(remote: Address, call: string, to: Endpoint, source: Address | null = null) {
    const bound = source ?? (typeof this.bound === 'string' ? null : this.bound)
    const route = this.table.ip.route(remote, bound)
    if (typeof route === 'string') throw this.failure(route, call, to)
    return route
  }

  /** Throws the pending error, once. */
  private check(call: string): void {
    if (this.closed) throw this.failure('EBADF', call)
    if (this.pending === null) return
    const { errno, cause } = this.pending
    this.pending = null
    throw failure(this.table.ip, cause, errno, call, this.local, this.remote)
  }

  private failure(errno: Errno, call: string, remote: Endpoint | null = this.remote) {
    return failure(this.table.ip, this.cause, errno, call, this.local, remote)
  }
}
