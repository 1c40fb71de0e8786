import { createHash, type Hash } from 'node:crypto'
import { concat } from '../../util/bytes.ts'
import { HANDSHAKE } from '../numbers.ts'
import type { HashName } from '../suite.ts'

/**
 * The handshake messages so far, and their running hash once its algorithm is known. TLS 1.2 may sign the messages with
 * another hash than the suite's, so they are kept.
 */
export class Transcript {
  private messages: Uint8Array[] = []
  private running: Hash | null = null
  /** The hash of everything so far, once it was asked for. */
  private known: Uint8Array | null = null
  algorithm: HashName | null = null

  add(message: Uint8Array): void {
    this.messages.push(message)
    this.running?.update(message)
    this.known = null
  }

  /** Fixes the algorithm. Choosing it again, the same, changes nothing. */
  choose(algorithm: HashName): void {
    if (this.algorithm === algorithm) return
    this.algorithm = algorithm
    this.running = createHash(algorithm)
    for (const message of this.messages) this.running.update(message)
    this.known = null
  }

  /** The hash of everything so far, or of that and `more`. */
  hash(more?: Uint8Array): Uint8Array {
    if (this.running === null) throw new Error('transcript: no hash chosen yet')
    if (more !== undefined) return this.running.copy().update(more).digest()
    this.known ??= this.running.copy().digest()
    return this.known
  }

  bytes(): Uint8Array {
    return concat(this.messages)
  }

  /** RFC 8446 4.4.1: after a HelloRetryRequest the first ClientHello counts as a message_hash of it. */
  restart(algorithm: HashName): void {
    this.algorithm = null
    this.choose(algorithm)
    const hash = this.hash()
    this.messages = []
    this.algorithm = null
    this.add(concat([Uint8Array.of(HANDSHAKE.message_hash, 0, 0, hash.length), hash]))
    this.choose(algorithm)
  }

  /** The messages are not needed any more once the handshake is over; the hash lives on. */
  forget(): void {
    this.messages = []
  }
}
