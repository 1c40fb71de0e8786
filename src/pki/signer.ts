import {
  constants,
  createPrivateKey,
  type KeyObject,
  sign as nodeSign,
  privateDecrypt,
  privateEncrypt,
} from 'node:crypto'
import type { SignatureAlgorithm } from './algorithm.ts'
import { signEcdsa } from './ecdsa.ts'
import type { PrivateKey } from './private-key.ts'
import { pssEncode } from './pss.ts'
import type { PublicKey } from './public-key.ts'
import { SCHEMES, type SignatureScheme, schemeFits, schemesOf } from './scheme.ts'

/** Where a deterministic signer's PSS salts come from: `Rng` fits. */
export interface SaltSource {
  bytes(length: number): Uint8Array
}

/** A private key in use. The engine sees this, never the key. */
export interface Signer {
  readonly publicKey: PublicKey
  /** What it can sign with in TLS 1.3, most preferred first. */
  readonly schemes: readonly SignatureScheme[]
  /** Throws `RangeError` for a scheme that the key cannot be used with (any curve is allowed, as TLS 1.2 has it). */
  sign(scheme: SignatureScheme, bytes: Uint8Array): Uint8Array
  /** As certificates name it: hash and curve are independent. */
  signWith(algorithm: SignatureAlgorithm, bytes: Uint8Array): Uint8Array
  /**
   * RSADP (RFC 8017 5.1.2): the padded block, as long as the modulus, for TLS 1.2's RSA key exchange, which must strip the
   * padding in constant time (RFC 5246 7.4.7.1). Throws `RangeError` for other keys, or a ciphertext not below the modulus.
   */
  decryptRaw(ciphertext: Uint8Array): Uint8Array
}

/** For emulation: the same key, salts and input give the same signature on any machine. */
export function emulatedSigner(key: PrivateKey, salts: SaltSource): Signer {
  const handle = lazyHandle(key)
  return signerOf(key, handle, (algorithm, bytes) => {
    if (algorithm.kind === 'ecdsa' && key.kind === 'ec') return signEcdsa(key.curve, algorithm.hash, key.scalar, bytes)
    if (algorithm.kind !== 'rsa-pss' || key.public.kind !== 'rsa') return signNatively(algorithm, bytes, handle())
    const block = pssEncode(algorithm.hash, bytes, salts.bytes(algorithm.saltLength), key.public.bits)
    return new Uint8Array(privateEncrypt({ key: handle(), padding: constants.RSA_NO_PADDING }, block))
  })
}

/** For real sockets: node:crypto's own randomness in ECDSA nonces and PSS salts. */
export function nativeSigner(key: PrivateKey): Signer {
  const handle = lazyHandle(key)
  return signerOf(key, handle, (algorithm, bytes) => signNatively(algorithm, bytes, handle()))
}

function signerOf(
  key: PrivateKey,
  handle: () => KeyObject,
  signWith: (algorithm: SignatureAlgorithm, bytes: Uint8Array) => Uint8Array,
): Signer {
  const publicKey = key.public
  return {
    publicKey,
    schemes: schemesOf(publicKey),
    sign(scheme, bytes) {
      if (!schemeFits(scheme, publicKey, false)) {
        throw new RangeError(`scheme: expected one for a key of kind ${publicKey.kind}, got ${scheme}`)
      }
      return signWith(SCHEMES[scheme].algorithm, bytes)
    },
    signWith(algorithm, bytes) {
      const family = algorithm.kind === 'rsa-pkcs1' || algorithm.kind === 'rsa-pss' ? 'rsa' : algorithm.kind
      if ((family === 'ecdsa' ? 'ec' : family) !== key.kind) {
        throw new RangeError(`algorithm: expected one for a key of kind ${key.kind}, got ${algorithm.kind}`)
      }
      return signWith(algorithm, bytes)
    },
    decryptRaw(ciphertext) {
      if (publicKey.kind !== 'rsa') throw new RangeError(`key: expected RSA, got ${publicKey.kind}`)
      const length = Math.ceil(publicKey.bits / 8)
      if (ciphertext.length !== length)
        throw new RangeError(`ciphertext: expected ${length} bytes, got ${ciphertext.length}`)
      if (BigInt(`0x${Buffer.from(ciphertext).toString('hex')}`) >= publicKey.modulus) {
        throw new RangeError('ciphertext: expected a number below the modulus, got a larger one')
      }
      return new Uint8Array(privateDecrypt({ key: handle(), padding: constants.RSA_NO_PADDING }, ciphertext))
    },
  }
}

function signNatively(algorithm: SignatureAlgorithm, bytes: Uint8Array, key: KeyObject): Uint8Array {
  switch (algorithm.kind) {
    case 'ed25519':
      return new Uint8Array(nodeSign(null, bytes, key))
    case 'ecdsa':
      return new Uint8Array(nodeSign(algorithm.hash, bytes, { key, dsaEncoding: 'der' }))
    case 'rsa-pkcs1':
      return new Uint8Array(nodeSign(algorithm.hash, bytes, { key, padding: constants.RSA_PKCS1_PADDING }))
    case 'rsa-pss': {
      const padding = constants.RSA_PKCS1_PSS_PADDING
      return new Uint8Array(nodeSign(algorithm.hash, bytes, { key, padding, saltLength: algorithm.saltLength }))
    }
  }
}

/** Imported on first use, once. */
function lazyHandle(key: PrivateKey): () => KeyObject {
  let handle: KeyObject | null = null
  return () => (handle ??= createPrivateKey({ key: Buffer.from(key.pkcs8), format: 'der', type: 'pkcs8' }))
}
