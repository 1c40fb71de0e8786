import { CONTENT } from '../numbers.ts'
import type { TrafficKeys } from '../schedule/schedule13.ts'
import type { AeadName } from '../suite.ts'
import { AEADS, aeadOpen, aeadSeal, TAG_LENGTH } from './aead.ts'
import { nonceOf, type Opened, type Protection, type Sealed } from './protection.ts'

/** RFC 8446 5.2: TLSInnerPlaintext (content, type, zeros) under an AEAD, the header as additional data. */
export function aead13(name: AeadName, { key, iv }: TrafficKeys): Protection {
  return {
    algorithm: name,
    version: 'TLS 1.3',
    overhead: TAG_LENGTH + 1,
    limit: AEADS[name].limit,
    seal(sequence, type, content, padding): Sealed {
      const length = content.length + 1 + padding + TAG_LENGTH
      const additionalData = header(CONTENT.applicationData, 0x0303, length)
      const nonce = nonceOf(iv, sequence)
      const payload = new Uint8Array(length)
      const inner = new Uint8Array(content.length + 1 + padding)
      inner.set(content)
      inner[content.length] = type
      aeadSeal(name, key, nonce, additionalData, inner, payload, 0)
      return { payload, nonce, additionalData }
    },
    open(sequence, type, version, payload): Opened | null {
      const additionalData = header(type, version, payload.length)
      const nonce = nonceOf(iv, sequence)
      const plain = aeadOpen(name, key, nonce, additionalData, payload)
      if (plain === null) return null
      let end = plain.length
      while (end > 0 && plain[end - 1] === 0) end--
      // All zeros: no type at all (RFC 8446 5.4), told apart by type 0.
      const inner = end === 0 ? 0 : plain[end - 1]
      const content = plain.subarray(0, Math.max(end - 1, 0))
      return { type: inner, content, padding: plain.length - end, nonce, additionalData }
    },
  }
}

function header(type: number, version: number, length: number): Uint8Array {
  const out = new Uint8Array(5)
  out[0] = type
  out[1] = version >>> 8
  out[2] = version
  out[3] = length >>> 8
  out[4] = length
  return out
}
