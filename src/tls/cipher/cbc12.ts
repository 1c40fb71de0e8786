import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto'
import { hmac } from '../../pki/digest.ts'
import { concat } from '../../util/bytes.ts'
import type { Random } from '../random.ts'
import type { CbcName } from '../suite.ts'
import { plainBytes } from './aead.ts'
import { additionalData12, type Opened, type Protection, type Sealed } from './protection.ts'

const BLOCK = 16
export const MAC_LENGTH = { sha1: 20, sha256: 32 } as const
export const CBC_KEY_LENGTH: Readonly<Record<CbcName, number>> = { 'AES-128-CBC': 16, 'AES-256-CBC': 32 }

/**
 * GenericBlockCipher (RFC 5246 6.2.3.2): MAC, then pad, then encrypt under a fresh iv; or, with encrypt_then_mac
 * (RFC 7366), the MAC over the ciphertext. A wrong pad and a wrong MAC end the same way (6.2.3.2, note on timing): the MAC
 * is computed in either case and compared in constant time, but what remains of a difference in time is not masked.
 */
export function cbc12(
  name: CbcName,
  mac: 'sha1' | 'sha256',
  encryptThenMac: boolean,
  key: Uint8Array,
  macKey: Uint8Array,
  random: Random,
): Protection {
  const macLength = MAC_LENGTH[mac]
  const openssl = name === 'AES-128-CBC' ? 'aes-128-cbc' : 'aes-256-cbc'

  const authenticate = (header: Uint8Array, data: Uint8Array): Uint8Array => hmac(mac, macKey, concat([header, data]))

  const encrypt = (iv: Uint8Array, data: Uint8Array): Uint8Array => {
    const cipher = createCipheriv(openssl, key, iv).setAutoPadding(false)
    const pad = BLOCK - (data.length % BLOCK)
    return concat([iv, cipher.update(data), cipher.update(new Uint8Array(pad).fill(pad - 1)), cipher.final()])
  }

  const decrypt = (payload: Uint8Array): Uint8Array => {
    const decipher = createDecipheriv(openssl, key, payload.subarray(0, BLOCK)).setAutoPadding(false)
    return plainBytes(decipher.update(payload.subarray(BLOCK)))
  }

  return {
    algorithm: `${name}, HMAC-${mac.toUpperCase()}${encryptThenMac ? ', encrypt-then-MAC' : ''}`,
    version: 'TLS 1.2',
    overhead: BLOCK + macLength + 1,
    limit: Number.MAX_SAFE_INTEGER,
    seal(sequence, type, content): Sealed {
      const nonce = random.bytes(BLOCK)
      if (encryptThenMac) {
        const sealed = encrypt(nonce, content)
        const additionalData = additionalData12(sequence, type, 0x0303, sealed.length)
        return { payload: concat([sealed, authenticate(additionalData, sealed)]), nonce, additionalData }
      }
      const additionalData = additionalData12(sequence, type, 0x0303, content.length)
      return {
        payload: encrypt(nonce, concat([content, authenticate(additionalData, content)])),
        nonce,
        additionalData,
      }
    },
    open(sequence, type, version, payload): Opened | null {
      const nonce = payload.subarray(0, BLOCK)
      if (encryptThenMac) {
        const end = payload.length - macLength
        if (end < 2 * BLOCK || end % BLOCK !== 0) return null
        const additionalData = additionalData12(sequence, type, version, end)
        const sealed = payload.subarray(0, end)
        if (!timingSafeEqual(authenticate(additionalData, sealed), payload.subarray(end))) return null
        const plain = decrypt(sealed)
        const pad = padLength(plain)
        if (pad === null) return null
        return { type, content: plain.subarray(0, plain.length - pad), padding: pad, nonce, additionalData }
      }
      if (payload.length < BLOCK + macLength + 1 || payload.length % BLOCK !== 0) return null
      const plain = decrypt(payload)
      const pad = padLength(plain)
      // A bad pad counts as none, so that the MAC is computed all the same.
      const end = plain.length - macLength - (pad ?? 0)
      const sound = pad !== null && end >= 0
      const at = sound ? end : plain.length - macLength
      const additionalData = additionalData12(sequence, type, version, at)
      const expected = authenticate(additionalData, plain.subarray(0, at))
      const same = timingSafeEqual(expected, plain.subarray(at, at + macLength))
      return same && sound ? { type, content: plain.subarray(0, at), padding: pad, nonce, additionalData } : null
    },
  }
}

/** The length byte and the pad it speaks of, all bytes looked at; null when any is wrong. */
function padLength(plain: Uint8Array): number | null {
  const value = plain[plain.length - 1]
  let wrong = value + 1 > plain.length ? 1 : 0
  const checked = Math.min(256, plain.length)
  for (let i = 0; i < checked; i++) {
    const inside = i <= value ? 0xff : 0
    wrong |= inside & (plain[plain.length - 1 - i] ^ value)
  }
  return wrong === 0 ? value + 1 : null
}
