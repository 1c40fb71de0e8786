import type { Random } from '../random.ts'

/** One end's ephemeral key. */
export interface KeyPair {
  /** key_exchange as it goes on the wire. */
  readonly share: Uint8Array
  /** The shared secret; null when the peer's share is not a valid one. */
  agree(peer: Uint8Array): Uint8Array | null
}

/**
 * A named group (RFC 8446 4.2.7). Key encapsulation fits the same form: the server's share depends on the client's, so it
 * answers one instead of making its own.
 */
export interface Group {
  readonly name: string
  readonly code: number
  /** Bytes of the client's and of the server's key_exchange. */
  readonly shareLength: { readonly client: number; readonly server: number }
  generate(random: Random): KeyPair
  /** Null when the client's share is not a valid one. */
  respond(peer: Uint8Array, random: Random): { readonly share: Uint8Array; readonly secret: Uint8Array } | null
}

/** Diffie-Hellman groups answer with a key pair of their own. */
export function respondWith(
  pair: KeyPair,
  peer: Uint8Array,
): { readonly share: Uint8Array; readonly secret: Uint8Array } | null {
  const secret = pair.agree(peer)
  return secret === null ? null : { share: pair.share, secret }
}
