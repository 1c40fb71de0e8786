import type { Rng } from '../../util/rng.ts'
import { HASH_BYTES, type SignatureAlgorithm, writeSignatureAlgorithm } from '../algorithm.ts'
import { unsigned } from '../der/values.ts'
import { type Asn1, bits, encode, encoded, int, seq, taggedOf, time } from '../der/write.ts'
import { keyIdOf } from '../key-id.ts'
import { millisOf } from '../moment.ts'
import type { PrivateKey } from '../private-key.ts'
import { emulatedSigner } from '../signer.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { type Name, name } from '../x509/name.ts'
import { writeExtensions } from './extensions.ts'
import type { CertificateSpec } from './spec.ts'

/** Who issues: a name and a key. An `Identity` of a CA fits. */
export interface Issuer {
  readonly certificate: Certificate
  readonly key: PrivateKey
}

/** A certificate with its private key, and what a server sends after it. */
export interface Identity extends Issuer {
  /** Intermediates from the leaf's issuer upwards; the root is not among them. */
  readonly chain: readonly Certificate[]
}

/** Issues under `issuer`; serial and PSS salt come from `rng`. Same inputs, same bytes. */
export function issueCertificate(spec: CertificateSpec, issuer: Issuer, rng: Rng): Certificate {
  const { subject, subjectKeyId } = issuer.certificate
  return sign(spec, subject, subjectKeyId, issuer.key, rng)
}

/** Signs with its own key. `spec.publicKey` is the key's. */
export function selfSign(spec: Omit<CertificateSpec, 'publicKey'>, key: PrivateKey, rng: Rng): Certificate {
  const whole = { ...spec, publicKey: key.public }
  return sign(whole, subjectOf(spec.subject), spec.subjectKeyId ?? keyIdOf(key.public), key, rng)
}

/** What a key of that kind signs certificates with. Throws `RangeError` for a key that is no private key's. */
export function certificateAlgorithm(
  key: PrivateKey,
  { hash, pss }: Pick<CertificateSpec, 'hash' | 'pss'>,
): SignatureAlgorithm {
  switch (key.kind) {
    case 'ed25519':
      return { kind: 'ed25519' }
    case 'ec':
      return { kind: 'ecdsa', hash: hash ?? (key.curve === 'P-384' ? 'sha384' : 'sha256') }
    case 'rsa':
      return pss === true
        ? { kind: 'rsa-pss', hash: hash ?? 'sha256', saltLength: HASH_BYTES[hash ?? 'sha256'] }
        : { kind: 'rsa-pkcs1', hash: hash ?? 'sha256' }
  }
}

/** SEQUENCE { tbs, algorithm, signature }: the shape of certificates, CRLs and basic OCSP responses. */
export function signed(tbs: Asn1, key: PrivateKey, algorithm: SignatureAlgorithm, rng: Rng, ...more: Asn1[]): Asn1 {
  const signature = emulatedSigner(key, rng).signWith(algorithm, encode(tbs))
  return seq(tbs, writeSignatureAlgorithm(algorithm), bits(signature), ...more)
}

/** RFC 5280 4.1.2.2: positive, at most 20 octets. */
export function serialFrom(rng: Rng): bigint {
  return unsigned(rng.bytes(16)) | (1n << 126n)
}

const subjectOf = (subject: Name | string): Name => (typeof subject === 'string' ? name([['CN', subject]]) : subject)

function sign(
  spec: CertificateSpec,
  issuer: Name,
  issuerKeyId: Uint8Array | null,
  key: PrivateKey,
  rng: Rng,
): Certificate {
  const algorithm = certificateAlgorithm(key, spec)
  const subject = subjectOf(spec.subject)
  const authorityKeyId = spec.authorityKeyId === undefined ? issuerKeyId : spec.authorityKeyId
  const extensions = spec.version === 1 ? null : writeExtensions(spec, subject, authorityKeyId)
  const tbs = seq(
    spec.version === 1 ? null : taggedOf(0, int(2)),
    int(spec.serial ?? serialFrom(rng)),
    writeSignatureAlgorithm(algorithm),
    encoded(issuer.der),
    seq(time(millisOf(spec.notBefore)), time(millisOf(spec.notAfter))),
    encoded(subject.der),
    encoded(spec.publicKey.spki),
    extensions === null ? null : taggedOf(3, extensions),
  )
  return parseCertificate(encode(signed(tbs, key, algorithm, rng)))
}
