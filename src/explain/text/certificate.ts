import type {
  CertificateError,
  CertificateErrorCode,
  CertificateEvent,
  CertificateSearchStep,
} from '../../trace/steps/cert.ts'
import { certificate as en } from '../messages/en-certificate.ts'
import { columns } from './columns.ts'

type Judged = Extract<CertificateEvent, { kind: 'cert-judge' }>
type Verdict = Extract<CertificateEvent, { kind: 'cert-verdict' }>
type Check = Extract<CertificateSearchStep, { kind: 'cert-check' }>
type Candidate = Extract<CertificateSearchStep, { kind: 'cert-candidate' }>

/** A judgement as `podwire tls verify` prints it: the verdict, the rules that had something to judge, what else was tried. */
export function certificateText(events: readonly CertificateEvent[]): string[] {
  const judged = events.find((event) => event.kind === 'cert-judge')
  const verdict = events.find((event) => event.kind === 'cert-verdict')
  if (judged === undefined || verdict === undefined) return []
  const rejected = events.filter((event) => event.kind === 'cert-candidate' && event.outcome === 'rejected')
  const sections = [
    headline(judged, verdict),
    pathSection(judged, verdict, events),
    triedSection(rejected as Candidate[]),
  ]
  return sections.filter((lines) => lines.length > 0).flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]))
}

function headline({ leaf, purpose, name, at }: Judged, { ok, errors }: Verdict): string[] {
  if (ok) return [`${en.ok}  ${en.trustedFor(leaf.subject, en.purpose[purpose], name)}   (${en.at(at)})`]
  const [first, ...rest] = errors.map((error) => `${en.fault[error.code]}: ${error.detail}`)
  return [`${en.failed}  ${first}   (${en.at(at)})`, ...rest.map((line) => `${en.heading.also}    ${line}`)]
}

function pathSection(judged: Judged, verdict: Verdict, events: readonly CertificateEvent[]): string[] {
  const { path, errors } = verdict
  const checks = checksOf(verdict, events)
  const complete = events.some((e) => e.kind === 'cert-path' && e.complete && same(e.path, path))
  const keys = keysBySubject(judged, events)
  const title = complete ? `(trust: ${path[path.length - 1]})` : `(${en.heading.noPath})`
  // Shared widths: the rules of every certificate stand in the same columns.
  const told = checks.filter((check) => !check.vacuous)
  const rows = columns(told.map(row))
  const lines = path.flatMap((subject, depth) => {
    const trusted = complete && depth === path.length - 1 ? `  ${en.anchor}` : ''
    const own = rows.filter((_, i) => told[i].depth === depth)
    return [
      ` [${depth}] ${subject}  ${keys.get(subject) ?? ''}${trusted}`.trimEnd(),
      ...own.map((line) => `     ${line}`),
    ]
  })
  return [`${en.heading.path}  ${title}`, ...lines, ...searchErrors(checks, errors)]
}

/** Other errors that are no rule's tell who is missing above. */
const OF_THE_LEAF: readonly CertificateErrorCode[] = ['name-mismatch', 'key-mismatch']

const row = ({ check, detail, ok, rfc }: Check): string[] => [en.check[check], detail, ok ? en.holds : en.fails, rfc]

/** What stopped the search, or speaks of no certificate of the path alone, is no rule on one and stands below them. */
function searchErrors(checks: readonly Check[], errors: readonly CertificateError[]): string[] {
  const shown = new Set(checks.filter((check) => !check.ok).map((check) => `${check.depth} ${check.detail}`))
  const left = errors.filter((error) => !shown.has(`${error.depth} ${error.detail}`))
  return left.map((error) => {
    const depth = OF_THE_LEAF.includes(error.code) ? 0 : error.depth + 1
    return ` [${depth}] ${error.detail}  ${en.fails}  ${error.rfc}`
  })
}

/** The checks of the path that the verdict is about: those that came just before its own `cert-path`. */
function checksOf({ path, errors }: Verdict, events: readonly CertificateEvent[]): readonly Check[] {
  let group: Check[] = []
  let found: readonly Check[] = []
  for (const event of events) {
    if (event.kind === 'cert-check') group.push(event)
    if (event.kind !== 'cert-path') continue
    const codes = errors.map((error) => error.code)
    if (same(event.path, path) && (found.length === 0 || same(event.errors, codes))) found = group
    group = []
  }
  return found
}

function keysBySubject(judged: Judged, events: readonly CertificateEvent[]): ReadonlyMap<string, string> {
  const keys = new Map([[judged.leaf.subject, judged.leaf.key]])
  for (const event of events) {
    if (event.kind === 'cert-candidate' && event.outcome === 'taken')
      keys.set(event.candidate.subject, event.candidate.key)
  }
  return keys
}

function triedSection(rejected: readonly Candidate[]): string[] {
  if (rejected.length === 0) return []
  const rows = rejected.map(({ below, candidate, from, reason }) => [
    ` ${candidate.subject}`,
    `${candidate.key}, ${en.source[from]}`,
    `${below}: ${reason === undefined ? '' : en.reject[reason]}`,
  ])
  return [en.heading.tried, ...columns(rows)]
}

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i])
