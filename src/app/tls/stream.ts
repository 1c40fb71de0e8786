import { SocketError } from '../../linux/socket/error.ts'
import type { Stream } from '../../linux/socket/stream.ts'
import type { TcpStream } from '../../linux/socket/tcp/stream.ts'
import type { Process } from '../../sim/process.ts'
import type { Fault } from '../../tls/alert.ts'
import type { Connection } from '../../tls/connection.ts'
import type { Connected, Output } from '../../tls/output.ts'
import type { Session } from '../../tls/session/session.ts'
import type { Event } from '../../trace/step.ts'
import { concat } from '../../util/bytes.ts'
import { type PodContext, wallClock } from '../context.ts'

const CHUNK = 65_536

/** The handshake, or the connection after it, came to an end that nobody wanted. */
export class TlsBroken extends Error {
  constructor(
    /** Who gave up. */
    readonly by: 'client' | 'server',
    readonly fault: Fault,
    /** What the judge of certificates said, if it was that. */
    readonly detail: unknown,
    /** What gave up was the transport: it ended in the middle, and no alert came. */
    readonly lost: boolean,
  ) {
    super(`${fault.alert}: ${fault.rule}`)
    this.name = 'TlsBroken'
  }
}

/** What a program hears of its TLS connection beside data. */
export interface TlsListener {
  /** A line of the key log. */
  keylog(line: string): void
  /** Every step that is told, before it is recorded. */
  event?(event: Event): void
  /** Something to resume by. */
  session?(session: Session): void
}

/** TLS over an emulated TCP connection: the engine's outputs become bytes on the wire, steps, and data for the program. */
export class TlsStream implements Stream {
  connected: Connected | null = null
  private arrived: Uint8Array[] = []
  private ended = false
  private broken: TlsBroken | null = null

  constructor(
    private readonly context: PodContext,
    private readonly tcp: TcpStream,
    private readonly end: Connection,
    private readonly listener: TlsListener,
  ) {}

  /** Sends the first flight, and no more: what is written next may go as early data. `first` was read from TCP before. */
  *begin(first: Uint8Array | null = null): Process {
    yield* this.act(this.end.start(this.now()))
    if (first !== null) yield* this.act(this.end.receive(first, this.now()))
  }

  /** Runs the handshake. Throws TlsBroken when it fails, SocketError when TCP does. */
  *handshake(first: Uint8Array | null = null): Process<Connected> {
    yield* this.begin(first)
    return yield* this.finish()
  }

  private *finish(): Process<Connected> {
    while (this.connected === null) {
      if (this.broken !== null) throw this.broken
      yield* this.take()
    }
    return this.connected
  }

  *read(max: number): Process<Uint8Array | null> {
    while (this.arrived.length === 0) {
      if (this.broken !== null) throw this.broken
      if (this.ended) return null
      yield* this.take()
    }
    const all = concat(this.arrived)
    this.arrived = all.length > max ? [all.subarray(max)] : []
    return all.subarray(0, max)
  }

  *write(bytes: Uint8Array): Process {
    if (this.broken !== null) throw this.broken
    if (this.connected === null && (yield* this.early(bytes))) return
    yield* this.act(this.end.write(bytes))
  }

  /** Before the handshake is over: as 0-RTT data where it fits, and again where the server did not take it. */
  private *early(bytes: Uint8Array): Process<boolean> {
    const { end } = this
    const sent = end.takesEarlyData
    if (sent) yield* this.act(end.writeEarly(bytes))
    const { earlyData } = yield* this.finish()
    return sent && earlyData === 'accepted'
  }

  /** Sends close_notify; reading goes on. */
  shutdown(): void {
    this.sayGoodbye()
  }

  abort(): void {
    this.tcp.abort()
  }

  /** close_notify, then the end of the TCP connection. */
  close(): void {
    this.sayGoodbye()
    this.tcp.close()
  }

  /** Not waited for: like a program that exits, we leave it to a send buffer that has room, and else go without. */
  private sayGoodbye(): void {
    try {
      this.act(this.end.close()).next()
    } catch (error) {
      if (!(error instanceof SocketError)) throw error
    }
  }

  private *take(): Process {
    const bytes = yield* this.tcp.read(CHUNK)
    if (bytes === null) this.ended = true
    yield* this.act(bytes === null ? this.end.end() : this.end.receive(bytes, this.now()))
  }

  /** What one call of the engine led to, in order; what is to be sent goes out in one piece. */
  private *act(outputs: readonly Output[]): Process {
    const send: Uint8Array[] = []
    for (const output of outputs) {
      switch (output.kind) {
        case 'send':
          send.push(output.bytes)
          break
        case 'data':
          this.arrived.push(output.bytes)
          break
        case 'connected':
          this.connected = output.connected
          break
        case 'step':
          this.listener.event?.(output.event)
          this.tcp.cause = this.context.record(output.event, this.tcp.cause)
          break
        case 'counted':
          for (let i = 0; i < output.steps; i++) this.tcp.cause = this.context.skip()
          break
        case 'keylog':
          this.listener.keylog(output.line)
          break
        case 'closed':
          this.ended = true
          break
        case 'failed':
          this.broken = new TlsBroken(output.by, output.fault, output.detail, this.ended)
          break
        case 'session':
          this.listener.session?.(output.session)
      }
    }
    if (send.length > 0) yield* this.tcp.write(concat(send))
  }

  private now(): number {
    return wallClock(this.context)
  }
}
