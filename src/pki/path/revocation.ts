import { equalBytes } from '../../util/bytes.ts'
import { keyIdOf } from '../key-id.ts'
import { isoSeconds } from '../moment.ts'
import { OID } from '../oid.ts'
import { verifyWith } from '../verify.ts'
import { type Certificate, sameCertificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import { sameName } from '../x509/name.ts'
import { answersFor, type OcspResponse, type SingleResponse } from '../x509/ocsp.ts'
import { isSignedBy } from '../x509/signed-by.ts'

export interface RevocationFinding {
  readonly ok: boolean
  readonly code?: 'revoked' | 'revocation-unusable' | 'revocation-unknown'
  readonly rfc: string
  readonly detail: string
}

export interface RevocationSources {
  readonly crls: readonly Crl[]
  readonly ocsp: readonly OcspResponse[]
}

/**
 * Everything that was given about `certificate`. Sources about others say nothing: revocation counts when it is given. A source
 * that cannot be relied on is an error of its own and, if it says revoked, is not believed.
 */
export function checkRevocation(
  certificate: Certificate,
  issuer: Certificate,
  { crls, ocsp }: RevocationSources,
  at: number,
): readonly RevocationFinding[] {
  const lists = crls.filter((crl) => sameName(crl.issuer, certificate.issuer))
  const answers = ocsp.flatMap((response) =>
    response.responses.filter(({ id }) => answersFor(id, certificate, issuer)).map((single) => ({ response, single })),
  )
  return [
    ...lists.map((crl) => fromCrl(crl, certificate, issuer, at)),
    ...answers.map(({ response, single }) => fromOcsp(response, single, issuer, at)),
  ]
}

const unusable = (rfc: string, detail: string): RevocationFinding => ({
  ok: false,
  code: 'revocation-unusable',
  rfc,
  detail,
})

/** RFC 5280 6.3.3, for complete CRLs from the issuer itself. */
function fromCrl(crl: Crl, certificate: Certificate, issuer: Certificate, at: number): RevocationFinding {
  if (issuer.keyUsage !== null && !issuer.keyUsage.includes('cRLSign')) {
    return unusable('RFC 5280 6.3.3(f)', 'the issuer of the CRL has no keyUsage cRLSign')
  }
  const { algorithm } = crl.signature
  if (algorithm === null || !verifyWith(algorithm, issuer.publicKey, crl.tbs, crl.signatureValue)) {
    return unusable('RFC 5280 6.3.3(g)', "the signature of the CRL is not its issuer's")
  }
  if (crl.unknownCritical.length > 0) {
    return unusable('RFC 5280 5.2', `the CRL has a critical extension that is not processed: ${crl.unknownCritical[0]}`)
  }
  const stale = outOfDate('CRL', crl.thisUpdate, crl.nextUpdate, at)
  if (stale !== null) return unusable('RFC 5280 6.3.3(a)', stale)
  const entry = crl.revoked.get(certificate.serial)
  if (entry === undefined || entry.reason === 'removeFromCRL') {
    return { ok: true, rfc: 'RFC 5280 6.3.3(j)', detail: 'not on the CRL of its issuer' }
  }
  const reason = entry.reason === null ? '' : ` (${entry.reason})`
  return {
    ok: false,
    code: 'revoked',
    rfc: 'RFC 5280 6.1.3(a)(3)',
    detail: `revoked at ${isoSeconds(entry.at)}${reason}`,
  }
}

/** RFC 6960 3.2 and 4.2.2. */
function fromOcsp(response: OcspResponse, single: SingleResponse, issuer: Certificate, at: number): RevocationFinding {
  const wrong = untrusted(response, issuer, at)
  if (wrong !== null) return unusable('RFC 6960 4.2.2.2', wrong)
  if (response.unknownCritical.length > 0) {
    return unusable(
      'RFC 6960 4.4',
      `the response has a critical extension that is not processed: ${response.unknownCritical[0]}`,
    )
  }
  const stale = outOfDate('OCSP response', single.thisUpdate, single.nextUpdate, at)
  if (stale !== null) return unusable('RFC 6960 4.2.2.1', stale)
  const { status } = single
  switch (status.kind) {
    case 'good':
      return { ok: true, rfc: 'RFC 6960 2.2', detail: 'the OCSP responder says good' }
    case 'unknown':
      return {
        ok: false,
        code: 'revocation-unknown',
        rfc: 'RFC 6960 2.2',
        detail: 'the OCSP responder does not know it',
      }
    case 'revoked': {
      const reason = status.reason === null ? '' : ` (${status.reason})`
      return { ok: false, code: 'revoked', rfc: 'RFC 6960 2.2', detail: `revoked at ${isoSeconds(status.at)}${reason}` }
    }
  }
}

/** The issuer signs itself, or a certificate that it issued for OCSP signing does. */
function untrusted(response: OcspResponse, issuer: Certificate, at: number): string | null {
  const signer = [issuer, ...response.certificates].find((candidate) => isResponder(response, candidate))
  if (signer === undefined) return 'nobody that the response names is at hand'
  const { algorithm } = response.signature
  if (algorithm === null || !verifyWith(algorithm, signer.publicKey, response.tbs, response.signatureValue)) {
    return "the signature of the response is not its responder's"
  }
  if (sameCertificate(signer, issuer)) return null
  if (!sameName(signer.issuer, issuer.subject))
    return `the responder ${signer.subject.text} was not issued by the same CA`
  if (!isSignedBy(signer, issuer)) {
    return `the responder ${signer.subject.text} was not signed by the same CA`
  }
  if (!signer.extKeyUsage?.includes(OID.ocspSigning)) return "the responder's certificate is not for OCSP signing"
  return at < signer.notBefore || at > signer.notAfter ? "the responder's certificate is not valid at that time" : null
}

function isResponder({ responder }: OcspResponse, candidate: Certificate): boolean {
  if (responder.kind === 'name') return sameName(responder.name, candidate.subject)
  return equalBytes(responder.hash, keyIdOf(candidate.publicKey))
}

function outOfDate(what: string, from: number, to: number | null, at: number): string | null {
  if (at < from) return `the ${what} is from ${isoSeconds(from)}, after the time of judgement ${isoSeconds(at)}`
  if (to === null || at <= to) return null
  return `the ${what} was to be renewed by ${isoSeconds(to)}, before the time of judgement ${isoSeconds(at)}`
}
