import type { Rng } from '../../util/rng.ts'
import { writeSignatureAlgorithm } from '../algorithm.ts'
import { encode, encoded, enumerated, int, seq, tagged, taggedOf, time } from '../der/write.ts'
import { type Moment, millisOf } from '../moment.ts'
import { OID } from '../oid.ts'
import type { PrivateKey } from '../private-key.ts'
import type { Certificate } from '../x509/certificate.ts'
import { type Crl, parseCrl, REVOCATION_REASONS, type RevocationReason } from '../x509/crl.ts'
import { certificateAlgorithm, type Issuer, signed } from './certificate.ts'
import { extension } from './extensions.ts'
import type { CertificateSpec } from './spec.ts'

export interface Revocation {
  readonly certificate: Pick<Certificate, 'serial'>
  readonly at: Moment
  readonly reason?: RevocationReason
}

export interface CrlSpec extends Pick<CertificateSpec, 'hash' | 'pss'> {
  readonly thisUpdate: Moment
  readonly nextUpdate?: Moment
  readonly number?: number
  readonly revoked: readonly Revocation[]
  /** Sign with a key that is not the issuer's: a forgery. */
  readonly key?: PrivateKey
}

/** A version 2 CRL (RFC 5280 5) of everything that `issuer` revoked. */
export function issueCrl(spec: CrlSpec, issuer: Issuer, rng: Rng): Crl {
  const key = spec.key ?? issuer.key
  const algorithm = certificateAlgorithm(key, spec)
  const { subject, subjectKeyId } = issuer.certificate
  const entries = spec.revoked.map(({ certificate, at, reason }) =>
    seq(
      int(certificate.serial),
      time(millisOf(at)),
      // RFC 5280 5.3.1: unspecified (0) is said by leaving it out.
      reason === undefined || reason === 'unspecified'
        ? null
        : seq(extension(OID.reasonCode, false, enumerated(REVOCATION_REASONS[reason]))),
    ),
  )
  const tbs = seq(
    int(1),
    writeSignatureAlgorithm(algorithm),
    encoded(subject.der),
    time(millisOf(spec.thisUpdate)),
    spec.nextUpdate === undefined ? null : time(millisOf(spec.nextUpdate)),
    entries.length === 0 ? null : seq(...entries),
    taggedOf(
      0,
      seq(
        subjectKeyId === null ? null : extension(OID.authorityKeyIdentifier, false, seq(tagged(0, subjectKeyId))),
        extension(OID.crlNumber, false, int(spec.number ?? 1)),
      ),
    ),
  )
  return parseCrl(encode(signed(tbs, key, algorithm, rng)))
}
