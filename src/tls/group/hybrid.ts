import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { concat } from '../../util/bytes.ts'
import type { Random } from '../random.ts'
import type { Group, KeyPair } from './group.ts'
import { x25519 } from './x25519.ts'

const KEY = 1184
const CIPHERTEXT = 1088
const POINT = 32

/** X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem 3): the ML-KEM part first, in shares and in the secret. */
export const x25519mlkem768: Group = {
  name: 'X25519MLKEM768',
  code: 0x11ec,
  shareLength: { client: KEY + POINT, server: CIPHERTEXT + POINT },
  generate(random): KeyPair {
    const { publicKey, secretKey } = ml_kem768.keygen(random.bytes(64).slice())
    const classic = x25519.generate(random)
    return {
      share: concat([publicKey, classic.share]),
      agree(peer) {
        if (peer.length !== CIPHERTEXT + POINT) return null
        const other = classic.agree(peer.subarray(CIPHERTEXT))
        return other === null ? null : concat([ml_kem768.decapsulate(peer.slice(0, CIPHERTEXT), secretKey), other])
      },
    }
  },
  respond(peer, random: Random) {
    if (peer.length !== KEY + POINT) return null
    const classic = x25519.respond(peer.subarray(KEY), random)
    const kem = encapsulate(peer.slice(0, KEY), random)
    if (classic === null || kem === null) return null
    return {
      share: concat([kem.cipherText, classic.share]),
      secret: concat([kem.sharedSecret, classic.secret]),
    }
  },
}

/** Null when the key fails the modulus check (FIPS 203 7.2). */
function encapsulate(key: Uint8Array, random: Random): { cipherText: Uint8Array; sharedSecret: Uint8Array } | null {
  const seed = random.bytes(32).slice()
  try {
    return ml_kem768.encapsulate(key, seed)
  } catch {
    return null
  }
}
