import { HASH_BYTES, type SignatureAlgorithm } from './algorithm.ts'
import type { Curve, PublicKey } from './public-key.ts'

interface Scheme {
  readonly code: number
  readonly algorithm: SignatureAlgorithm
  /** The kind of key (RFC 8446 4.2.3: rsae keys carry rsaEncryption, pss keys RSASSA-PSS). */
  readonly key: 'rsa' | 'rsa-pss' | 'ec' | 'ed25519'
  /** Bound to the curve in TLS 1.3; in TLS 1.2 the same code means ECDSA with that hash on any curve. */
  readonly curve?: Curve
}

const pss = (hash: 'sha256' | 'sha384' | 'sha512', saltLength: number): SignatureAlgorithm => ({
  kind: 'rsa-pss',
  hash,
  saltLength,
})

/** RFC 8446 4.2.3. PSS salts are as long as the digest. */
export const SCHEMES = {
  rsa_pkcs1_sha1: { code: 0x0201, algorithm: { kind: 'rsa-pkcs1', hash: 'sha1' }, key: 'rsa' },
  ecdsa_sha1: { code: 0x0203, algorithm: { kind: 'ecdsa', hash: 'sha1' }, key: 'ec' },
  rsa_pkcs1_sha256: { code: 0x0401, algorithm: { kind: 'rsa-pkcs1', hash: 'sha256' }, key: 'rsa' },
  ecdsa_secp256r1_sha256: { code: 0x0403, algorithm: { kind: 'ecdsa', hash: 'sha256' }, key: 'ec', curve: 'P-256' },
  rsa_pkcs1_sha384: { code: 0x0501, algorithm: { kind: 'rsa-pkcs1', hash: 'sha384' }, key: 'rsa' },
  ecdsa_secp384r1_sha384: { code: 0x0503, algorithm: { kind: 'ecdsa', hash: 'sha384' }, key: 'ec', curve: 'P-384' },
  rsa_pkcs1_sha512: { code: 0x0601, algorithm: { kind: 'rsa-pkcs1', hash: 'sha512' }, key: 'rsa' },
  rsa_pss_rsae_sha256: { code: 0x0804, algorithm: pss('sha256', 32), key: 'rsa' },
  rsa_pss_rsae_sha384: { code: 0x0805, algorithm: pss('sha384', 48), key: 'rsa' },
  rsa_pss_rsae_sha512: { code: 0x0806, algorithm: pss('sha512', 64), key: 'rsa' },
  ed25519: { code: 0x0807, algorithm: { kind: 'ed25519' }, key: 'ed25519' },
  rsa_pss_pss_sha256: { code: 0x0809, algorithm: pss('sha256', 32), key: 'rsa-pss' },
  rsa_pss_pss_sha384: { code: 0x080a, algorithm: pss('sha384', 48), key: 'rsa-pss' },
  rsa_pss_pss_sha512: { code: 0x080b, algorithm: pss('sha512', 64), key: 'rsa-pss' },
} as const satisfies Record<string, Scheme>

export type SignatureScheme = keyof typeof SCHEMES

const BY_CODE = new Map<number, SignatureScheme>(
  Object.entries(SCHEMES).map(([name, { code }]) => [code, name as SignatureScheme]),
)

export const schemeOf = (code: number): SignatureScheme | null => BY_CODE.get(code) ?? null

/** What a key can do with a scheme; `curveBound` is TLS 1.3's reading (see `Scheme.curve`). */
export function schemeFits(scheme: SignatureScheme, key: PublicKey, curveBound = true): boolean {
  const { key: kind, curve, algorithm }: Scheme = SCHEMES[scheme]
  if (kind !== key.kind) return false
  if (key.kind === 'ec') return !curveBound || curve === undefined || curve === key.curve
  // RFC 8017 9.1.1 step 3: 1024 bits have no room for SHA-512 and its salt.
  return algorithm.kind !== 'rsa-pss' || key.kind === 'ed25519' || key.bits >= pssBits(algorithm)
}

function pssBits({ hash, saltLength }: SignatureAlgorithm & { kind: 'rsa-pss' }): number {
  return 8 * (HASH_BYTES[hash] + saltLength + 2) - 6
}

/** Strongest fitting first, as servers prefer them: its own curve's, PSS before PKCS#1, SHA-1 last. */
export function schemesOf(key: PublicKey): readonly SignatureScheme[] {
  const rank = (scheme: SignatureScheme): number => {
    const { algorithm } = SCHEMES[scheme]
    if ('hash' in algorithm && algorithm.hash === 'sha1') return 2
    return algorithm.kind === 'rsa-pkcs1' ? 1 : 0
  }
  const all = Object.keys(SCHEMES) as SignatureScheme[]
  return all.filter((scheme) => schemeFits(scheme, key)).sort((a, b) => rank(a) - rank(b))
}
