import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import type { Random } from '../random.ts'
import { type Group, type KeyPair, respondWith } from './group.ts'

const LENGTH = 32

/** RFC 7748, RFC 8446 4.2.8.2. */
export const x25519: Group = {
  name: 'x25519',
  code: 0x001d,
  shareLength: { client: LENGTH, server: LENGTH },
  generate,
  respond: (peer, random) => respondWith(generate(random), peer),
}

/** Keys go in and out as JWK: an SPKI or PKCS#8 import costs ten times as much. `x` of a private key is not looked at. */
function generate(random: Random): KeyPair {
  const d = base64url(random.bytes(LENGTH))
  const privateKey = createPrivateKey({ key: { kty: 'OKP', crv: 'X25519', d, x: d }, format: 'jwk' })
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' })
  return {
    share: Buffer.from(x as string, 'base64url'),
    agree(peer) {
      if (peer.length !== LENGTH) return null
      const key = { kty: 'OKP', crv: 'X25519', x: base64url(peer) }
      const publicKey = createPublicKey({ key, format: 'jwk' })
      try {
        return diffieHellman({ privateKey, publicKey })
      } catch {
        // OpenSSL refuses a result of all zeros: a point of small order (RFC 7748 6.1).
        return null
      }
    },
  }
}

const base64url = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url')
