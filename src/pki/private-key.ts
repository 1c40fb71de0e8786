import { ed25519 } from '@noble/curves/ed25519.js'
import { multiplyBase, SCALARS } from './curve.ts'
import { context, contextOf, type Element, readDer, TAG } from './der/read.ts'
import { asBitOctets, asCount, asInteger, asOid, bytesOf } from './der/values.ts'
import { bits, encode, int, nul, octets, oid, seq, taggedOf } from './der/write.ts'
import { OID } from './oid.ts'
import { type Curve, ecPublicKey, ed25519PublicKey, type PublicKey, rsaPublicKey } from './public-key.ts'

/** `pkcs8` is PrivateKeyInfo DER, whatever form it came in. `scalar` and `seed` are the secret octets. */
export type PrivateKey =
  | { readonly kind: 'rsa'; readonly public: PublicKey; readonly pkcs8: Uint8Array }
  | {
      readonly kind: 'ec'
      readonly public: PublicKey
      readonly pkcs8: Uint8Array
      readonly curve: Curve
      readonly scalar: Uint8Array
    }
  | { readonly kind: 'ed25519'; readonly public: PublicKey; readonly pkcs8: Uint8Array; readonly seed: Uint8Array }

/** PrivateKeyInfo (RFC 5208) and OneAsymmetricKey (RFC 5958). Throws `Malformed`. */
export function parsePkcs8(der: Uint8Array): PrivateKey {
  const items = readDer(der, 'pkcs8', 'privateKeyInfo', TAG.sequence).items()
  asCount(items.next('version', TAG.integer), 1)
  const algorithm = items.next('privateKeyAlgorithm', TAG.sequence)
  const key = items.next('privateKey', TAG.octetString)
  items.optional('attributes', contextOf(0))
  items.optional('publicKey', context(1))
  items.done()
  const fields = algorithm.items()
  const dotted = asOid(fields.next('algorithm', TAG.oid))
  switch (dotted) {
    case OID.rsaEncryption:
      return readRsa(key.wrapped('rsaPrivateKey', TAG.sequence))
    case OID.ecPublicKey:
      return readEc(key.wrapped('ecPrivateKey', TAG.sequence), curveOf(fields.next('namedCurve', TAG.oid)))
    case OID.ed25519: {
      const inner = key.wrapped('curvePrivateKey', TAG.octetString)
      if (inner.content.length !== 32) inner.fail('32 bytes (RFC 8410 7)', inner.content.length)
      return ed25519PrivateKey(inner.content.slice())
    }
    default:
      return algorithm.fail('an RSA, EC or Ed25519 key', dotted)
  }
}

/** ECPrivateKey (RFC 5915 3), as `openssl ecparam -genkey` writes it. Throws `Malformed`. */
export function parseSec1(der: Uint8Array): PrivateKey {
  return readEc(readDer(der, 'sec1', 'ecPrivateKey', TAG.sequence), null)
}

/** RSAPrivateKey (RFC 8017 A.1.2). Throws `Malformed`. */
export function parsePkcs1(der: Uint8Array): PrivateKey {
  return readRsa(readDer(der, 'pkcs1', 'rsaPrivateKey', TAG.sequence))
}

export function ecPrivateKey(curve: Curve, scalar: Uint8Array): PrivateKey {
  const point = multiplyBase(curve, scalar)
  const publicKey = ecPublicKey(curve, point)
  const named = oid(curve === 'P-256' ? OID.prime256v1 : OID.secp384r1)
  const inner = encode(seq(int(1), octets(scalar), taggedOf(1, bits(point))))
  const pkcs8 = encode(seq(int(0), seq(oid(OID.ecPublicKey), named), octets(inner)))
  return { kind: 'ec', public: publicKey, pkcs8, curve, scalar }
}

export function ed25519PrivateKey(seed: Uint8Array): PrivateKey {
  const pkcs8 = encode(seq(int(0), seq(oid(OID.ed25519)), octets(encode(octets(seed)))))
  return { kind: 'ed25519', public: ed25519PublicKey(ed25519.getPublicKey(seed)), pkcs8, seed }
}

function readRsa(e: Element): PrivateKey {
  const items = e.items()
  const version = items.next('version', TAG.integer)
  if (asCount(version, 1) !== 0) version.fail('version 0 (two primes)', 1)
  const fields = ['modulus', 'publicExponent', 'privateExponent', 'prime1', 'prime2', 'exponent1', 'exponent2']
  const [n, publicExponent, d, p, q] = [...fields, 'coefficient'].map((field) =>
    asInteger(items.next(field, TAG.integer), 2049),
  )
  items.done()
  if (p < 2n || q < 2n || p * q !== n) e.fail('prime1 * prime2 = modulus', 'another product')
  if ((publicExponent * d) % (p - 1n) !== 1n || (publicExponent * d) % (q - 1n) !== 1n) {
    e.fail('exponents that invert each other', 'others')
  }
  const pkcs8 = encode(seq(int(0), seq(oid(OID.rsaEncryption), nul()), octets(e.bytes)))
  return { kind: 'rsa', public: rsaPublicKey(n, publicExponent), pkcs8 }
}

/** The curve stands in the AlgorithmIdentifier (PKCS#8) or in the key itself (SEC1). */
function readEc(e: Element, outer: Curve | null): PrivateKey {
  const items = e.items()
  const version = items.next('version', TAG.integer)
  if (asCount(version, 1) !== 1) version.fail('version 1', 0)
  const secret = items.next('privateKey', TAG.octetString)
  const parameters = items.optional('parameters', contextOf(0))
  const point = items.optional('publicKey', contextOf(1))?.only('point', TAG.bitString)
  items.done()
  const inner = parameters === null ? null : curveOf(parameters.only('namedCurve', TAG.oid))
  const curve = outer ?? inner
  if (curve === null) return e.fail('a named curve', 'none')
  const scalars = SCALARS[curve]
  const value = BigInt(`0x0${Buffer.from(secret.content).toString('hex')}`)
  if (value < 1n || value >= scalars.ORDER) secret.fail(`a scalar of ${curve}`, `${secret.content.length} bytes`)
  const key = ecPrivateKey(curve, bytesOf(value, scalars.BYTES))
  if (point !== undefined && key.public.kind === 'ec') {
    const given = Buffer.from(asBitOctets(point))
    const ours = Buffer.from(key.public.point)
    const compressed = Buffer.concat([
      Buffer.from([2 + (ours[ours.length - 1] & 1)]),
      ours.subarray(1, 1 + scalars.BYTES),
    ])
    if (!given.equals(ours) && !given.equals(compressed)) point.fail('the public key of this scalar', 'another')
  }
  return key
}

function curveOf(e: Element): Curve {
  const dotted = asOid(e)
  if (dotted === OID.prime256v1) return 'P-256'
  return dotted === OID.secp384r1 ? 'P-384' : e.fail('P-256 or P-384', dotted)
}
