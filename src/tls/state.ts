import type { TlsKnown } from '../trace/steps/tls.ts'
import type { Core } from './core.ts'
import type { Handshake } from './message/handshake.ts'
import type { HandshakeName } from './numbers.ts'

/** One point of a handshake: it holds what was learnt so far, and knows the next message. */
export interface State {
  /** As RFC 8446 A.1 and A.2 name it, where they do. */
  readonly at: string
  readonly expects: readonly HandshakeName[]
  /** Messages that may come between, mean nothing here, and have no part in the transcript. They are empty. */
  readonly ignores?: readonly HandshakeName[]
  /** What application data means here. */
  readonly reads: 'nothing' | 'early data' | 'data'
  readonly writes: 'nothing' | 'early data' | 'data'
  /** A message of `expects`. Throws `TlsError` and `Malformed`. */
  handle(core: Core, message: Handshake): State
  /** TLS 1.2 has change_cipher_spec change something. */
  changeCipherSpec?(core: Core): State
  /** Application data was read here: TLS 1.3's limit on early data. */
  consumed?(bytes: number): State
  /** New keys for what we write (RFC 8446 4.6.3). */
  updateKeys?(core: Core, askPeer: boolean): State
  /** RFC 8446 7.5, RFC 5705. */
  exportKey?(label: string, context: Uint8Array, length: number): Uint8Array
  /** What this side knows, for the explanation of an alert. */
  knew?(): readonly TlsKnown[]
}
