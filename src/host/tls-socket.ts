import type { Socket } from 'node:net'
import type { Connection } from '../tls/connection.ts'
import type { Connected, Output } from '../tls/output.ts'
import { TlsFailure } from './tls-failure.ts'

const PAUSE_ABOVE = 1 << 20

/** A TLS connection on a real socket: written to by `write`, read by `for await`. */
export class TlsSocket implements AsyncIterable<Uint8Array> {
  /** Settles with the handshake. Rejects with `TlsFailure`, or the socket's error. */
  readonly connected: Promise<Connected>
  private readonly queue: Uint8Array[] = []
  private queued = 0
  private ended = false
  private error: Error | null = null
  private wake: (() => void) | null = null
  private settle: { resolve(value: Connected): void; reject(error: Error): void } | null = null

  constructor(
    readonly socket: Socket,
    readonly connection: Connection,
    private readonly onOutput: (output: Output) => void,
  ) {
    this.connected = new Promise((resolve, reject) => {
      this.settle = { resolve, reject }
    })
    // Whoever waits hears of it; nobody has to.
    this.connected.catch(() => {})
    socket.on('data', (chunk) => this.handle(connection.receive(chunk, Date.now())))
    socket.on('end', () => this.handle(connection.end()))
    socket.on('error', (error) => this.fail(error))
    socket.on('close', () => this.handle(connection.end()).finish())
  }

  start(early: Uint8Array | null): void {
    this.handle(this.connection.start(Date.now()))
    if (early !== null && this.connection.takesEarlyData) this.handle(this.connection.writeEarly(early))
  }

  /** Settles when the bytes were handed to the operating system. */
  write(bytes: Uint8Array): Promise<void> {
    this.handle(this.connection.write(bytes))
    return this.socket.writableNeedDrain ? this.drained() : Promise.resolve()
  }

  /** New keys for our direction; `askPeer` asks for the other's too (TLS 1.3). */
  updateKeys(askPeer: boolean): void {
    this.handle(this.connection.updateKeys(askPeer))
  }

  /** Says close_notify and ends our half; the peer may go on. */
  close(): void {
    this.handle(this.connection.close())
    this.socket.end()
  }

  destroy(): void {
    this.socket.destroy()
  }

  /** Data until the peer closes. Throws `TlsFailure`, the socket's error, or on a truncated stream. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.queue.shift()
      if (chunk !== undefined) {
        this.queued -= chunk.length
        if (this.queued <= PAUSE_ABOVE) this.socket.resume()
        yield chunk
      } else if (this.error !== null) throw this.error
      else if (this.ended) return
      else await this.woken()
    }
  }

  private handle(outputs: readonly Output[]): this {
    for (const output of outputs) {
      this.onOutput(output)
      switch (output.kind) {
        case 'send':
          if (this.socket.writable) this.socket.write(output.bytes)
          break
        case 'data':
          this.queue.push(output.bytes)
          this.queued += output.bytes.length
          if (this.queued > PAUSE_ABOVE) this.socket.pause()
          break
        case 'connected':
          this.settle?.resolve(output.connected)
          break
        case 'closed':
          if (output.how === 'truncated') this.fail(new Error('the connection ended without close_notify'))
          this.ended = true
          break
        case 'failed':
          this.fail(new TlsFailure(output.fault, output.by, output.detail))
          this.socket.end()
          break
      }
    }
    this.wakeUp()
    return this
  }

  private fail(error: Error): void {
    this.error ??= error
    this.settle?.reject(error)
    this.wakeUp()
  }

  private finish(): void {
    this.ended = true
    this.settle?.reject(new Error('the socket closed'))
    this.wakeUp()
  }

  private wakeUp(): void {
    this.wake?.()
    this.wake = null
  }

  private woken(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve
    })
  }

  private drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.socket.off('drain', done).off('close', done)
        resolve()
      }
      this.socket.on('drain', done).on('close', done)
    })
  }
}
