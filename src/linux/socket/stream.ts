import type { Process } from '../../sim/process.ts'

/** Bytes both ways: a TCP connection, or TLS over one. */
export interface Stream {
  /** Up to `max` bytes; null at the end. */
  read(max: number): Process<Uint8Array | null>
  /** Returns when all bytes have been taken over. */
  write(bytes: Uint8Array): Process
  /** No more will be written; reading goes on. */
  shutdown(): void
  /** Ends both halves at once, with a reset. */
  abort(): void
  /** Ends it in order, unless there is unread data. */
  close(): void
}
