import { FAULTS, type Fault, type Identity, type Presented, present, serviceIdentity } from '../../pki/certificates.ts'
import type { KeyType } from '../../pki/keys.ts'
import { parseAddress } from '../../util/address.ts'
import type { Rng } from '../../util/rng.ts'
import { durationOf } from '../load/duration.ts'

const DAY = 86_400_000
const VALID = 90 * DAY

/** A certificate to be issued by the cluster's CA. */
export interface IssueSpec {
  /** `web`, `10.96.0.80`, `spiffe://…`. */
  readonly names: readonly string[]
  readonly key: KeyType
  readonly fault: Fault | null
  /** Milliseconds. */
  readonly validFor: number
  /** The cluster's CA itself, or one below it, whose certificate then goes with the leaf. */
  readonly issuer: (typeof ISSUERS)[number]
}

/** Reads `names=web+web.default&key=rsa-2048&validFor=2h&fault=expired&issuer=intermediate`; a sentence for what cannot be read. */
export function readIssue(text: string): IssueSpec | string {
  const query = new Map(
    text.split('&').map((part): [string, string] => {
      const [key, value = ''] = part.split('=', 2)
      return [key, value]
    }),
  )
  for (const key of query.keys())
    if (!['names', 'key', 'fault', 'validFor', 'issuer'].includes(key)) return `parameter "${key}" is not known`
  const names = (query.get('names') ?? '').split('+').filter((name) => name !== '')
  if (names.length === 0) return 'no names: expected names=web+web.default'
  const fault = query.get('fault') ?? null
  if (fault !== null && !isFault(fault)) return `fault=${fault}: expected one of ${faultNames}`
  const key = query.get('key') ?? 'p-256'
  if (!isKey(key)) return `key=${key}: expected one of ${KEYS.join(', ')}`
  const validFor = query.get('validFor')
  if (validFor !== undefined && !/^(\d+(\.\d+)?(us|ms|s|m|h))+$/.test(validFor))
    return `validFor=${validFor}: expected a duration like 24h`
  const issuer = query.get('issuer') ?? 'ca'
  if (!isIssuer(issuer)) return `issuer=${issuer}: expected one of ${ISSUERS.join(', ')}`
  return { names, fault, key, issuer, validFor: validFor === undefined ? VALID : durationOf(validFor) / 1e6 }
}

/** Issues it at a moment (milliseconds since 1970); what comes with a fault are the CAs that it is to be judged by. */
export function issue(
  subject: string,
  namespace: string,
  { names, key, fault, validFor }: Omit<IssueSpec, 'issuer'>,
  ca: Identity,
  now: number,
  rng: Rng,
): Presented {
  const general = names.map(generalName)
  if (fault !== null) return present(fault, { at: now, names: general, key }, rng)
  const spec = { key, names: general, notBefore: now - DAY, notAfter: now + validFor }
  return { identity: serviceIdentity(subject, namespace, spec, ca, rng), roots: [], crls: [], known: [] }
}

export const generalName = (name: string): string =>
  name.includes('://') ? `URI:${name}` : parseAddress(name) === null ? `DNS:${name}` : `IP:${name}`

export const isFault = (text: string): text is Fault => Object.hasOwn(FAULTS, text)
export const faultNames = Object.keys(FAULTS).join(', ')
export const KEYS = ['rsa-2048', 'rsa-3072', 'p-256', 'p-384', 'ed25519'] as const
export const ISSUERS = ['ca', 'intermediate'] as const
const isIssuer = (text: string): text is (typeof ISSUERS)[number] => (ISSUERS as readonly string[]).includes(text)
const isKey = (text: string): text is (typeof KEYS)[number] => (KEYS as readonly string[]).includes(text)
