import type { CertificateError } from '../../trace/steps/cert.ts'
import { type Certificate, isSelfIssued } from '../x509/certificate.ts'
import { isSignedBy } from '../x509/signed-by.ts'
import { type Path, searchPaths } from './search.ts'

/** Why a path stopped below any trusted certificate: the one error that the search itself makes. */
export function endOfPath(
  path: Path,
  leaf: Certificate,
  pool: {
    readonly roots: readonly Certificate[]
    readonly rest: readonly Certificate[]
    readonly known: readonly Certificate[]
  },
  at: number,
): CertificateError {
  const depth = path.certificates.length - 1
  const top = path.certificates[depth]
  const trust = 'RFC 5280 6.1.1(d)'
  const build = 'RFC 5280 6.1'
  const forged = path.rejections.some(({ reason, keyId }) => reason === 'signature' && keyId !== 'mismatch')
  if (!forged && issuerForgotten(path, leaf, pool, at)) {
    const detail = `${top.subject.text} was issued by ${top.issuer.text}, which exists and was not sent`
    return { code: 'missing-intermediate', depth, rfc: 'RFC 8446 4.4.2', detail }
  }
  if (isSelfIssued(top) && isSignedBy(top, top)) {
    return depth === 0
      ? { code: 'self-signed', depth, rfc: trust, detail: `${top.subject.text} signed itself and is not trusted` }
      : { code: 'unknown-ca', depth, rfc: trust, detail: `the root ${top.subject.text} was sent and is not trusted` }
  }
  const by = (reason: string) => path.rejections.find((rejection) => rejection.reason === reason)
  if (by('search-limit') !== undefined) {
    return { code: 'search-limit', depth, rfc: 'RFC 4158 2.4', detail: 'too many candidates: the search gave up' }
  }
  if (by('algorithm') !== undefined) {
    const detail = `signature algorithm ${top.signature.oid} of ${top.subject.text} is not supported`
    return { code: 'unsupported-algorithm', depth, rfc: build, detail }
  }
  return unsigned(path, top, depth)
}

/** An issuer with the right name was there, or nobody was. */
function unsigned(path: Path, top: Certificate, depth: number): CertificateError {
  const refused = path.rejections.find(({ reason }) => reason === 'signature')
  if (refused === undefined) {
    const detail = `no certificate of ${top.issuer.text} is trusted or was sent`
    return { code: 'unknown-ca', depth, rfc: 'RFC 5280 6.1.1(d)', detail }
  }
  const { candidate, keyId, from } = refused
  if (keyId === 'mismatch') {
    const what = from === 'roots' ? 'is trusted' : 'was sent'
    const detail = `a certificate named ${candidate.subject.text} ${what}, with another key than the one that signed`
    return { code: 'unknown-ca', depth, rfc: 'RFC 5280 6.1.1(d)', detail }
  }
  const detail = `the signature of ${top.subject.text} does not verify with the key of its issuer ${candidate.subject.text}`
  return { code: 'bad-signature', depth, rfc: 'RFC 5280 6.1.3(a)(1)', detail }
}

/** Would a certificate that was not sent lead on from here to a trusted one? */
function issuerForgotten(
  path: Path,
  leaf: Certificate,
  {
    roots,
    rest,
    known,
  }: { roots: readonly Certificate[]; rest: readonly Certificate[]; known: readonly Certificate[] },
  at: number,
): boolean {
  if (known.length === 0) return false
  for (const { complete, certificates } of searchPaths(leaf, { roots, chain: rest, known }, at, [])) {
    if (complete && path.certificates.every((c, i) => c === certificates[i])) return true
  }
  return false
}
