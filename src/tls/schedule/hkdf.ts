import { digest, hmac } from '../../pki/digest.ts'
import { concat, utf8 } from '../../util/bytes.ts'
import type { HashName } from '../suite.ts'

export const HASH_LENGTH: Readonly<Record<HashName, number>> = { sha256: 32, sha384: 48 }

const EMPTY = new Uint8Array(0)
const EMPTY_HASH: Partial<Record<HashName, Uint8Array>> = {}
const LABELS = new Map<string, Uint8Array>()

/** Transcript-Hash(""). */
export const emptyHash = (hash: HashName): Uint8Array => (EMPTY_HASH[hash] ??= digest(hash, EMPTY))

/** HKDF-Extract (RFC 5869 2.2). */
export const extract = (hash: HashName, salt: Uint8Array, ikm: Uint8Array): Uint8Array => hmac(hash, salt, ikm)

/** HKDF-Expand (RFC 5869 2.3). */
export function expand(hash: HashName, secret: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const size = HASH_LENGTH[hash]
  const out = new Uint8Array(length)
  let block: Uint8Array = EMPTY
  for (let at = 0, counter = 1; at < length; at += size, counter++) {
    block = hmac(hash, secret, concat([block, info, Uint8Array.of(counter)]))
    out.set(block.length > length - at ? block.subarray(0, length - at) : block, at)
  }
  return out
}

/** HKDF-Expand-Label (RFC 8446 7.1). */
export function expandLabel(
  hash: HashName,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array {
  return expand(hash, secret, hkdfLabel(label, context, length), length)
}

/** The HkdfLabel structure: length, "tls13 " + label, context. */
export function hkdfLabel(label: string, context: Uint8Array, length: number): Uint8Array {
  let name = LABELS.get(label)
  if (name === undefined) LABELS.set(label, (name = utf8(`tls13 ${label}`)))
  const out = new Uint8Array(4 + name.length + context.length)
  out[0] = length >>> 8
  out[1] = length
  out[2] = name.length
  out.set(name, 3)
  out[3 + name.length] = context.length
  out.set(context, 4 + name.length)
  return out
}
