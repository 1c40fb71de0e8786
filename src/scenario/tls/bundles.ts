import { nameOf } from '../../kube/api/meta.ts'
import type { Bundle } from '../../kube/api/secret.ts'
import { type Certificate, type Identity, keyMismatch } from '../../pki/certificates.ts'
import { loadCertificates } from '../../pki/load/load.ts'
import { loadTlsSecret } from '../../pki/load/secret.ts'
import type { Nanos } from '../../sim/time.ts'
import { SECOND } from '../../sim/time.ts'
import type { CertificateError } from '../../trace/steps/cert.ts'
import { InputError, inputError, type SourcePosition } from '../../util/diagnostics.ts'
import { Malformed } from '../../util/malformed.ts'
import { nearest } from '../../util/near.ts'

/** What a kubernetes.io/tls Secret holds, and since when. */
export interface TlsFile {
  readonly since: Nanos
  readonly identity: Identity
  /** Of `ca.crt`. */
  readonly roots: readonly Certificate[]
  /** The key is not the certificate's: a server that loads it will not start. */
  readonly problem: CertificateError | null
}

/**
 * A Secret that changes reaches the volumes of running pods with the kubelet's next round (syncFrequency, a minute); what
 * mounts it later reads the newest at once.
 */
export const VOLUME_SYNC: Nanos = 60 * SECOND

/** Secrets and ConfigMaps by name, and the certificates in them. */
export class Bundles {
  private readonly all = new Map<string, Bundle>()
  private readonly files = new Map<string, TlsFile[]>()
  /** Secrets that were deleted, or are no certificate any more: of these the API server has nothing to give. */
  private readonly lacking = new Map<string, Exclude<CurrentSecret, { kind: 'file' }>>()

  constructor(
    bundles: readonly Bundle[],
    /** Makes what a Secret asks for with the annotation podwire.dev/issue. */
    private readonly issue: (secret: Bundle) => Identity,
    /** Secrets that hold none, by name. */
    plain: readonly string[] = [],
  ) {
    for (const bundle of bundles) this.all.set(keyOf(bundle.kind, nameOf(bundle.meta)), bundle)
    for (const name of plain) this.lacking.set(name, { kind: 'unusable', detail: NO_KEYPAIR })
  }

  has(kind: Bundle['kind'], name: string): boolean {
    return this.all.has(keyOf(kind, name))
  }

  /** Every version that a Secret ever had, the oldest first. `name` is NS/NAME. Throws InputError. */
  versions(name: string, at: SourcePosition | null = null): readonly TlsFile[] {
    const known = this.files.get(name)
    if (known !== undefined) return known
    const file = this.load(this.bundle('Secret', name, at))
    const list = [file]
    this.files.set(name, list)
    return list
  }

  /** Those of a name, in whatever namespace: `infra/shop-tls`. */
  secretsNamed(name: string): string[] {
    const names = new Set([
      ...this.files.keys(),
      ...[...this.all.values()].filter(isSecret).map(({ meta }) => nameOf(meta)),
    ])
    return [...names].filter((one) => one.endsWith(`/${name}`) && this.lacking.get(one)?.kind !== 'missing').sort()
  }

  /** What who asks the API server for a Secret gets now. Never throws: a controller has to live with what is there. */
  current(name: string, now: Nanos): CurrentSecret {
    const lack = this.lacking.get(name)
    if (lack !== undefined) return lack
    if (!this.files.has(name) && !this.has('Secret', name)) return { kind: 'missing' }
    try {
      const file = this.versions(name).findLast(({ since }) => since <= now) ?? this.versions(name)[0]
      // What was issued with a key of another is told too: whoever loads the pair looks.
      const problem = keyMismatch(file.identity.certificate, file.identity.key)
      return problem === null ? { kind: 'file', file } : { kind: 'unusable', detail: problem.detail }
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      return { kind: 'unusable', detail: error.diagnostics[0].message }
    }
  }

  /** What a pod that mounted the Secret at `mounted` reads now. */
  mounted(name: string, mounted: Nanos, now: Nanos, reload: boolean): TlsFile {
    const versions = this.versions(name)
    const seen = versions.filter(({ since }) => since <= mounted || (reload && since + VOLUME_SYNC <= now))
    // A server that cannot load the new file keeps the old one.
    return seen.findLast(({ problem }) => problem === null) ?? seen.at(-1) ?? versions[0]
  }

  /** A new version of a Secret, or its first. */
  put(name: string, identity: Identity, roots: readonly Certificate[], now: Nanos): void {
    if (this.has('Secret', name)) this.versions(name)
    const list = this.files.get(name) ?? []
    list.push({ since: list.length === 0 ? 0 : now, identity, roots, problem: null })
    this.files.set(name, list)
    this.lacking.delete(name)
  }

  /** A manifest of a Secret or ConfigMap is applied. What is no certificate is no use, and pods keep what they have. */
  apply(bundle: Bundle, now: Nanos): void {
    const name = nameOf(bundle.meta)
    const key = keyOf(bundle.kind, name)
    const before = bundle.kind === 'Secret' && this.all.has(key) ? this.versions(name) : (this.files.get(name) ?? [])
    this.all.set(key, bundle)
    this.lacking.delete(name)
    if (bundle.kind === 'ConfigMap') return
    try {
      const since = before.length === 0 ? 0 : now
      this.files.set(name, [...before, { ...this.load(bundle), since }])
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      this.lacking.set(name, { kind: 'unusable', detail: error.diagnostics[0].message })
    }
  }

  /** Pods keep what they have mounted; who asks the API server gets nothing. Whether it was there. */
  delete(name: string): boolean {
    const there = this.secretsNamed(name.split('/')[1]).includes(name)
    this.lacking.set(name, { kind: 'missing' })
    return there
  }

  /** Certificates to trust: of `ca.crt` where there is one, else all that it holds. Throws InputError. */
  roots(kind: Bundle['kind'], name: string, at: SourcePosition | null = null): readonly Certificate[] {
    const { data } = this.bundle(kind, name, at)
    const keys = data['ca.crt'] === undefined ? Object.keys(data) : ['ca.crt']
    return keys.flatMap((key) => {
      try {
        return loadCertificates(data[key])
      } catch (error) {
        if (error instanceof Malformed) throw inputError(`${kind} ${name}, key ${key}: ${error.message}`, undefined, at)
        throw error
      }
    })
  }

  private load(secret: Bundle): TlsFile {
    const roots: readonly Certificate[] = []
    if (secret.issue !== null) return { since: 0, identity: this.issue(secret), roots, problem: null }
    return { since: 0, ...loadTlsSecret(secret.data, `Secret ${nameOf(secret.meta)}`) }
  }

  private bundle(kind: Bundle['kind'], name: string, at: SourcePosition | null): Bundle {
    const known = this.all.get(keyOf(kind, name))
    if (known !== undefined) return known
    const names = [...this.all.values()].filter((one) => one.kind === kind).map((one) => nameOf(one.meta))
    const near = nearest(name, names)
    const choice = near.length > 0 ? near : names.slice(0, 5)
    const expected = choice.length === 0 ? `a ${kind} with certificates` : `one of ${choice.join(', ')}`
    throw inputError(`no ${kind} ${name} with certificates in the input`, expected, at)
  }
}

const NO_KEYPAIR = 'it contains no keypair or CA certificate'

export type CurrentSecret =
  | { readonly kind: 'missing' }
  | { readonly kind: 'unusable'; readonly detail: string }
  | { readonly kind: 'file'; readonly file: TlsFile }

const isSecret = ({ kind }: Bundle): boolean => kind === 'Secret'

const keyOf = (kind: string, name: string): string => `${kind} ${name}`
