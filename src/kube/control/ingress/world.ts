import type { Ingress, IngressClass } from '../../api/ingress.ts'
import type { EndpointSlice, Service } from '../../api/service.ts'

/** What the controller's informers know. */
export interface IngressWorld {
  readonly ingresses: readonly Ingress[]
  readonly classes: readonly IngressClass[]
  service(namespace: string, name: string): Service | null
  slices(namespace: string, service: string): readonly EndpointSlice[]
  /** By `NS/NAME`. */
  secret(name: string): SecretSeen
  /** Secrets of a name in whatever namespace: `infra/shop-tls`. */
  secretsNamed(name: string): readonly string[]
}

export type SecretSeen =
  | { readonly kind: 'missing' }
  /** It has no certificate with its key. */
  | { readonly kind: 'unusable'; readonly detail: string }
  | {
      readonly kind: 'certificate'
      readonly fingerprint: string
      readonly dnsNames: readonly string[]
      /** Counts only where there is no subjectAltName at all; null where there is one. */
      readonly commonName: string | null
    }
