import { createHash } from 'node:crypto'
import type { Rng } from '../../util/rng.ts'
import { type Hash, writeHash } from '../algorithm.ts'
import {
  type Asn1,
  encode,
  encoded,
  enumerated,
  generalizedTime,
  int,
  octets,
  oid,
  seq,
  tagged,
  taggedOf,
} from '../der/write.ts'
import { type Moment, millisOf } from '../moment.ts'
import { OID } from '../oid.ts'
import { subjectPublicKeyBits } from '../public-key.ts'
import type { Certificate } from '../x509/certificate.ts'
import { REVOCATION_REASONS } from '../x509/crl.ts'
import { type CertStatus, type OcspResponse, parseOcspResponse } from '../x509/ocsp.ts'
import { certificateAlgorithm, type Issuer, signed } from './certificate.ts'

export interface OcspSpec {
  readonly answers: readonly { readonly certificate: Certificate; readonly status: CertStatus }[]
  readonly producedAt: Moment
  readonly thisUpdate?: Moment
  readonly nextUpdate?: Moment
  /** Of the CertIDs: SHA-1 by default, as every client asks. */
  readonly hash?: Hash
  /** Who signs: the issuer itself, or a certificate of its own with `ocspSigning`, which is sent along. */
  readonly responder?: Issuer
}

/** A successful basic response (RFC 6960 4.2.1) about certificates that `issuer` issued. */
export function issueOcspResponse(spec: OcspSpec, issuer: Issuer, rng: Rng): OcspResponse {
  const responder = spec.responder ?? issuer
  const producedAt = millisOf(spec.producedAt)
  const thisUpdate = spec.thisUpdate === undefined ? producedAt : millisOf(spec.thisUpdate)
  const answers = spec.answers.map(({ certificate, status }) =>
    seq(
      certId(certificate, issuer.certificate, spec.hash ?? 'sha1'),
      writeStatus(status),
      generalizedTime(thisUpdate),
      spec.nextUpdate === undefined ? null : taggedOf(0, generalizedTime(millisOf(spec.nextUpdate))),
    ),
  )
  const data = seq(
    taggedOf(1, encoded(responder.certificate.subject.der)),
    generalizedTime(producedAt),
    seq(...answers),
  )
  const extra = spec.responder === undefined ? [] : [taggedOf(0, seq(encoded(spec.responder.certificate.der)))]
  const basic = signed(data, responder.key, certificateAlgorithm(responder.key, {}), rng, ...extra)
  return parseOcspResponse(encode(seq(enumerated(0), taggedOf(0, seq(oid(OID.ocspBasic), octets(encode(basic)))))))
}

function certId(certificate: Certificate, issuer: Certificate, hash: Hash): Asn1 {
  const digest = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash(hash).update(bytes).digest())
  const [names, key] = [digest(certificate.issuer.der), digest(subjectPublicKeyBits(issuer.publicKey))]
  return seq(writeHash(hash), octets(names), octets(key), int(certificate.serial))
}

function writeStatus(status: CertStatus): Asn1 {
  switch (status.kind) {
    case 'good':
      return tagged(0, '')
    case 'unknown':
      return tagged(2, '')
    case 'revoked': {
      const reason = status.reason === null ? null : taggedOf(0, enumerated(REVOCATION_REASONS[status.reason]))
      return taggedOf(1, generalizedTime(status.at), reason)
    }
  }
}
