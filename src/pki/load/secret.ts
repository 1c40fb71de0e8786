import type { CertificateError } from '../../trace/steps/cert.ts'
import { inputError, type SourcePosition } from '../../util/diagnostics.ts'
import { Malformed } from '../../util/malformed.ts'
import type { Identity } from '../issue/certificate.ts'
import { keyMismatch } from '../match-key.ts'
import type { PrivateKey } from '../private-key.ts'
import type { Certificate } from '../x509/certificate.ts'
import { loadCertificates, loadPrivateKey } from './load.ts'

/** What a `kubernetes.io/tls` Secret holds, base64 undone. */
export interface TlsSecretData {
  readonly 'tls.crt': Uint8Array
  readonly 'tls.key': Uint8Array
  /** cert-manager adds the issuer's certificate. */
  readonly 'ca.crt'?: Uint8Array
}

export interface TlsSecret {
  readonly identity: Identity
  /** Of `ca.crt`; empty without. */
  readonly roots: readonly Certificate[]
  /** The key that is not the certificate's: the API server does not look, the server that loads it does. */
  readonly problem: CertificateError | null
}

/** `where` is `Secret default/web-tls`, for messages. Throws `InputError` naming the key of the Secret. */
export function loadTlsSecret(data: Partial<TlsSecretData>, where: string): TlsSecret {
  const [certificate, ...chain] = entry(data, 'tls.crt', where, loadCertificates)
  const key = entry(data, 'tls.key', where, loadPrivateKey)
  const roots = data['ca.crt'] === undefined ? [] : entry(data, 'ca.crt', where, loadCertificates)
  return { identity: { certificate, key, chain }, roots, problem: keyMismatch(certificate, key) }
}

/**
 * Its chain, the leaf first, and its key if there is one: whoever strips the key from a manifest leaves none, or an empty one.
 * `at` says where a key of the Secret was written. Throws `InputError`.
 */
export function loadSecretChain(
  data: Partial<TlsSecretData>,
  where: string,
  at: (key: string) => SourcePosition,
): { readonly certificates: readonly Certificate[]; readonly key: PrivateKey | null } {
  const certificates = entry(data, 'tls.crt', where, loadCertificates, at)
  const stripped = data['tls.key'] === undefined || data['tls.key'].length === 0
  return { certificates, key: stripped ? null : entry(data, 'tls.key', where, (b) => loadPrivateKey(b), at) }
}

function entry<T>(
  data: Partial<TlsSecretData>,
  name: keyof TlsSecretData,
  where: string,
  load: (b: Uint8Array) => T,
  at: (key: string) => SourcePosition | null = () => null,
): T {
  const bytes = data[name]
  if (bytes === undefined) throw inputError(`${where} has no key ${name}`, 'tls.crt and tls.key', at(name))
  try {
    return load(bytes)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    throw inputError(`${where}, key ${name}: ${error.message}`, undefined, at(name))
  }
}
