import type { CertificateCheck, CertificateErrorCode } from '../../trace/steps/cert.ts'
import { algorithmName } from '../algorithm.ts'
import { isoSeconds } from '../moment.ts'
import { nameOfOid, OID } from '../oid.ts'
import { publicKeyName } from '../public-key.ts'
import { type Certificate, isSelfIssued } from '../x509/certificate.ts'
import type { KeyUsage } from '../x509/extensions.ts'
import { isEmpty } from '../x509/name.ts'
import { violation } from './constraints.ts'
import { matchName, type ReferenceId } from './identity.ts'
import { policyFailure } from './policy.ts'
import { checkRevocation, type RevocationSources } from './revocation.ts'

/** What a judge refuses beyond RFC 5280. */
export interface Policy {
  /** SHA-1 signatures are refused unless true (RFC 9155, CA/Browser Forum BR 7.1.3.2). */
  readonly allowSha1: boolean
  /** RSA moduli below are refused (NIST SP 800-131A: 2048). */
  readonly minRsaBits: number
}

export interface Rules {
  readonly at: number
  readonly purpose: 'server' | 'client'
  readonly reference: ReferenceId | null
  readonly revocation: RevocationSources
  readonly policy: Policy
}

/** The outcome of one rule on the certificate at `depth`. */
export interface Finding {
  readonly depth: number
  readonly check: CertificateCheck
  readonly ok: boolean
  readonly rfc: string
  readonly detail: string
  readonly code?: CertificateErrorCode
  /** It holds because there was nothing to judge. */
  readonly vacuous?: true
}

/** Leaf first; `complete` when the last is trusted. All rules, on all certificates, also after one failed. */
export function applyRules(path: readonly Certificate[], complete: boolean, rules: Rules): readonly Finding[] {
  const findings: Finding[] = []
  const policy = complete ? policyFailure(path) : null
  for (const [depth, certificate] of path.entries()) {
    const anchor = complete && depth > 0 && depth === path.length - 1
    const note = (check: CertificateCheck, outcome: Outcome): void => {
      findings.push({ depth, check, ...outcome })
    }
    if (depth === 0) leafRules(certificate, rules, note)
    note('validity', validity(certificate, rules.at))
    if (!anchor && depth + 1 < path.length) issuedRules(certificate, path[depth + 1], rules, note)
    for (const outcome of strength(certificate, anchor || (complete && path.length === 1), rules.policy))
      note('algorithm', outcome)
    if (depth > 0) caRules(path, depth, rules, note)
    if (!anchor) note('name-constraints', nameConstraints(path, depth))
    note('extensions', extensions(certificate))
    if (policy?.depth === depth) {
      note(
        'policy',
        bad('policy', 'RFC 5280 6.1.5(g)', 'an explicit policy is required and none is valid for this path'),
      )
    }
  }
  return findings
}

type Outcome = Omit<Finding, 'depth' | 'check'>
type Note = (check: CertificateCheck, outcome: Outcome) => void

const good = (rfc: string, detail: string): Outcome => ({ ok: true, rfc, detail })
const idle = (rfc: string, detail: string): Outcome => ({ ok: true, rfc, detail, vacuous: true })
const bad = (code: CertificateErrorCode, rfc: string, detail: string): Outcome => ({ ok: false, code, rfc, detail })

function leafRules(leaf: Certificate, { reference, purpose }: Rules, note: Note): void {
  if (reference !== null) {
    const { ok, rfc, detail } = matchName(leaf, reference)
    note('name', ok ? good(rfc, detail) : bad('name-mismatch', rfc, detail))
  }
  note('purpose', extKeyUsage(leaf, purpose))
  const wanted: readonly KeyUsage[] =
    purpose === 'server'
      ? ['digitalSignature', 'keyEncipherment', 'keyAgreement']
      : ['digitalSignature', 'keyAgreement']
  if (leaf.keyUsage === null) return
  const fits = wanted.some((usage) => leaf.keyUsage?.includes(usage))
  const detail = `expected one of ${wanted.join(', ')}, got ${leaf.keyUsage.join(', ') || 'none'}`
  note(
    'key-usage',
    fits ? good('RFC 5280 4.2.1.3', leaf.keyUsage.join(', ')) : bad('key-usage', 'RFC 5280 4.2.1.3', detail),
  )
}

function issuedRules(certificate: Certificate, issuer: Certificate, rules: Rules, note: Note): void {
  // The search took the issuer because its key verified the signature.
  note('signature', good('RFC 5280 6.1.3(a)(1)', `signed by ${issuer.subject.text}`))
  for (const { ok, code, rfc, detail } of checkRevocation(certificate, issuer, rules.revocation, rules.at)) {
    note('revocation', { ok, code, rfc, detail })
  }
  if (isEmpty(certificate.issuer))
    note('extensions', bad('malformed', 'RFC 5280 4.1.2.4', 'the issuer is an empty name'))
}

function caRules(path: readonly Certificate[], depth: number, { purpose }: Rules, note: Note): void {
  const ca = path[depth]
  note('basic-constraints', basicConstraints(ca, depth === path.length - 1))
  note('path-length', pathLength(path, depth))
  note('purpose', extKeyUsage(ca, purpose))
  if (ca.keyUsage === null) return
  const rule = 'RFC 5280 6.1.4(n)'
  const detail = `expected keyCertSign, got ${ca.keyUsage.join(', ') || 'none'}`
  note('key-usage', ca.keyUsage.includes('keyCertSign') ? good(rule, 'keyCertSign') : bad('key-usage', rule, detail))
}

/** Trusted certificates are held to their dates too, as every library does; RFC 5280 6.1.1(d) leaves that to the user. */
function validity({ notBefore, notAfter }: Certificate, at: number): Outcome {
  const rule = 'RFC 5280 6.1.3(a)(2)'
  const now = isoSeconds(at)
  if (at < notBefore) return bad('not-yet-valid', rule, `now ${now}, notBefore ${isoSeconds(notBefore)}`)
  if (at > notAfter) return bad('expired', rule, `now ${now}, notAfter ${isoSeconds(notAfter)}`)
  return good(rule, `${isoSeconds(notBefore)} .. ${isoSeconds(notAfter)}`)
}

function strength({ signature, publicKey }: Certificate, trusted: boolean, policy: Policy): readonly Outcome[] {
  const rule = 'policy'
  const out: Outcome[] = []
  const { algorithm } = signature
  const hash = algorithm !== null && 'hash' in algorithm ? algorithm.hash : null
  // Nobody relies on the signature of a trusted certificate.
  if (!trusted && hash === 'sha1' && !policy.allowSha1) {
    out.push(bad('weak-signature', 'policy (RFC 9155)', `expected SHA-256 or better, got ${algorithmName(algorithm!)}`))
  }
  if ((publicKey.kind === 'rsa' || publicKey.kind === 'rsa-pss') && publicKey.bits < policy.minRsaBits) {
    out.push(
      bad(
        'weak-key',
        'policy (SP 800-131A)',
        `expected RSA of ${policy.minRsaBits} bits or more, got ${publicKey.bits}`,
      ),
    )
  }
  if (publicKey.kind === 'other') {
    out.push(
      bad(
        'unsupported-algorithm',
        rule,
        `key of ${publicKeyName(publicKey)}: RSA, P-256, P-384 and Ed25519 are supported`,
      ),
    )
  }
  if (out.length > 0) return out
  const how = algorithm === null ? signature.oid : algorithmName(algorithm)
  return [good(rule, trusted ? publicKeyName(publicKey) : `${publicKeyName(publicKey)}, signed with ${how}`)]
}

function basicConstraints(ca: Certificate, top: boolean): Outcome {
  const rule = 'RFC 5280 6.1.4(k)'
  // 6.1.4(k) leaves version 1 issuers to other means: for a trusted certificate, being trusted is that.
  if (ca.version < 3 && top) return good('RFC 5280 6.1.1(d)', `version ${ca.version}, trusted as it is`)
  if (ca.version < 3) return bad('not-a-ca', rule, `version ${ca.version} has no basicConstraints`)
  if (ca.basicConstraints?.ca) return good(rule, 'CA:TRUE')
  return bad(
    'not-a-ca',
    rule,
    `expected CA:TRUE, got ${ca.basicConstraints === null ? 'no basicConstraints' : 'CA:FALSE'}`,
  )
}

function pathLength(path: readonly Certificate[], depth: number): Outcome {
  const rule = 'RFC 5280 6.1.4(l), (m)'
  const limit = path[depth].basicConstraints?.pathLength ?? null
  // Between this CA and the leaf; self-issued ones do not count (4.2.1.9).
  const below = path.slice(1, depth).filter((c) => !isSelfIssued(c)).length
  if (limit === null) return idle(rule, 'no limit')
  const detail = `pathLenConstraint ${limit}, ${below} intermediate${below === 1 ? '' : 's'} below`
  return below <= limit ? good(rule, detail) : bad('path-length', rule, detail)
}

/** On a CA it bounds what may be issued below: not RFC 5280's rule, but CA/Browser Forum BR 7.1.2.10.6 and every library's. */
function extKeyUsage({ extKeyUsage: usages }: Certificate, purpose: 'server' | 'client'): Outcome {
  const rule = 'RFC 5280 4.2.1.12'
  const wanted = purpose === 'server' ? 'serverAuth' : 'clientAuth'
  if (usages === null) return idle(rule, 'no extKeyUsage: any purpose')
  if (usages.includes(OID[wanted]) || usages.includes(OID.anyExtendedKeyUsage)) return good(rule, wanted)
  const got = usages.map((usage) => nameOfOid(OID, usage) ?? usage).join(', ')
  return bad('wrong-purpose', rule, `expected ${wanted}, got ${got}`)
}

/** Of every CA above, the anchor included (RFC 5937). Self-issued intermediates are exempt (6.1.3(b)). */
function nameConstraints(path: readonly Certificate[], depth: number): Outcome {
  const rule = 'RFC 5280 6.1.3(b), (c)'
  const certificate = path[depth]
  if (depth > 0 && isSelfIssued(certificate)) return idle(rule, 'self-issued: exempt')
  for (const ca of path.slice(depth + 1)) {
    const broken = ca.nameConstraints === null ? null : violation(certificate, ca.nameConstraints)
    if (broken !== null) return bad('name-constraint', rule, `${broken} of ${ca.subject.text}`)
  }
  const any = path.slice(depth + 1).some((ca) => ca.nameConstraints !== null)
  return any ? good(rule, 'within the permitted subtrees') : idle(rule, 'none apply')
}

function extensions({ unknownCritical }: Certificate): Outcome {
  const rule = 'RFC 5280 6.1.4(o), 6.1.5(f)'
  if (unknownCritical.length === 0) return idle(rule, 'every critical extension is understood')
  return bad('unknown-critical-extension', rule, `critical and not understood: ${unknownCritical.join(', ')}`)
}
