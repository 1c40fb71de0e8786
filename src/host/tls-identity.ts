import { rootCertificates } from 'node:tls'
import { type Certificate, keyMismatch, parseCertificate } from '../pki/certificates.ts'
import { nativeSigner } from '../pki/keys.ts'
import { loadCertificates, loadPrivateKey } from '../pki/load/load.ts'
import type { Identity } from '../tls/config.ts'
import { identityOf } from '../tls/trust.ts'
import { inputError } from '../util/diagnostics.ts'
import { Malformed } from '../util/malformed.ts'
import { loadFile } from './certificate-files.ts'

export interface LoadedIdentity {
  readonly certificate: Certificate
  readonly identity: Identity
  /** Of the leaf, for SNI to pick by. */
  readonly dnsNames: readonly string[]
}

/** A certificate with its chain and its key, from two files. Throws `InputError`, also when they do not belong together. */
export function loadIdentity(certFile: string, keyFile: string): LoadedIdentity {
  const [certificate, ...chain] = loadFile(certFile, loadCertificates)
  const key = loadFile(keyFile, loadPrivateKey)
  const problem = keyMismatch(certificate, key)
  if (problem !== null) throw inputError(`${keyFile}: ${problem.detail}`, `the private key of ${certFile}`)
  const dnsNames = certificate.subjectAltNames.flatMap((name) => (name.kind === 'dns' ? [name.value] : []))
  return { certificate, dnsNames, identity: identityOf({ certificate, chain }, nativeSigner(key)) }
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
