import type { Process } from '../../../sim/process.ts'
import type { Nanos } from '../../../sim/time.ts'
import type { StepId } from '../../../trace/step.ts'
import { type Address, isV4, type V6 } from '../../../util/address.ts'
import { echoWord, ICMP, writeIcmp, writeIcmpv6 } from '../../../wire/fast/icmp.ts'
import { Frame } from '../../../wire/frame.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import type { IpLayer, PathError } from '../../ip/layer.ts'
import { Skb } from '../../skb.ts'
import { Mailbox, MESSAGE_OVERHEAD, RECEIVE_BUFFER } from '../mailbox.ts'
import { type DiscoverPathMtu, mayFragment } from '../path-mtu.ts'
import { failure } from '../record.ts'

/** What became of an echo request. */
export type EchoAnswer =
  | {
      readonly kind: 'reply'
      readonly from: Address
      readonly sequence: number
      readonly ttl: number
      readonly bytes: Uint8Array
      readonly at: Nanos
      readonly cause: StepId
    }
  | { readonly kind: 'error'; readonly error: PathError; readonly at: Nanos; readonly cause: StepId }

export interface EchoOptions {
  readonly ttl?: number
  readonly tos?: number
  readonly source?: Address | null
  readonly discover?: DiscoverPathMtu
  readonly cause?: StepId
}

/** What a ping socket asks of the table that holds it. */
export interface PingIds {
  readonly ip: IpLayer
  release(socket: PingSocket): void
}

/** ICMP types of echo and its reply (RFC 792, RFC 4443 4). */
export const ECHO = { request: 8, reply: 0, request6: 128, reply6: 129 } as const

/** A ping socket (`IPPROTO_ICMP` datagram socket, net/ipv4/ping.c): echo requests under one id. Make it with `Sockets.ping`. */
export class PingSocket {
  private readonly mailbox = new Mailbox<EchoAnswer>(RECEIVE_BUFFER)
  private closed = false

  constructor(
    private readonly table: PingIds,
    readonly id: number,
    private readonly cause: StepId,
  ) {}

  /** Sends an echo request; `sequence` counts modulo 65536. Throws EMSGSIZE, ENETUNREACH, EHOSTUNREACH, EPERM. */
  echo(remote: Address, sequence: number, payload: Uint8Array, options: EchoOptions = {}): void {
    const { ip } = this.table
    const cause = options.cause ?? this.cause
    const to = { address: remote, port: this.id }
    const route = ip.route(remote, options.source ?? null)
    if (typeof route === 'string') throw failure(ip, cause, route, 'sendto', null, to)
    const source = options.source ?? route.source
    const frame = Frame.allocate(payload.length)
    frame.append(payload)
    const word = echoWord(this.id, sequence & 0xffff)
    if (isV4(remote)) writeIcmp(frame, ECHO.request, 0, word)
    else writeIcmpv6(frame, source as V6, remote, ECHO.request6, 0, word)
    const errno = ip.send(new Skb(frame, ip.kernel.recorder.packet(), cause), {
      source,
      destination: remote,
      protocol: isV4(remote) ? PROTOCOL.icmp : PROTOCOL.icmpv6,
      ttl: options.ttl,
      tos: options.tos,
      dontFragment: !mayFragment(options.discover, remote, ICMP + payload.length, route.mtu),
    })
    if (errno !== null) throw failure(ip, cause, errno, 'sendto', null, to)
  }

  /** The MTU of the path as far as it is known (IP_MTU); null when there is no route. */
  pathMtu(remote: Address): number | null {
    const route = this.table.ip.route(remote)
    return typeof route === 'string' ? null : route.mtu
  }

  /** The next reply, or ICMP error about a request; null once `timeout` nanoseconds have passed. */
  *receive(timeout: Nanos | null = null): Process<EchoAnswer | null> {
    return yield* this.mailbox.take(this.table.ip.kernel.simulation, timeout, () => {
      if (this.closed) throw failure(this.table.ip, this.cause, 'EBADF', 'recvfrom')
    })
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

  get full(): boolean {
    return this.mailbox.full
  }

  /** Called by the table. */
  accept(answer: EchoAnswer): void {
    this.mailbox.offer(answer, MESSAGE_OVERHEAD + (answer.kind === 'reply' ? answer.bytes.length : 0))
  }
}
