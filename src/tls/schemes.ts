import { type PublicKey, SCHEMES, type SignatureScheme, type Signer, schemeFits, schemeOf } from '../pki/keys.ts'
import type { TlsRejected } from '../trace/steps/tls.ts'
import { schemeName } from './fields.ts'
import { isGrease, type Version } from './numbers.ts'
import { signsHandshake } from './tls13/proof.ts'

/** What we verify unless told otherwise: everything without SHA-1. */
export const DEFAULT_SCHEMES: readonly SignatureScheme[] = [
  'ecdsa_secp256r1_sha256',
  'ed25519',
  'rsa_pss_rsae_sha256',
  'rsa_pkcs1_sha256',
  'ecdsa_secp384r1_sha384',
  'rsa_pss_rsae_sha384',
  'rsa_pkcs1_sha384',
  'rsa_pss_rsae_sha512',
  'rsa_pkcs1_sha512',
  'rsa_pss_pss_sha256',
  'rsa_pss_pss_sha384',
  'rsa_pss_pss_sha512',
]

export const schemeCodes = (schemes: readonly SignatureScheme[]): readonly number[] =>
  schemes.map((scheme) => SCHEMES[scheme].code)

/** Whether a key may sign a handshake of that version by a scheme. */
export function fitsVersion(scheme: SignatureScheme, key: PublicKey, version: Version): boolean {
  if (version === 'TLS 1.3') return schemeFits(scheme, key, true) && signsHandshake(scheme)
  // In TLS 1.2 an ECDSA code point names the hash alone (RFC 5246 7.4.1.4.1).
  return schemeFits(scheme, key, false)
}

export interface SchemeChoice {
  readonly scheme: SignatureScheme | null
  readonly rejected: readonly TlsRejected[]
}

/** The signer's most wanted scheme among those that the peer verifies. */
export function chooseScheme(signer: Signer, offered: readonly number[], version: Version): SchemeChoice {
  const ours = Object.keys(SCHEMES) as SignatureScheme[]
  const usable = [...signer.schemes, ...ours.filter((scheme) => !signer.schemes.includes(scheme))]
  const candidates = usable.filter((scheme) => fitsVersion(scheme, signer.publicKey, version))
  const scheme = candidates.find((candidate) => offered.includes(SCHEMES[candidate].code)) ?? null
  const rejected = offered
    .filter((code) => schemeOf(code) !== scheme)
    .map((code) => ({ candidate: schemeName(code), reason: reasonAgainst(code, signer, version, scheme) }))
  return { scheme, rejected }
}

function reasonAgainst(code: number, signer: Signer, version: Version, chosen: SignatureScheme | null): string {
  const scheme = schemeOf(code)
  if (scheme === null) return isGrease(code) ? 'GREASE, to be ignored (RFC 8701)' : 'not supported here'
  if (version === 'TLS 1.3' && !signsHandshake(scheme))
    return 'signs certificates, not TLS 1.3 handshakes (RFC 8446 4.2.3)'
  if (!fitsVersion(scheme, signer.publicKey, version))
    return `does not fit the certificate's key (${signer.publicKey.kind})`
  return `${chosen} is preferred`
}
