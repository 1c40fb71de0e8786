import { type CipherGCMTypes, createCipheriv, createDecipheriv } from 'node:crypto'
import type { AeadName } from '../suite.ts'

interface Aead {
  readonly openssl: CipherGCMTypes | 'chacha20-poly1305'
  readonly keyLength: number
  /** RFC 8446 5.5: 2^24.5 full records for GCM; ChaCha20-Poly1305 has no limit that matters. */
  readonly limit: number
}

const GCM_LIMIT = 2 ** 24
export const AEADS: Readonly<Record<AeadName, Aead>> = {
  'AES-128-GCM': { openssl: 'aes-128-gcm', keyLength: 16, limit: GCM_LIMIT },
  'AES-256-GCM': { openssl: 'aes-256-gcm', keyLength: 32, limit: GCM_LIMIT },
  'ChaCha20-Poly1305': { openssl: 'chacha20-poly1305', keyLength: 32, limit: Number.MAX_SAFE_INTEGER },
}

export const TAG_LENGTH = 16
const TAG = { authTagLength: TAG_LENGTH }

/** Writes ciphertext and tag at `at`. */
export function aeadSeal(
  name: AeadName,
  key: Uint8Array,
  nonce: Uint8Array,
  additionalData: Uint8Array,
  content: Uint8Array,
  out: Uint8Array,
  at: number,
): void {
  const cipher = createCipheriv(AEADS[name].openssl as CipherGCMTypes, key, nonce, TAG)
  cipher.setAAD(additionalData)
  out.set(cipher.update(content), at)
  cipher.final()
  out.set(cipher.getAuthTag(), at + content.length)
}

/** Null when the tag is wrong. */
export function aeadOpen(
  name: AeadName,
  key: Uint8Array,
  nonce: Uint8Array,
  additionalData: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | null {
  const end = sealed.length - TAG_LENGTH
  if (end < 0) return null
  const decipher = createDecipheriv(AEADS[name].openssl as CipherGCMTypes, key, nonce, TAG)
  decipher.setAAD(additionalData)
  decipher.setAuthTag(sealed.subarray(end))
  const plain = decipher.update(sealed.subarray(0, end))
  try {
    decipher.final()
  } catch {
    return null
  }
  return plainBytes(plain)
}

/** A Buffer's `slice` is a view, that of a Uint8Array a copy: only the latter leaves here. */
export const plainBytes = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
