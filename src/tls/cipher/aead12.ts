import type { AeadName } from '../suite.ts'
import { AEADS, aeadOpen, aeadSeal, TAG_LENGTH } from './aead.ts'
import { additionalData12, nonceOf, type Opened, type Protection, type Sealed } from './protection.ts'

const EXPLICIT = 8

/** RFC 5288: a four-byte salt from the key block and an explicit nonce in each record, here the sequence number. */
export function gcm12(name: AeadName, key: Uint8Array, salt: Uint8Array): Protection {
  const overhead = EXPLICIT + TAG_LENGTH
  return {
    algorithm: name,
    version: 'TLS 1.2',
    overhead,
    limit: AEADS[name].limit,
    seal(sequence, type, content): Sealed {
      const nonce = new Uint8Array(12)
      nonce.set(salt)
      new DataView(nonce.buffer).setBigUint64(4, BigInt(sequence))
      const additionalData = additionalData12(sequence, type, 0x0303, content.length)
      const payload = new Uint8Array(content.length + overhead)
      payload.set(nonce.subarray(4))
      aeadSeal(name, key, nonce, additionalData, content, payload, EXPLICIT)
      return { payload, nonce, additionalData }
    },
    open(sequence, type, version, payload): Opened | null {
      if (payload.length < overhead) return null
      const nonce = new Uint8Array(12)
      nonce.set(salt)
      nonce.set(payload.subarray(0, EXPLICIT), 4)
      const additionalData = additionalData12(sequence, type, version, payload.length - overhead)
      const content = aeadOpen(name, key, nonce, additionalData, payload.subarray(EXPLICIT))
      return content === null ? null : { type, content, padding: 0, nonce, additionalData }
    },
  }
}

/** RFC 7905: the nonce is made as in TLS 1.3, nothing explicit. */
export function chacha12(key: Uint8Array, iv: Uint8Array): Protection {
  const name = 'ChaCha20-Poly1305'
  return {
    algorithm: name,
    version: 'TLS 1.2',
    overhead: TAG_LENGTH,
    limit: AEADS[name].limit,
    seal(sequence, type, content): Sealed {
      const nonce = nonceOf(iv, sequence)
      const additionalData = additionalData12(sequence, type, 0x0303, content.length)
      const payload = new Uint8Array(content.length + TAG_LENGTH)
      aeadSeal(name, key, nonce, additionalData, content, payload, 0)
      return { payload, nonce, additionalData }
    },
    open(sequence, type, version, payload): Opened | null {
      if (payload.length < TAG_LENGTH) return null
      const nonce = nonceOf(iv, sequence)
      const additionalData = additionalData12(sequence, type, version, payload.length - TAG_LENGTH)
      const content = aeadOpen(name, key, nonce, additionalData, payload)
      return content === null ? null : { type, content, padding: 0, nonce, additionalData }
    },
  }
}
