import { type Element, readDer, TAG } from './der/read.ts'
import { asBitOctets, asInteger, asOid, bytesOf } from './der/values.ts'
import { bits, encode, int, nul, oid, seq } from './der/write.ts'
import { OID } from './oid.ts'

export type Curve = 'P-256' | 'P-384'

/** A SubjectPublicKeyInfo. `spki` is its DER, whole; `point` is what the BIT STRING holds. */
export type PublicKey =
  | {
      readonly kind: 'rsa' | 'rsa-pss'
      readonly spki: Uint8Array
      readonly modulus: bigint
      readonly exponent: bigint
      readonly bits: number
    }
  | { readonly kind: 'ec'; readonly spki: Uint8Array; readonly curve: Curve; readonly point: Uint8Array }
  | { readonly kind: 'ed25519'; readonly spki: Uint8Array; readonly point: Uint8Array }
  | { readonly kind: 'other'; readonly spki: Uint8Array; readonly oid: string }

const CURVES: Readonly<Record<string, Curve>> = { [OID.prime256v1]: 'P-256', [OID.secp384r1]: 'P-384' }
const CURVE_OID: Readonly<Record<Curve, string>> = { 'P-256': OID.prime256v1, 'P-384': OID.secp384r1 }
const POINT_BYTES: Readonly<Record<Curve, number>> = { 'P-256': 65, 'P-384': 97 }

/** Throws `Malformed`. A key of an algorithm or curve that is not ours is `other`, no error. */
export function parsePublicKey(der: Uint8Array): PublicKey {
  return readPublicKey(readDer(der, 'spki', 'subjectPublicKeyInfo', TAG.sequence))
}

export function readPublicKey(e: Element): PublicKey {
  const items = e.items()
  const algorithm = items.next('algorithm', TAG.sequence).items()
  const key = items.next('subjectPublicKey', TAG.bitString)
  items.done()
  const spki = e.bytes
  const dotted = asOid(algorithm.next('algorithm', TAG.oid))
  switch (dotted) {
    case OID.rsaEncryption:
      return readRsa(key, 'rsa', spki)
    case OID.rsassaPss:
      return readRsa(key, 'rsa-pss', spki)
    case OID.ecPublicKey: {
      // RFC 5480 2.1.1: namedCurve alone is allowed in PKIX; explicit parameters are refused by the tag.
      const named = asOid(algorithm.next('namedCurve', TAG.oid))
      const curve = CURVES[named]
      if (curve === undefined) return { kind: 'other', spki, oid: named }
      return { kind: 'ec', curve, point: readPoint(key, curve), spki }
    }
    case OID.ed25519: {
      algorithm.done()
      const point = asBitOctets(key)
      if (point.length !== 32) key.fail('32 bytes (RFC 8410)', point.length)
      return { kind: 'ed25519', point, spki }
    }
    default:
      return { kind: 'other', spki, oid: dotted }
  }
}

export function rsaPublicKey(modulus: bigint, exponent: bigint): PublicKey {
  const key = encode(seq(int(modulus), int(exponent)))
  const spki = encode(seq(seq(oid(OID.rsaEncryption), nul()), bits(key)))
  return { kind: 'rsa', spki, modulus, exponent, bits: modulus.toString(2).length }
}

export function ecPublicKey(curve: Curve, point: Uint8Array): PublicKey {
  const spki = encode(seq(seq(oid(OID.ecPublicKey), oid(CURVE_OID[curve])), bits(point)))
  return { kind: 'ec', curve, point, spki }
}

export function ed25519PublicKey(point: Uint8Array): PublicKey {
  return { kind: 'ed25519', point, spki: encode(seq(seq(oid(OID.ed25519)), bits(point))) }
}

/** The octets of the subjectPublicKey BIT STRING: what SKI and OCSP hash (RFC 5280 4.2.1.2, RFC 6960 4.1.1). */
export function subjectPublicKeyBits(key: PublicKey): Uint8Array {
  const items = readDer(key.spki, 'spki', 'subjectPublicKeyInfo', TAG.sequence).items()
  items.any('algorithm')
  return asBitOctets(items.next('subjectPublicKey', TAG.bitString))
}

/** `ECDSA P-256`, `RSA 2048`, `Ed25519`. */
export function publicKeyName(key: PublicKey): string {
  switch (key.kind) {
    case 'rsa':
      return `RSA ${key.bits}`
    case 'rsa-pss':
      return `RSA-PSS ${key.bits}`
    case 'ec':
      return `ECDSA ${key.curve}`
    case 'ed25519':
      return 'Ed25519'
    case 'other':
      return key.oid === OID.secp521r1 ? 'ECDSA P-521' : key.oid
  }
}

function readRsa(key: Element, kind: 'rsa' | 'rsa-pss', spki: Uint8Array): PublicKey {
  asBitOctets(key)
  const items = key.wrapped('rsaPublicKey', TAG.sequence, 1).items()
  const n = items.next('modulus', TAG.integer)
  const e = items.next('publicExponent', TAG.integer)
  items.done()
  const [modulus, exponent] = [asInteger(n, 2049), asInteger(e, 33)]
  if (modulus < 1n) n.fail('a positive modulus', bytesOf(-modulus).length)
  if (exponent < 3n || (exponent & 1n) === 0n) e.fail('an odd exponent of 3 or more', String(exponent))
  return { kind, spki, modulus, exponent, bits: modulus.toString(2).length }
}

/** RFC 5480 2.2: uncompressed is what everyone must take; compressed is a MAY that TLS forbids (RFC 8422 5.1.2). */
function readPoint(key: Element, curve: Curve): Uint8Array {
  const point = asBitOctets(key)
  if (point.length !== POINT_BYTES[curve] || point[0] !== 0x04) {
    key.fail(`an uncompressed point of ${POINT_BYTES[curve]} bytes`, `${point.length} bytes, first ${point[0]}`)
  }
  return point
}
