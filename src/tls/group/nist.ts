import { createECDH, type ECDH } from 'node:crypto'
import type { Random } from '../random.ts'
import { type Group, type KeyPair, respondWith } from './group.ts'

export const secp256r1: Group = nist('secp256r1', 'prime256v1', 0x0017, 32)
export const secp384r1: Group = nist('secp384r1', 'secp384r1', 0x0018, 48)

/** RFC 8446 4.2.8.2: uncompressed points only. */
function nist(name: string, openssl: string, code: number, size: number): Group {
  const length = 2 * size + 1
  const generate = (random: Random): KeyPair => {
    const ecdh = createECDH(openssl)
    choose(ecdh, random, size)
    return {
      share: ecdh.getPublicKey(),
      agree(peer) {
        if (peer.length !== length || peer[0] !== 0x04) return null
        try {
          return ecdh.computeSecret(peer)
        } catch {
          // Not on the curve.
          return null
        }
      },
    }
  }
  const shareLength = { client: length, server: length }
  return { name, code, shareLength, generate, respond: (peer, random) => respondWith(generate(random), peer) }
}

/** Candidates until one lies in [1, n-1] (FIPS 186-5 A.2.2); the chance that the first does not is below 2^-32. */
function choose(ecdh: ECDH, random: Random, size: number): void {
  for (let i = 0; i < 64; i++) {
    try {
      ecdh.setPrivateKey(random.bytes(size))
      return
    } catch {
      // Zero, or not below the order.
    }
  }
  throw new Error('random: 64 draws without a usable scalar')
}
