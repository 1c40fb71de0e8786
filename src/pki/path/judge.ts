import type {
  CertificateError,
  CertificateEvent,
  CertificateSearchStep,
  CertificateVerdict,
} from '../../trace/steps/cert.ts'
import { labelOf } from '../label.ts'
import { keyMismatch } from '../match-key.ts'
import { isoSeconds, type Moment, millisOf } from '../moment.ts'
import type { PrivateKey } from '../private-key.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import type { OcspResponse } from '../x509/ocsp.ts'
import { endOfPath } from './dead-end.ts'
import { type ReferenceId, referenceId } from './identity.ts'
import { applyRules, type Finding, type Policy, type Rules } from './rules.ts'
import { type Path, searchPaths } from './search.ts'

export interface Question {
  /** What the peer sent: the leaf first, the rest in any order. */
  readonly chain: readonly Certificate[]
  /** Trusted certificates: any of them ends a path, self-signed or not (RFC 5280 6.1.1(d)). */
  readonly roots: readonly Certificate[]
  readonly at: Moment
  readonly purpose: 'server' | 'client'
  /** Host name, address or SPIFFE ID. None: the name is not checked. */
  readonly name?: string
  readonly crls?: readonly Crl[]
  readonly ocsp?: readonly OcspResponse[]
  /** Certificates that exist and were not sent; they tell a forgotten intermediate from an unknown CA, and complete no path. */
  readonly known?: readonly Certificate[]
  readonly policy?: Partial<Policy>
  /** The private key that goes with the chain, where it is at hand: a server would not start with another one. */
  readonly key?: PrivateKey
}

export interface Judgement {
  readonly verdict: CertificateVerdict
  /** The best path, leaf first. */
  readonly path: readonly Certificate[]
  /** The same as steps: what was asked, the search, the verdict. */
  readonly events: readonly CertificateEvent[]
}

const DEFAULT_POLICY: Policy = { allowSha1: false, minRsaBits: 2048 }

/** Is the leaf trusted for this? RFC 5280 section 6 for the path, RFC 9525 for the name. Never throws on certificates. */
export function judge(question: Question): Judgement {
  const { chain, roots, purpose, name } = question
  // Certificates know whole seconds, and notAfter is the last valid one.
  const at = Math.floor(millisOf(question.at) / 1000) * 1000
  const [leaf, ...rest] = chain
  if (leaf === undefined) throw new RangeError('chain: expected the leaf first, got no certificate')
  const reference = name === undefined ? null : referenceId(name)
  const rules: Rules = {
    at,
    purpose,
    reference,
    revocation: { crls: question.crls ?? [], ocsp: question.ocsp ?? [] },
    policy: { ...DEFAULT_POLICY, ...question.policy },
  }
  const search: CertificateSearchStep[] = []
  const best = findBest(leaf, rest, question, rules, search)
  const mismatch = question.key === undefined ? null : keyMismatch(leaf, question.key)
  const errors = [...nameErrors(name, reference), ...(mismatch === null ? [] : [mismatch]), ...best.errors]
  const ok = errors.length === 0
  const subjects = best.path.certificates.map((c) => c.subject.text)
  const verdict: CertificateVerdict = { ok, ...(best.path.complete ? { path: subjects } : {}), errors, search }
  const events: readonly CertificateEvent[] = [
    {
      kind: 'cert-judge',
      leaf: labelOf(leaf),
      purpose,
      name: name ?? null,
      at: isoSeconds(at),
      roots: roots.length,
      intermediates: rest.length,
    },
    ...search,
    { kind: 'cert-verdict', ok, path: subjects, errors },
  ]
  return { verdict, path: best.path.certificates, events }
}

interface Judged {
  readonly path: Path
  readonly errors: readonly CertificateError[]
}

/** The first path without an error; else the complete path with the fewest; else the longest incomplete one. */
function findBest(
  leaf: Certificate,
  rest: readonly Certificate[],
  { roots, known = [] }: Question,
  rules: Rules,
  search: CertificateSearchStep[],
): Judged {
  let best: Judged | null = null
  for (const path of searchPaths(leaf, { roots, chain: rest, known: [] }, rules.at, search)) {
    const judged = judgePath(path, leaf, { roots, rest, known }, rules, search)
    if (judged.errors.length === 0) return judged
    if (best === null || better(judged, best)) best = judged
  }
  return best!
}

function better(a: Judged, b: Judged): boolean {
  if (a.path.complete !== b.path.complete) return a.path.complete
  if (a.path.complete) return a.errors.length < b.errors.length
  return a.path.certificates.length > b.path.certificates.length
}

function judgePath(
  path: Path,
  leaf: Certificate,
  pool: {
    readonly roots: readonly Certificate[]
    readonly rest: readonly Certificate[]
    readonly known: readonly Certificate[]
  },
  rules: Rules,
  search: CertificateSearchStep[],
): Judged {
  const findings = applyRules(path.certificates, path.complete, rules)
  for (const finding of findings) {
    search.push({ kind: 'cert-check', ...finding, subject: path.certificates[finding.depth].subject.text })
  }
  const errors = findings.flatMap(errorOf)
  if (!path.complete) errors.unshift(endOfPath(path, leaf, pool, rules.at))
  search.push({
    kind: 'cert-path',
    path: path.certificates.map((c) => c.subject.text),
    complete: path.complete,
    ok: errors.length === 0,
    errors: errors.map((error) => error.code),
  })
  return { path, errors }
}

function errorOf({ ok, code, depth, rfc, detail }: Finding): CertificateError[] {
  return ok || code === undefined ? [] : [{ code, depth, rfc, detail }]
}

function nameErrors(name: string | undefined, reference: ReferenceId | null): CertificateError[] {
  if (name === undefined || reference !== null) return []
  const detail = `expected a host name, an address or a SPIFFE ID to ask for, got ${JSON.stringify(name)}`
  return [{ code: 'name-mismatch', depth: 0, rfc: 'RFC 9525 6.1', detail }]
}
