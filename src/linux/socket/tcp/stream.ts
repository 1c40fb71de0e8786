import type { Process } from '../../../sim/process.ts'
import type { StepId } from '../../../trace/step.ts'
import type { Endpoint } from '../../../trace/steps/packet.ts'
import { waitFor } from '../mailbox.ts'
import { failure } from '../record.ts'
import type { Stream } from '../stream.ts'
import { afterRead } from './acknowledge.ts'
import { abort, close, shutdown } from './close.ts'
import type { Connection } from './connection.ts'
import { push } from './output.ts'
import { canSend } from './state.ts'
import { tuneWindow } from './window.ts'

/** A connected TCP socket, as a program has it. */
export class TcpStream implements Stream {
  private closed = false

  constructor(private readonly connection: Connection) {}

  get local(): Endpoint {
    return this.connection.local
  }

  get remote(): Endpoint {
    return this.connection.remote
  }

  get state(): string {
    return this.connection.state
  }

  /** The step that what is sent next will have as its cause: what was received last, unless a program sets another. */
  get cause(): StepId {
    return this.connection.cause
  }

  set cause(step: StepId) {
    this.connection.cause = step
  }

  /** Bytes that can be read without waiting. */
  get available(): number {
    return this.connection.arrived.available
  }

  /** Up to `max` bytes; null at the end. Throws ECONNRESET, ETIMEDOUT, EBADF; what came before the error is read first. */
  *read(max: number): Process<Uint8Array | null> {
    const c = this.connection
    for (;;) {
      if (this.closed) throw failure(c.ip, c.cause, 'EBADF', 'read', c.local, c.remote)
      const bytes = c.arrived.read(max)
      if (bytes !== null) {
        tuneWindow(c, bytes.length)
        afterRead(c)
        return bytes
      }
      if (c.finReceived) return null
      this.check('read')
      if (c.state === 'CLOSED') return null
      yield* waitFor(c.readable, null)
    }
  }

  /** Returns when all bytes are in the send buffer. Throws EPIPE, ECONNRESET, ETIMEDOUT, EBADF. */
  *write(bytes: Uint8Array): Process {
    const c = this.connection
    for (let at = 0; at < bytes.length; ) {
      if (this.closed) throw failure(c.ip, c.cause, 'EBADF', 'write', c.local, c.remote)
      this.check('write')
      if (!canSend(c.state)) throw failure(c.ip, c.cause, 'EPIPE', 'write', c.local, c.remote)
      const room = c.sendSpace - c.toSend.length
      if (room <= 0) {
        yield* this.room()
        continue
      }
      const part = bytes.subarray(at, at + room)
      c.toSend.append(part)
      at += part.length
      push(c)
    }
  }

  /** Waits for a third of the send buffer to be free, or for the end (`sk_stream_write_space`). */
  private *room(): Process {
    const c = this.connection
    do yield* waitFor(c.writable, null)
    while (3 * c.toSend.length > 2 * c.sendSpace && canSend(c.state) && !this.closed)
  }

  /** Ends our half with a FIN; reading goes on. */
  shutdown(): void {
    shutdown(this.connection)
  }

  /** Ends both halves with a RST. */
  abort(): void {
    this.closed = true
    abort(this.connection)
    this.wake()
  }

  get isClosed(): boolean {
    return this.closed
  }

  /** close(2): FIN, or RST when data is left unread. */
  close(): void {
    if (this.closed) return
    this.closed = true
    close(this.connection)
    this.wake()
  }

  private wake(): void {
    this.connection.wakeReaders()
    this.connection.wakeWriters()
  }

  /** Throws the pending error, once. */
  private check(call: string): void {
    const c = this.connection
    const { error } = c
    if (error === null) return
    c.error = null
    throw failure(c.ip, c.cause, error, call, c.local, c.remote)
  }
}
