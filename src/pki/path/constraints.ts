import { type Address, parseAddress } from '../../util/address.ts'
import { inPrefix } from '../../util/prefix.ts'
import { OID } from '../oid.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { NameConstraints } from '../x509/extensions.ts'
import { type ConstraintBase, formatGeneralName, type GeneralName } from '../x509/general-name.ts'
import { isEmpty, isWithin, valuesOf } from '../x509/name.ts'

/** Names times subtrees: bounds what a hostile chain can cost (Go compares 250,000, OpenSSL 2^20). */
const MAX_COMPARISONS = 1 << 18

/** Which rule a name of the certificate breaks; null when none (RFC 5280 4.2.1.10, 6.1.3(b) and (c)). */
export function violation(certificate: Certificate, constraints: NameConstraints): string | null {
  const names = constrainedNames(certificate)
  if (names.length * (constraints.permitted.length + constraints.excluded.length) > MAX_COMPARISONS) {
    return `${names.length} names are more than are compared with the subtrees`
  }
  for (const name of names) {
    const shown = formatGeneralName(name)
    const excluded = constraints.excluded.find((base) => sameForm(name, base) && touches(name, base))
    if (excluded !== undefined) return `${shown} is in the excluded subtree ${formatGeneralName(excluded)}`
    const permitted = constraints.permitted.filter((base) => sameForm(name, base))
    if (permitted.length > 0 && !permitted.some((base) => within(name, base) === true)) {
      return `${shown} is in none of the permitted subtrees ${permitted.map(formatGeneralName).join(', ')}`
    }
  }
  return null
}

/** The subject, every alternative name, and a legacy emailAddress in the subject when there is no alternative name of that form. */
function constrainedNames({ subject, subjectAltNames }: Certificate): GeneralName[] {
  const names: GeneralName[] = isEmpty(subject) ? [] : [{ kind: 'directory', value: subject }]
  if (!subjectAltNames.some((n) => n.kind === 'email')) {
    for (const value of valuesOf(subject, OID.emailAddress)) names.push({ kind: 'email', value })
  }
  return [...names, ...subjectAltNames]
}

const sameForm = (name: GeneralName, base: ConstraintBase): boolean =>
  name.kind === base.kind && (name.kind !== 'other' || base.kind !== 'other' || name.tag === base.tag)

/**
 * Is it, or for a wildcard: can it stand for, a name in the subtree? RFC 5280 does not speak of wildcards; one that covers an
 * excluded name would let its holder be that name.
 */
function touches(name: GeneralName, base: ConstraintBase): boolean {
  if (within(name, base) !== false) return true
  if (name.kind !== 'dns' || base.kind !== 'dns' || !name.value.startsWith('*.')) return false
  return base.value.slice(base.value.indexOf('.')).toLowerCase() === name.value.slice(1).toLowerCase()
}

/** Null when it cannot be told: names whose form we do not process, which must then be refused either way. */
function within(name: GeneralName, base: ConstraintBase): boolean | null {
  switch (base.kind) {
    case 'dns':
      return name.kind === 'dns' && hostWithin(name.value, base.value)
    case 'ip':
      return name.kind === 'ip' && inPrefix(name.value as Address, base.value)
    case 'directory':
      return name.kind === 'directory' && isWithin(name.value, base.value)
    case 'email':
      return name.kind === 'email' ? mailWithin(name.value, base.value) : false
    case 'uri':
      return name.kind === 'uri' ? uriWithin(name.value, base.value) : false
    case 'other':
      return null
  }
}

/** Zero or more labels added to the left; a leading dot asks for at least one, as everyone reads it. Empty: every name. */
function hostWithin(host: string, base: string): boolean {
  const [h, b] = [host.toLowerCase().replace(/\.$/, ''), base.toLowerCase()]
  if (b === '') return true
  return b.startsWith('.') ? h.endsWith(b) : h === b || h.endsWith(`.${b}`)
}

/** A mailbox, all mailboxes at a host, or (leading dot) at any host below it. The local part is case-sensitive. */
function mailWithin(mail: string, base: string): boolean | null {
  const at = mail.lastIndexOf('@')
  if (at < 1) return null
  const host = mail.slice(at + 1).toLowerCase()
  const split = base.lastIndexOf('@')
  if (split >= 0) return mail.slice(0, at) === base.slice(0, split) && host === base.slice(split + 1).toLowerCase()
  return base.startsWith('.') ? host.endsWith(base.toLowerCase()) : host === base.toLowerCase()
}

/** The host alone counts; a URI without a host name must be refused where URIs are constrained. */
function uriWithin(uri: string, base: string): boolean | null {
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/?#]*@)?([^:/?#[\]]+)(?::\d*)?(?:[/?#]|$)/i.exec(uri)?.[1]?.toLowerCase()
  if (host === undefined || parseAddress(host) !== null) return null
  return base.startsWith('.') ? host.endsWith(base.toLowerCase()) : host === base.toLowerCase()
}
