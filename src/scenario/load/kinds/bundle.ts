import type { Bundle } from '../../../kube/api/secret.ts'
import { utf8 } from '../../../util/bytes.ts'
import type { Fields, ObjectReader } from '../fields.ts'
import { readMeta } from './meta.ts'

const TLS = 'kubernetes.io/tls'
const ISSUE = 'podwire.dev/issue'
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
/** `-----BEGIN`, as text and in base64. */
const PEM = { text: '-----BEGIN ', base64: 'LS0tLS1CRUdJTi' } as const

/** A Secret of type kubernetes.io/tls, or any other that holds PEM. Of the rest no data is read. */
export function readSecret(reader: ObjectReader, root: Fields): Bundle {
  const type = root.text('type', 'Opaque')
  const plain = root.labels('stringData')
  const encoded = root.labels('data')
  const data: Record<string, Uint8Array> = {}
  for (const [key, value] of Object.entries(encoded)) {
    if (typeof value !== 'string' || !(type === TLS || value.startsWith(PEM.base64))) continue
    const bytes = decodeBase64(value)
    if (bytes === null) {
      const what = `illegal base64 data in data[${key}]`
      reader.fail(['data', key], `Secret in version "v1" cannot be handled as a Secret: ${what}`)
    }
    data[key] = bytes ?? new Uint8Array(0)
  }
  for (const [key, value] of Object.entries(plain))
    if (typeof value === 'string' && (type === TLS || value.includes(PEM.text))) data[key] = utf8(value)
  const meta = readMeta(reader, root, 'Namespaced')
  const issue = meta.annotations[ISSUE] ?? null
  if (type === TLS && issue === null) {
    for (const key of ['tls.crt', 'tls.key']) {
      if (data[key] === undefined) root.faultAt(['data'], `data[${key}]: Required value`)
    }
  }
  return { meta, kind: 'Secret', type, data, issue }
}

/** As Go reads a []byte: line breaks do not count, all else must be right; null when it is not. */
export function decodeBase64(value: string): Uint8Array | null {
  const text = value.replace(/[\r\n]/g, '')
  return BASE64.test(text) ? new Uint8Array(Buffer.from(text, 'base64')) : null
}

/** A ConfigMap that holds certificates; null for all others. */
export function readRoots(reader: ObjectReader, root: Fields): Bundle | null {
  const found = Object.entries(root.labels('data')).filter(
    ([, value]) => typeof value === 'string' && value.includes(`${PEM.text}CERTIFICATE`),
  )
  if (found.length === 0) return null
  const data = Object.fromEntries(found.map(([key, value]) => [key, utf8(value)]))
  return { meta: readMeta(reader, root, 'Namespaced'), kind: 'ConfigMap', type: '', data, issue: null }
}
