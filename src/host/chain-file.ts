import { TAG } from '../pki/der/read.ts'
import { loadCertificates, loadPrivateKey } from '../pki/load/load.ts'
import { isPem, parsePem } from '../pki/load/pem.ts'
import { isPkcs12, loadPkcs12 } from '../pki/load/pkcs12.ts'
import { loadSecretChain } from '../pki/load/secret.ts'
import type { PrivateKey } from '../pki/private-key.ts'
import type { Certificate } from '../pki/x509/certificate.ts'
import { decodeBase64 } from '../scenario/load/kinds/bundle.ts'
import { objectsOf } from '../scenario/load/load.ts'
import { Problems, type RawObject } from '../scenario/load/source.ts'
import { inputError } from '../util/diagnostics.ts'
import { Malformed } from '../util/malformed.ts'

/** A chain as people have it, and the key beside it where the file holds one. */
export interface ChainFile {
  readonly form: 'pem' | 'der' | 'pkcs12' | 'secret'
  /** The leaf first. */
  readonly certificates: readonly Certificate[]
  readonly key: PrivateKey | null
  /** `Secret default/web-tls`, where it was one. */
  readonly object?: string
}

export interface ChainOptions {
  /** For messages. */
  readonly file: string
  /** Of a PKCS#12 file or of an encrypted key; null: none was given. */
  readonly password: (() => string) | null
  /** `web-tls` or `default/web-tls`: which Secret, where the file holds several. */
  readonly secret?: string
}

const TYPE = 'kubernetes.io/tls'

/**
 * PEM, a certificate in DER, PKCS#12, or a Secret `kubernetes.io/tls` in YAML or JSON, also within a List. Throws `Malformed`, and
 * `InputError` for what is wrong with a manifest.
 */
export function loadChain(bytes: Uint8Array, options: ChainOptions): ChainFile {
  if (isPkcs12(bytes)) return { form: 'pkcs12', ...loadPkcs12(bytes, options.password?.() ?? '') }
  if (bytes[0] === TAG.sequence) return { form: 'der', certificates: loadCertificates(bytes), key: null }
  const text = new TextDecoder().decode(bytes)
  if (looksLikeManifest(text)) return { form: 'secret', ...fromManifest(text, options) }
  if (isPem(bytes)) return { form: 'pem', certificates: loadCertificates(bytes), key: keyIn(bytes, options) }
  throw new Malformed('pem', 'file', 'a chain in PEM, DER or PKCS#12, or a Secret', 'none of these', 0)
}

/** A key may stand beside the certificates; one that is encrypted is looked at only where there is a password. */
function keyIn(bytes: Uint8Array, { password }: ChainOptions): PrivateKey | null {
  const label = parsePem(bytes).find((block) => block.label.endsWith('PRIVATE KEY'))?.label
  if (label === undefined || (label.startsWith('ENCRYPTED') && password === null)) return null
  return loadPrivateKey(bytes, label.startsWith('ENCRYPTED') ? password?.() : undefined)
}

/** Text may stand before PEM too, but no field `kind` at the beginning of a line or of a JSON object. */
const looksLikeManifest = (text: string): boolean => /(^|[{,])\s*"?kind"?\s*:/m.test(text)

interface TlsSecretObject {
  readonly kind: 'Secret'
  readonly type: string
  readonly metadata?: { readonly namespace?: unknown; readonly name?: unknown }
  readonly data?: Readonly<Record<string, unknown>> | null
  readonly stringData?: Readonly<Record<string, unknown>> | null
}

function fromManifest(text: string, { file, secret }: ChainOptions): Omit<ChainFile, 'form'> {
  const problems = new Problems()
  const objects = [...objectsOf({ name: file, text }, problems)]
  problems.check()
  const secrets = objects.filter(({ value }) => isObject(value) && value.kind === 'Secret' && value.type === TYPE)
  const chosen = secrets.filter((raw) => secret === undefined || [nameIn(raw), shortName(raw)].includes(secret))
  if (chosen.length === 1) return fromSecret(chosen[0])
  if (chosen.length > 1) throw inputError(`${file} holds ${chosen.length} Secrets of type ${TYPE}`, oneOf(chosen))
  if (secret !== undefined) throw inputError(`${file} holds no Secret ${secret} of type ${TYPE}`, oneOf(secrets))
  const kinds = objects.map(({ value }) => (isObject(value) ? [value.kind, value.type].filter(Boolean).join(' ') : ''))
  throw inputError(`${file} holds no Secret of type ${TYPE}: ${[...new Set(kinds)].join(', ')}`)
}

/** The key may be missing here: whoever has a chain judged need not show it. */
function fromSecret(raw: RawObject): Omit<ChainFile, 'form'> {
  const { data, stringData } = raw.value as TlsSecretObject
  const read = (key: string): Uint8Array | undefined => {
    const plain = stringData?.[key]
    if (typeof plain === 'string') return Buffer.from(plain)
    const coded = data?.[key]
    if (typeof coded !== 'string') return undefined
    const bytes = decodeBase64(coded)
    if (bytes === null) throw inputError(`Secret ${nameIn(raw)}: illegal base64 data`, undefined, raw.at(['data', key]))
    return bytes
  }
  const at = (key: string) => raw.at([typeof stringData?.[key] === 'string' ? 'stringData' : 'data', key])
  const object = `Secret ${nameIn(raw)}`
  return { object, ...loadSecretChain({ 'tls.crt': read('tls.crt'), 'tls.key': read('tls.key') }, object, at) }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const shortName = ({ value }: RawObject): string => String((value as TlsSecretObject).metadata?.name ?? '')

const nameIn = (raw: RawObject): string =>
  `${(raw.value as TlsSecretObject).metadata?.namespace ?? 'default'}/${shortName(raw)}`

const oneOf = (secrets: readonly RawObject[]): string => {
  const names = secrets.slice(0, 8).map(nameIn)
  return names.length === 0 ? 'one of that name' : `--secret with one of ${names.join(', ')}`
}
