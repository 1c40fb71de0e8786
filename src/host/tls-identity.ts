import { rootCertificates } from 'node:tls'
import { type Certificate, keyMismatch, parseCertificate } from '../pki/certificates.ts'
import { nativeSigner } from '../pki/keys.ts'
import { loadCertificates, loadPrivateKey } from '../pki/load/load.ts'
import type { Identity } from '../tls/config.ts'
import { identityOf } from '../tls/trust.ts'
import { inputError } from '../util/diagnostics.ts'
import { Malformed } from '../util/malformed.ts'
import { loadFile } from './certificate-files.ts'
import { type ChainFile, loadChain } from './chain-file.ts'
import { lazyPassword } from './password.ts'

export interface LoadedIdentity {
  readonly certificate: Certificate
  readonly identity: Identity
  /** Of the leaf, for SNI to pick by. */
  readonly dnsNames: readonly string[]
  readonly form: ChainFile['form']
}

/** What was asked for on the command line. */
export interface IdentityFiles {
  readonly cert: string
  /** Needed where `cert` holds none. */
  readonly key?: string
  /** Which Secret of several. */
  readonly secret?: string
  /** Where to take the password from, as `passwordFrom` has it. */
  readonly password?: string
}

/**
 * A certificate with its chain and its key: two files, or one that holds both (PEM, PKCS#12, a Secret). Throws `InputError`, also when
 * they do not belong together.
 */
export function loadIdentity({ cert, key: keyFile, secret, password: source }: IdentityFiles): LoadedIdentity {
  const password = lazyPassword(source)
  const options = { file: cert, password, ...(secret === undefined ? {} : { secret }) }
  const { form, certificates, key: within } = loadFile(cert, (bytes) => loadChain(bytes, options))
  const [certificate, ...chain] = certificates
  if (certificate === undefined) throw inputError(`${cert} holds no certificate`)
  const key = keyFile === undefined ? within : loadFile(keyFile, (bytes) => loadPrivateKey(bytes, password?.()))
  if (key === null) throw inputError(`${cert} holds no private key`, '--key FILE')
  const problem = keyMismatch(certificate, key)
  if (problem !== null) throw inputError(`${keyFile ?? cert}: ${problem.detail}`, `the private key of ${cert}`)
  const dnsNames = certificate.subjectAltNames.flatMap((name) => (name.kind === 'dns' ? [name.value] : []))
  return { form, certificate, dnsNames, identity: identityOf({ certificate, chain }, nativeSigner(key)) }
}

/** Trusted certificates: of the files, else those that Node brings (Mozilla's). */
export function loadRoots(files: readonly string[] | undefined): readonly Certificate[] {
  if (files !== undefined) return files.flatMap((file) => loadFile(file, loadCertificates))
  return rootCertificates.flatMap((pem) => {
    try {
      return loadCertificates(Buffer.from(pem))
    } catch (error) {
      // One root with an algorithm of its own must not take the others away.
      if (error instanceof Malformed) return []
      throw error
    }
  })
}

/** The leaf of a chain in DER; null for none. */
export const leafOf = (chain: readonly Uint8Array[]): Certificate | null =>
  chain.length === 0 ? null : parseCertificate(chain[0])
