import type { CertificateSearchStep, KeyIdHint, RejectReason } from '../../trace/steps/cert.ts'
import { equalBytes } from '../../util/bytes.ts'
import { labelOf } from '../label.ts'
import { publicKeyName } from '../public-key.ts'
import { type Certificate, sameCertificate } from '../x509/certificate.ts'
import { sameName } from '../x509/name.ts'
import { isSignedBy } from '../x509/signed-by.ts'

/** Leaf first. A complete path ends in a trusted certificate. */
export interface Path {
  readonly certificates: readonly Certificate[]
  readonly complete: boolean
  /** Of an incomplete path: why the last certificate has nobody above it, the most telling rejection first. */
  readonly rejections: readonly Rejection[]
}

export interface Rejection {
  readonly candidate: Certificate
  readonly from: Source
  readonly keyId: KeyIdHint
  readonly reason: RejectReason
}

type Source = 'roots' | 'chain' | 'known'

export interface Pool {
  readonly roots: readonly Certificate[]
  readonly chain: readonly Certificate[]
  /** Not sent by the peer: searched only to tell what was forgotten. */
  readonly known: readonly Certificate[]
}

/** Certificates in a path, anchor included (OpenSSL allows 100, Go 100 signatures; no real path has more than 6). */
const MAX_LENGTH = 12
/** Signatures verified in one search: bounds what a hostile chain can cost. */
const MAX_SIGNATURES = 100

/**
 * Every path from the leaf upwards, depth first with backtracking (RFC 4158), each candidate noted in `steps` with its fate.
 * Issuers are found by name; key identifiers and validity only order them. Lazy: stop when a path pleases.
 */
export function* searchPaths(
  leaf: Certificate,
  pool: Pool,
  at: number,
  steps: CertificateSearchStep[],
): Generator<Path> {
  if (pool.roots.some((root) => sameCertificate(root, leaf))) {
    yield { certificates: [leaf], complete: true, rejections: [] }
    return
  }
  const budget = { signatures: MAX_SIGNATURES }
  yield* extend([leaf], pool, at, steps, budget)
}

function* extend(
  path: readonly Certificate[],
  pool: Pool,
  at: number,
  steps: CertificateSearchStep[],
  budget: { signatures: number },
): Generator<Path> {
  const top = path[path.length - 1]
  const depth = path.length - 1
  const rejections: Rejection[] = []
  let taken = 0
  for (const { certificate: candidate, from, keyId } of candidatesFor(top, pool, at)) {
    const reason = rejection(path, candidate, budget)
    const noted = {
      kind: 'cert-candidate',
      depth,
      below: top.subject.text,
      candidate: labelOf(candidate),
      from,
      keyId,
    } as const
    if (reason !== null) {
      rejections.push({ candidate, from, keyId, reason })
      steps.push({ ...noted, outcome: 'rejected', reason, detail: explain(reason, top, candidate) })
      continue
    }
    taken++
    steps.push({ ...noted, outcome: 'taken' })
    const longer = [...path, candidate]
    if (from === 'roots') yield { certificates: longer, complete: true, rejections: [] }
    else yield* extend(longer, pool, at, steps, budget)
  }
  if (taken > 0) return
  steps.push({ kind: 'cert-dead-end', depth, below: top.subject.text, issuer: top.issuer.text })
  yield { certificates: path, complete: false, rejections }
}

interface Candidate {
  readonly certificate: Certificate
  readonly from: Source
  readonly keyId: KeyIdHint
}

/** By name; then ordered by key identifier, by where they come from, by validity, by the order given. */
function candidatesFor(below: Certificate, pool: Pool, at: number): readonly Candidate[] {
  const seen = new Set<string>([below.fingerprint])
  const found: Candidate[] = []
  for (const from of ['roots', 'chain', 'known'] as const) {
    for (const certificate of pool[from]) {
      if (seen.has(certificate.fingerprint) || !sameName(certificate.subject, below.issuer)) continue
      seen.add(certificate.fingerprint)
      found.push({ certificate, from, keyId: hint(below, certificate) })
    }
  }
  const late = (c: Certificate): number => (at < c.notBefore || at > c.notAfter ? 1 : 0)
  return found.sort((a, b) => HINTS[a.keyId] - HINTS[b.keyId] || late(a.certificate) - late(b.certificate))
}

const HINTS: Readonly<Record<KeyIdHint, number>> = { match: 0, absent: 1, mismatch: 2 }

export function hint(below: Certificate, candidate: Certificate): KeyIdHint {
  const wanted = below.authorityKeyId?.keyId ?? null
  if (wanted === null || candidate.subjectKeyId === null) return 'absent'
  return equalBytes(wanted, candidate.subjectKeyId) ? 'match' : 'mismatch'
}

function rejection(
  path: readonly Certificate[],
  candidate: Certificate,
  budget: { signatures: number },
): RejectReason | null {
  const top = path[path.length - 1]
  // RFC 4158 2.4.1: the same name and key again leads nowhere new.
  if (
    path.some((c) => sameName(c.subject, candidate.subject) && equalBytes(c.publicKey.spki, candidate.publicKey.spki))
  ) {
    return 'loop'
  }
  if (path.length >= MAX_LENGTH) return 'too-deep'
  if (budget.signatures-- <= 0) return 'search-limit'
  const { algorithm } = top.signature
  if (algorithm === null || candidate.publicKey.kind === 'other') return 'algorithm'
  return isSignedBy(top, candidate) ? null : 'signature'
}

function explain(reason: RejectReason, top: Certificate, candidate: Certificate): string {
  switch (reason) {
    case 'signature':
      return `the key of ${candidate.subject.text} (${publicKeyName(candidate.publicKey)}) did not sign ${top.subject.text}`
    case 'algorithm':
      return `signature algorithm ${top.signature.oid} with a key of ${publicKeyName(candidate.publicKey)} is not supported`
    case 'loop':
      return `${candidate.subject.text} with this key is in the path already`
    case 'too-deep':
      return `a path has at most ${MAX_LENGTH} certificates`
    case 'search-limit':
      return `a search verifies at most ${MAX_SIGNATURES} signatures`
  }
}
