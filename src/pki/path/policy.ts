import { OID } from '../oid.ts'
import { type Certificate, isSelfIssued } from '../x509/certificate.ts'

/**
 * Certificate policies (RFC 5280 6.1.3(d) to (f), 6.1.4(i) and (j), 6.1.5(g)) for a caller who accepts any policy: they can then
 * only fail where requireExplicitPolicy asks for one. Policy mappings are read and not followed, which can only refuse more.
 *
 * `path` has the leaf first and the anchor last. Answers the depth at which no policy was left; null when all is well.
 */
export function policyFailure(path: readonly Certificate[]): { readonly depth: number } | null {
  let valid: ReadonlySet<string> | 'any' | 'none' = 'any'
  let explicit = Number.POSITIVE_INFINITY
  let inhibitAny = Number.POSITIVE_INFINITY
  for (let depth = path.length - 2; depth >= 0; depth--) {
    const certificate = path[depth]
    const selfIssued = isSelfIssued(certificate)
    valid = narrow(valid, certificate.policies, inhibitAny > 0 || (depth > 0 && selfIssued))
    if (explicit === 0 && valid === 'none') return { depth }
    if (depth === 0 || !selfIssued) {
      explicit = Math.max(0, explicit - 1)
      inhibitAny = Math.max(0, inhibitAny - 1)
    }
    const asked = certificate.policyConstraints?.explicit ?? null
    if (depth > 0) {
      if (asked !== null) explicit = Math.min(explicit, asked)
      if (certificate.inhibitAnyPolicy !== null) inhibitAny = Math.min(inhibitAny, certificate.inhibitAnyPolicy)
    } else if (asked === 0) {
      explicit = 0
    }
  }
  return explicit === 0 && valid === 'none' ? { depth: 0 } : null
}

function narrow(valid: ReadonlySet<string> | 'any' | 'none', policies: readonly string[], anyCounts: boolean) {
  if (policies.length === 0 || valid === 'none') return 'none'
  if (anyCounts && policies.includes(OID.anyPolicy)) return valid
  const specific = policies.filter((policy) => policy !== OID.anyPolicy)
  const left = valid === 'any' ? specific : specific.filter((policy) => valid.has(policy))
  return left.length === 0 ? 'none' : new Set(left)
}
