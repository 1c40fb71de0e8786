import { type Cursor, contextOf, type Element, TAG } from './der/read.ts'
import { asCount, asNull, asOid } from './der/values.ts'
import { type Asn1, int, nul, oid, seq, taggedOf } from './der/write.ts'
import { nameOfOid, OID } from './oid.ts'

export type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512'

/** How a signature was made; curve and key size belong to the key. */
export type SignatureAlgorithm =
  | { readonly kind: 'rsa-pkcs1'; readonly hash: Hash }
  | { readonly kind: 'rsa-pss'; readonly hash: Hash; readonly saltLength: number }
  | { readonly kind: 'ecdsa'; readonly hash: Hash }
  | { readonly kind: 'ed25519' }

export const HASH_BYTES: Readonly<Record<Hash, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }

const HASHES: Readonly<Record<Hash, string>> = {
  sha1: OID.sha1,
  sha256: OID.sha256,
  sha384: OID.sha384,
  sha512: OID.sha512,
}
const RSA: Readonly<Record<Hash, string>> = {
  sha1: OID.sha1WithRsa,
  sha256: OID.sha256WithRsa,
  sha384: OID.sha384WithRsa,
  sha512: OID.sha512WithRsa,
}
const ECDSA: Readonly<Record<Hash, string>> = {
  sha1: OID.ecdsaWithSha1,
  sha256: OID.ecdsaWithSha256,
  sha384: OID.ecdsaWithSha384,
  sha512: OID.ecdsaWithSha512,
}

/** An AlgorithmIdentifier in a signature's place. `algorithm` is null when it is not one of ours. */
export interface SignatureIdentifier {
  readonly oid: string
  readonly algorithm: SignatureAlgorithm | null
}

/** RFC 4055 and RFC 5758: parameters are NULL (or left out, as some do) for RSA, absent for ECDSA and EdDSA. */
export function readSignatureAlgorithm(e: Element): SignatureIdentifier {
  const items = e.items()
  const dotted = asOid(items.next('algorithm', TAG.oid))
  if (dotted === OID.rsassaPss) return { oid: dotted, algorithm: readPss(items) }
  const rsa = nameOfOid(RSA, dotted)
  if (rsa !== null) {
    const parameters = items.optional('parameters', TAG.null)
    if (parameters !== null) asNull(parameters)
    items.done()
    return { oid: dotted, algorithm: { kind: 'rsa-pkcs1', hash: rsa } }
  }
  const ecdsa = nameOfOid(ECDSA, dotted)
  if (ecdsa === null && dotted !== OID.ed25519) return { oid: dotted, algorithm: null }
  items.done()
  return { oid: dotted, algorithm: ecdsa === null ? { kind: 'ed25519' } : { kind: 'ecdsa', hash: ecdsa } }
}

export function writeSignatureAlgorithm(algorithm: SignatureAlgorithm): Asn1 {
  switch (algorithm.kind) {
    case 'rsa-pkcs1':
      return seq(oid(RSA[algorithm.hash]), nul())
    case 'ecdsa':
      return seq(oid(ECDSA[algorithm.hash]))
    case 'ed25519':
      return seq(oid(OID.ed25519))
    case 'rsa-pss':
      return seq(oid(OID.rsassaPss), writePss(algorithm.hash, algorithm.saltLength))
  }
}

/** RSASSA-PSS-params (RFC 4055 3.1). Mixed hashes and other mask functions are not ours: null. */
function readPss(items: Cursor): SignatureAlgorithm | null {
  const params = items.next('parameters', TAG.sequence).items()
  items.done()
  const hash = readHashAlgorithm(params.optional('hashAlgorithm', contextOf(0))?.only('hash', TAG.sequence))
  const mask = params.optional('maskGenAlgorithm', contextOf(1))?.only('mask', TAG.sequence).items()
  const maskOid = mask === undefined ? OID.mgf1 : asOid(mask.next('algorithm', TAG.oid))
  const maskHash = readHashAlgorithm(maskOid === OID.mgf1 ? mask?.next('hash', TAG.sequence) : undefined)
  const salt = params.optional('saltLength', contextOf(2))
  const trailer = params.optional('trailerField', contextOf(3))
  params.done()
  const saltLength = salt === null ? 20 : asCount(salt.only('length', TAG.integer), 512)
  const trailerField = trailer === null ? 1 : asCount(trailer.only('trailer', TAG.integer))
  if (hash === null || maskOid !== OID.mgf1 || maskHash !== hash || trailerField !== 1) return null
  return { kind: 'rsa-pss', hash, saltLength }
}

/** An AlgorithmIdentifier of a hash; absent means SHA-1. Null when it is not one of ours. */
export function readHashAlgorithm(e: Element | undefined): Hash | null {
  if (e === undefined) return 'sha1'
  const items = e.items()
  const hash = nameOfOid(HASHES, asOid(items.next('algorithm', TAG.oid)))
  const parameters = items.optional('parameters', TAG.null)
  if (parameters !== null) asNull(parameters)
  items.done()
  return hash
}

export const writeHash = (hash: Hash): Asn1 => seq(oid(HASHES[hash]), nul())

function writePss(hash: Hash, saltLength: number): Asn1 {
  const h = writeHash(hash)
  return seq(taggedOf(0, h), taggedOf(1, seq(oid(OID.mgf1), h)), taggedOf(2, int(saltLength)))
}

/** `ECDSA with SHA-256`, as people write it. */
export function algorithmName(algorithm: SignatureAlgorithm): string {
  const hash = algorithm.kind === 'ed25519' ? '' : algorithm.hash.replace('sha', 'SHA-')
  switch (algorithm.kind) {
    case 'rsa-pkcs1':
      return `RSA PKCS#1 with ${hash}`
    case 'rsa-pss':
      return `RSA-PSS with ${hash}`
    case 'ecdsa':
      return `ECDSA with ${hash}`
    case 'ed25519':
      return 'Ed25519'
  }
}
