import { constants, type KeyObject, publicEncrypt } from 'node:crypto'
import type { PublicKey, Signer } from '../../pki/keys.ts'
import { keyObject } from '../../pki/verify.ts'
import { concat } from '../../util/bytes.ts'
import { TlsError } from '../alert.ts'
import type { Random } from '../random.ts'

const PREMASTER = 48
const MIN_PAD = 8

/** EncryptedPreMasterSecret (RFC 5246 7.4.7.1): RSAES-PKCS1-v1_5 with padding from `random`. */
export function encryptPremaster(key: PublicKey, premaster: Uint8Array, random: Random): Uint8Array {
  const object = key.kind === 'rsa' ? keyObject(key) : null
  if (key.kind !== 'rsa' || object === null) {
    throw new TlsError(
      'illegal_parameter',
      `RSA key exchange needs an RSA certificate, not ${key.kind}`,
      'RFC 5246 7.4.2',
    )
  }
  const size = Math.ceil(key.bits / 8)
  const pad = random.bytes(size - 3 - premaster.length).map((byte) => byte || 0xff)
  const block = concat([Uint8Array.of(0, 2), pad, Uint8Array.of(0), premaster])
  return raised(object, block)
}

/** A modulus that is even, or smaller than its length says, parses as one and encrypts nothing. */
function raised(key: KeyObject, block: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, block))
  } catch (error) {
    const rule = `the certificate's RSA key cannot encrypt: ${error instanceof Error ? error.message : error}`
    throw new TlsError('bad_certificate', rule, 'RFC 5246 7.2.2')
  }
}

/**
 * The premaster secret, or a made-up one where anything is wrong with it: nobody may learn which (RFC 5246 7.4.7.1, the
 * countermeasure to Bleichenbacher). All bytes are looked at in either case. Throws `RangeError` for a key that is not RSA.
 */
export function decryptPremaster(signer: Signer, encrypted: Uint8Array, version: number, random: Random): Uint8Array {
  const fallback = random.bytes(PREMASTER)
  const block = rawBlock(signer, encrypted)
  const at = block.length - PREMASTER
  let wrong = block[0] | (block[1] ^ 2) | block[at - 1]
  for (let i = 2; i < at - 1; i++) wrong |= block[i] === 0 ? 1 : 0
  wrong |= at - 3 < MIN_PAD ? 1 : 0
  wrong |= block[at] ^ (version >>> 8)
  wrong |= block[at + 1] ^ (version & 0xff)
  const mask = wrong === 0 ? 0xff : 0
  return fallback.map((byte, i) => (block[at + i] & mask) | (byte & ~mask))
}

/** A ciphertext of the wrong size, or not below the modulus, is as wrong as bad padding, and as silent. */
function rawBlock(signer: Signer, encrypted: Uint8Array): Uint8Array {
  const bits = signer.publicKey.kind === 'rsa' ? signer.publicKey.bits : 2048
  try {
    return signer.decryptRaw(encrypted)
  } catch (error) {
    if (error instanceof RangeError) return new Uint8Array(Math.ceil(bits / 8))
    throw error
  }
}
