import type { Rng } from '../../util/rng.ts'
import { generateKey, type KeyType } from '../generate.ts'
import type { PrivateKey } from '../private-key.ts'
import { type Identity, type Issuer, issueCertificate, selfSign } from './certificate.ts'
import type { CertificateSpec } from './spec.ts'

/** A certificate and a new key for it. */
export interface IdentitySpec extends Omit<CertificateSpec, 'publicKey'> {
  /** Default `p-256`. */
  readonly key?: KeyType
  /** Which of the shipped RSA keys; without it the seed picks, and may pick one twice. */
  readonly keyIndex?: number
}

/** A root: CA:TRUE with keyCertSign and cRLSign unless the spec says otherwise. Self-signed. */
export function rootCa(spec: IdentitySpec, rng: Rng): Identity {
  const key = keyFor(spec, rng)
  return { certificate: selfSign({ ...CA, ...spec }, key, rng.fork('certificate')), key, chain: [] }
}

/** A CA under another. `chain` grows by the parent, unless that is a root. */
export function subordinateCa(spec: IdentitySpec, parent: Identity, rng: Rng): Identity {
  return under(parent, { ...CA, ...spec }, keyFor(spec, rng), rng)
}

/** A leaf: CA:FALSE with digitalSignature, and keyEncipherment for RSA keys. `names` and `extKeyUsage` are the caller's. */
export function endEntity(spec: IdentitySpec, parent: Identity, rng: Rng): Identity {
  const key = keyFor(spec, rng)
  const usages = ['digitalSignature', ...(key.kind === 'rsa' ? (['keyEncipherment'] as const) : [])] as const
  return under(parent, { ca: false, keyUsage: usages, ...spec }, key, rng)
}

/** The chain that a server sends with a certificate from `parent`: up to, and without, the root. */
export function chainUnder(parent: Issuer & Partial<Identity>): Identity['chain'] {
  const { subject, issuer } = parent.certificate
  return subject.text === issuer.text ? [] : [parent.certificate, ...(parent.chain ?? [])]
}

const CA = {
  ca: true,
  keyUsage: ['digitalSignature', 'keyCertSign', 'cRLSign'],
} as const satisfies Partial<IdentitySpec>

const keyFor = (spec: IdentitySpec, rng: Rng): PrivateKey =>
  generateKey(spec.key ?? 'p-256', rng.fork('key'), spec.keyIndex)

function under(parent: Identity, spec: IdentitySpec, key: PrivateKey, rng: Rng): Identity {
  const certificate = issueCertificate({ ...spec, publicKey: key.public }, parent, rng.fork('certificate'))
  return { certificate, key, chain: chainUnder(parent) }
}
