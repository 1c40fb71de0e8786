import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Identity as Issued } from '../../../src/pki/certificates.ts'
import { endEntity, issueOcspResponse, rootCa, subordinateCa } from '../../../src/pki/certificates.ts'
import { nativeSigner } from '../../../src/pki/keys.ts'
import { formatPem } from '../../../src/pki/load/pem.ts'
import type { Identity } from '../../../src/tls/config.ts'
import { identityOf, trusting } from '../../../src/tls/trust.ts'
import { Rng } from '../../../src/util/rng.ts'
import type { Cell } from './cells.ts'

/** Certificates on disk for the others, and as identities for us: one chain with an intermediate for each kind of key. */
export interface Material {
  readonly folder: string
  readonly roots: string
  readonly judge: ReturnType<typeof trusting>
  file(role: 'server' | 'client', key: Cell['key'], what: 'cert' | 'key'): string
  identity(role: 'server' | 'client', key: Cell['key']): Identity
  /** An OCSP response that says good of the server's certificate. */
  staple(key: Cell['key']): { readonly ocsp: Uint8Array; readonly file: string }
  path(name: string): string
  remove(): void
}

export const NAME = 'web.podwire.test'
const KEYS: readonly Cell['key'][] = ['rsa-2048', 'rsa-3072', 'p-256', 'p-384', 'ed25519']

export function makeMaterial(): Material {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-tls-'))
  const path = (name: string): string => join(folder, name)
  const rng = new Rng('tls oracle')
  const valid = { notBefore: Date.now() - 86_400_000, notAfter: Date.now() + 30 * 86_400_000 }
  const root = rootCa({ subject: 'podwire test root', ...valid }, rng.fork('root'))
  const intermediate = subordinateCa({ subject: 'podwire test intermediate', ...valid }, root, rng.fork('intermediate'))
  const issued = new Map<string, Issued>()
  for (const key of KEYS) {
    for (const role of ['server', 'client'] as const) {
      const usage = { names: [`DNS:${NAME}`], extKeyUsage: [`${role}Auth`], subject: NAME }
      const leaf = endEntity({ ...usage, ...valid, key }, intermediate, rng.fork(`${role} ${key}`))
      issued.set(`${role}-${key}`, leaf)
      const chain = [leaf.certificate, ...leaf.chain].map(({ der }) => formatPem('CERTIFICATE', der)).join('')
      writeFileSync(path(`${role}-${key}.cert`), chain)
      writeFileSync(path(`${role}-${key}.key`), formatPem('PRIVATE KEY', leaf.key.pkcs8), { mode: 0o600 })
    }
  }
  writeFileSync(path('roots'), formatPem('CERTIFICATE', root.certificate.der))
  return {
    folder,
    roots: path('roots'),
    judge: trusting({ roots: [root.certificate] }),
    path,
    staple(key) {
      const { certificate } = issued.get(`server-${key}`)!
      const times = { producedAt: Date.now() - 60_000, nextUpdate: Date.now() + 86_400_000 }
      const spec = { answers: [{ certificate, status: { kind: 'good' } as const }], ...times }
      const { der } = issueOcspResponse(spec, intermediate, rng.fork('ocsp'))
      writeFileSync(path('staple'), der)
      return { ocsp: der, file: path('staple') }
    },
    file: (role, key, what) => path(`${role}-${key}.${what}`),
    identity(role, key) {
      const leaf = issued.get(`${role}-${key}`)!
      return identityOf(leaf, nativeSigner(leaf.key))
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
