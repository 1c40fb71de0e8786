import type { CertificateErrorCode } from '../../trace/steps/cert.ts'
import type { Rng } from '../../util/rng.ts'
import { generateKey, type KeyType } from '../generate.ts'
import { DAY, type Moment, millisOf } from '../moment.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import { endEntity, type IdentitySpec, rootCa, subordinateCa } from './authority.ts'
import type { Identity } from './certificate.ts'
import { issueCrl } from './crl.ts'

/** What a server presents, and what its client has at hand to judge it by. */
export interface Presented {
  readonly identity: Identity
  readonly roots: readonly Certificate[]
  readonly crls: readonly Crl[]
  /** Every certificate that was made: what `known` may hold. */
  readonly known: readonly Certificate[]
}

/** Each fault with the code that a judge answers. */
export const FAULTS = {
  expired: 'expired',
  'not-yet-valid': 'not-yet-valid',
  'wrong-name': 'name-mismatch',
  'unknown-ca': 'unknown-ca',
  'missing-intermediate': 'missing-intermediate',
  'self-signed': 'self-signed',
  'not-a-ca': 'not-a-ca',
  'path-length': 'path-length',
  'wrong-purpose': 'wrong-purpose',
  'name-constraint': 'name-constraint',
  'sha1-signature': 'weak-signature',
  'small-key': 'weak-key',
  revoked: 'revoked',
  'bad-signature': 'bad-signature',
  'key-mismatch': 'key-mismatch',
} as const satisfies Record<string, CertificateErrorCode>
export type Fault = keyof typeof FAULTS

export interface FaultOptions {
  /** When it will be judged. */
  readonly at: Moment
  /** `DNS:web`…: the names of the leaf, unless the fault is in them. */
  readonly names: readonly string[]
  readonly key?: KeyType
  readonly purpose?: 'server' | 'client'
}

/** Root, intermediate and leaf with one thing wrong; `null`: nothing. */
export function present(fault: Fault | null, options: FaultOptions, rng: Rng): Presented {
  const parts = { ...SOUND, ...(fault === null ? {} : BROKEN[fault]) }
  const at = millisOf(options.at)
  const common = (index: number): IdentitySpec => ({
    subject: '',
    key: options.key ?? 'p-256',
    keyIndex: index,
    notBefore: at - 30 * DAY,
    notAfter: at + 60 * DAY,
  })
  const root = rootCa({ ...common(0), subject: 'Example Root', ...parts.root(at) }, rng.fork('root'))
  const ca = subordinateCa({ ...common(1), subject: 'Example CA', ...parts.ca(at) }, root, rng.fork('ca'))
  const below = parts.deeper ? subordinateCa({ ...common(3), subject: 'Example CA 2' }, ca, rng.fork('ca2')) : ca
  const purpose = options.purpose === 'client' ? 'clientAuth' : 'serverAuth'
  const wanted: IdentitySpec = { ...common(2), subject: 'web', names: options.names, extKeyUsage: [purpose] }
  const spec = { ...wanted, ...parts.leaf(at, purpose) }
  const sound = parts.selfSigned
    ? rootCa({ ca: false, ...spec }, rng.fork('leaf'))
    : endEntity(spec, below, rng.fork('leaf'))
  return finish(fault, sound, { root, ca, below, common: common(4), at }, rng)
}

interface Parts {
  readonly root: (at: number) => Partial<IdentitySpec>
  readonly ca: (at: number) => Partial<IdentitySpec>
  readonly leaf: (at: number, purpose: 'serverAuth' | 'clientAuth') => Partial<IdentitySpec>
  /** A second intermediate. */
  readonly deeper: boolean
  readonly selfSigned: boolean
}

const nothing = (): Partial<IdentitySpec> => ({})
const SOUND: Parts = { root: nothing, ca: nothing, leaf: nothing, deeper: false, selfSigned: false }

/** The faults that stand in the certificates themselves; the rest are made of sound ones by `finish`. */
const BROKEN: Readonly<Partial<Record<Fault, Partial<Parts>>>> = {
  expired: { leaf: (at) => ({ notAfter: at - 2 * DAY }) },
  'not-yet-valid': { leaf: (at) => ({ notBefore: at + 2 * DAY }) },
  'wrong-name': { leaf: () => ({ names: ['DNS:other.example'] }) },
  'self-signed': { selfSigned: true },
  'not-a-ca': { ca: () => ({ ca: false }) },
  'path-length': { ca: () => ({ ca: { pathLength: 0 } }), deeper: true },
  'wrong-purpose': {
    leaf: (_, purpose) => ({ extKeyUsage: [purpose === 'serverAuth' ? 'clientAuth' : 'serverAuth'] }),
  },
  'name-constraint': { ca: () => ({ nameConstraints: { permitted: ['DNS:allowed.example', 'IP:203.0.113.0/24'] } }) },
  // SHA-1 and 1024 bits are RSA's story, and ECDSA with SHA-1 exists too: the issuer's kind of key is kept.
  'sha1-signature': { leaf: () => ({ hash: 'sha1' }), ca: () => ({ key: 'rsa-2048' }) },
  'small-key': { leaf: () => ({ key: 'rsa-1024' }) },
}

function finish(
  fault: Fault | null,
  identity: Identity,
  made: {
    readonly root: Identity
    readonly ca: Identity
    readonly below: Identity
    readonly common: IdentitySpec
    readonly at: number
  },
  rng: Rng,
): Presented {
  const { root, ca, below, common, at } = made
  const all = [root, ca, below].map((one) => one.certificate)
  const sound: Presented = { identity, roots: [root.certificate], crls: [], known: [...new Set(all)] }
  switch (fault) {
    case 'unknown-ca': {
      const other = rootCa({ ...common, subject: 'Another Root' }, rng.fork('another'))
      return { ...sound, roots: [other.certificate] }
    }
    case 'missing-intermediate':
      return { ...sound, identity: { ...identity, chain: [] } }
    case 'key-mismatch':
      return { ...sound, identity: { ...identity, key: generateKey(common.key ?? 'p-256', rng.fork('stray'), 5) } }
    case 'bad-signature': {
      // An impostor with the CA's name and key identifier, and a key of its own.
      const { subjectKeyId } = ca.certificate
      const impostor = subordinateCa({ ...common, subject: 'Example CA', subjectKeyId }, root, rng.fork('impostor'))
      return { ...sound, identity: { ...identity, chain: [impostor.certificate] } }
    }
    case 'revoked': {
      const revoked = [{ certificate: identity.certificate, at: at - DAY, reason: 'keyCompromise' as const }]
      const spec = { thisUpdate: at - DAY / 2, nextUpdate: at + 7 * DAY, revoked }
      return { ...sound, crls: [issueCrl(spec, below, rng.fork('crl'))] }
    }
    default:
      return sound
  }
}
