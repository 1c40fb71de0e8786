import { hmac } from '../../pki/digest.ts'
import { concat, utf8 } from '../../util/bytes.ts'
import type { HashName } from '../suite.ts'
import type { Listener } from './note.ts'

const MASTER_LENGTH = 48

/** PRF (RFC 5246 5): P_hash(secret, label + seed), cut to `length` bytes. */
export function prf(hash: HashName, secret: Uint8Array, label: string, seed: Uint8Array, length: number): Uint8Array {
  const labelled = concat([utf8(label), seed])
  const out = new Uint8Array(length)
  let a: Uint8Array = labelled
  for (let at = 0; at < length; ) {
    a = hmac(hash, secret, a)
    const block = hmac(hash, secret, concat([a, labelled]))
    const part = block.subarray(0, Math.min(block.length, length - at))
    out.set(part, at)
    at += part.length
  }
  return out
}

function noted(
  [output, secretName, seedName]: readonly [output: string, secretName: string, seedName: string],
  hash: HashName,
  secret: Uint8Array,
  label: string,
  seed: Uint8Array,
  length: number,
  listener: Listener,
): Uint8Array {
  const value = prf(hash, secret, label, seed, length)
  listener?.({
    operation: 'PRF',
    output,
    label,
    inputs: [
      { name: secretName, value: secret, secret: true },
      { name: seedName, value: seed, secret: false },
    ],
    value,
  })
  return value
}

/** RFC 5246 8.1: from both randoms. */
export function masterSecret(
  hash: HashName,
  premaster: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
  listener: Listener,
): Uint8Array {
  const names = ['master_secret', 'pre_master_secret', 'client_random + server_random'] as const
  const seed = concat([clientRandom, serverRandom])
  return noted(names, hash, premaster, 'master secret', seed, MASTER_LENGTH, listener)
}

/** RFC 7627 4: from the hash of the handshake up to and including ClientKeyExchange. */
export function extendedMasterSecret(
  hash: HashName,
  premaster: Uint8Array,
  sessionHash: Uint8Array,
  listener: Listener,
): Uint8Array {
  const names = ['master_secret', 'pre_master_secret', 'session_hash'] as const
  return noted(names, hash, premaster, 'extended master secret', sessionHash, MASTER_LENGTH, listener)
}

/** RFC 5246 6.3. */
export function keyBlock(
  hash: HashName,
  master: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
  length: number,
  listener: Listener,
): Uint8Array {
  const names = ['key_block', 'master_secret', 'server_random + client_random'] as const
  const seed = concat([serverRandom, clientRandom])
  return noted(names, hash, master, 'key expansion', seed, length, listener)
}

/** RFC 5246 7.4.9. */
export function verifyData(
  hash: HashName,
  master: Uint8Array,
  by: 'client' | 'server',
  transcript: Uint8Array,
  listener: Listener,
): Uint8Array {
  const names = ['verify_data', 'master_secret', 'Hash(handshake_messages)'] as const
  return noted(names, hash, master, `${by} finished`, transcript, 12, listener)
}
