import type { LocalAddress } from '../binding.ts'
import type { Connection, TcpOptions } from './connection.ts'
import { SOMAXCONN } from './constants.ts'
import type { TcpStream } from './stream.ts'

export interface ListenOptions extends TcpOptions {
  /** At most net.core.somaxconn. */
  readonly backlog?: number
  /** SO_REUSEADDR: on unless turned off, as servers have it, so that a restart need not wait for TIME-WAIT. */
  readonly reuseAddress?: boolean
}

/** What a listener asks of the table that holds it. */
export interface ListenerHost {
  unlisten(listener: Listener): void
  /** Gives an established connection to the program, in an event of its own. */
  hand(connection: Connection, onStream: (stream: TcpStream) => void): void
}

/** A socket in LISTEN. It parks nothing: each connection is a callback. */
export class Listener {
  /** The accept queue: established, and not taken by the program yet. */
  readonly waiting: Connection[] = []
  readonly backlog: number
  private paused = false
  private closed = false

  constructor(
    private readonly host: ListenerHost,
    readonly bound: LocalAddress,
    readonly port: number,
    readonly options: ListenOptions,
    private readonly onStream: (stream: TcpStream) => void,
  ) {
    this.backlog = Math.min(options.backlog ?? SOMAXCONN, SOMAXCONN)
  }

  /** The accept queue takes no more: a SYN is dropped, and so is the ACK that ends a handshake (`sk_acceptq_is_full`). */
  get full(): boolean {
    return this.waiting.length > this.backlog
  }

  take(connection: Connection): void {
    if (this.paused) this.waiting.push(connection)
    else this.host.hand(connection, this.onStream)
  }

  /** The program hangs: the kernel goes on to complete handshakes until the queue is full. */
  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    for (const connection of this.waiting.splice(0)) this.host.hand(connection, this.onStream)
  }

  get isClosed(): boolean {
    return this.closed
  }

  /** What waits is reset; handshakes under way are forgotten. */
  close(): void {
    if (this.closed) return
    this.closed = true
    this.host.unlisten(this)
  }
}
