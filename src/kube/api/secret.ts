import type { Meta } from './meta.ts'

/** core/v1 Secret, base64 undone, and ConfigMap: those that hold keys or certificates. Values are never printed. */
export interface Bundle {
  readonly meta: Meta
  readonly kind: 'Secret' | 'ConfigMap'
  /** `kubernetes.io/tls`, `Opaque` …; empty for a ConfigMap. */
  readonly type: string
  readonly data: Readonly<Record<string, Uint8Array>>
  /** Annotation `podwire.dev/issue`: a certificate that the cluster's CA is to issue into the Secret; null without. */
  readonly issue: string | null
}
