import { AEADS } from '../cipher/aead.ts'
import { chacha12, gcm12 } from '../cipher/aead12.ts'
import { CBC_KEY_LENGTH, cbc12, MAC_LENGTH } from '../cipher/cbc12.ts'
import type { Protection } from '../cipher/protection.ts'
import type { Core } from '../core.ts'
import { keyBlock } from '../schedule/prf12.ts'
import type { AeadName, CbcName, Suite } from '../suite.ts'

/** What both ends of a TLS 1.2 connection know. */
export interface Secrets12 {
  readonly suite: Suite
  readonly master: Uint8Array
  readonly clientRandom: Uint8Array
  readonly serverRandom: Uint8Array
  readonly encryptThenMac: boolean
}

export interface Protections12 {
  readonly client: Protection
  readonly server: Protection
}

interface Lengths {
  readonly mac: number
  readonly key: number
  readonly iv: number
}

function lengthsOf({ cipher, mac }: Suite): Lengths {
  if (mac !== null) return { mac: MAC_LENGTH[mac], key: CBC_KEY_LENGTH[cipher as CbcName], iv: 0 }
  // GCM: a salt of four bytes (RFC 5288 3); ChaCha20-Poly1305: a whole nonce (RFC 7905 2).
  return { mac: 0, key: AEADS[cipher as AeadName].keyLength, iv: cipher === 'ChaCha20-Poly1305' ? 12 : 4 }
}

/** The key block, cut up (RFC 5246 6.3): MAC keys, keys, ivs, the client's first. */
export function protections12(
  core: Pick<Core, 'listener'> & { readonly config: Pick<Core['config'], 'random'> },
  secrets: Secrets12,
): Protections12 {
  const { suite, master, clientRandom, serverRandom, encryptThenMac } = secrets
  const { mac, key, iv } = lengthsOf(suite)
  const block = keyBlock(suite.hash, master, clientRandom, serverRandom, 2 * (mac + key + iv), core.listener)
  let at = 0
  const cut = (length: number): Uint8Array => block.subarray(at, (at += length))
  const [clientMac, serverMac, clientKey, serverKey] = [cut(mac), cut(mac), cut(key), cut(key)]
  const [clientIv, serverIv] = [cut(iv), cut(iv)]
  const make = (macKey: Uint8Array, writeKey: Uint8Array, writeIv: Uint8Array): Protection => {
    if (suite.mac !== null) {
      return cbc12(suite.cipher as CbcName, suite.mac, encryptThenMac, writeKey, macKey, core.config.random)
    }
    if (suite.cipher === 'ChaCha20-Poly1305') return chacha12(writeKey, writeIv)
    return gcm12(suite.cipher as AeadName, writeKey, writeIv)
  }
  return { client: make(clientMac, clientKey, clientIv), server: make(serverMac, serverKey, serverIv) }
}
