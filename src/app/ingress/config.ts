import type { IngressCertificateChoice } from '../../trace/steps/ingress.ts'
import type { Address } from '../../util/address.ts'

/** What NGINX serves: made by the controller from what it knows of the cluster, replaced whole. */
export interface ProxyConfig {
  /** By host in lower case; `*.example.org` stands for one label. */
  readonly servers: ReadonlyMap<string, VirtualServer>
  /** For hosts that no server has: `server_name _`. */
  readonly catchAll: VirtualServer
  /** Hosts of `spec.tls` that no rule has: they are not served. */
  readonly unserved: ReadonlyMap<string, IngressCertificateChoice>
}

export interface VirtualServer {
  readonly host: string
  readonly certificate: Certificate
  /** TLS is not ended here: to this address of a Service (its ClusterIP). Null: it is. */
  readonly passthrough: PassthroughTarget | null
  readonly locations: readonly Location[]
}

/** `none`: the server has no certificate of its own, and `choice` says why. */
export type Certificate =
  | { readonly from: 'none'; readonly choice: IngressCertificateChoice }
  | { readonly from: 'default'; readonly choice: IngressCertificateChoice }
  /** This version of the Secret. */
  | { readonly from: 'secret'; readonly fingerprint: string; readonly choice: IngressCertificateChoice }

export interface PassthroughTarget {
  readonly source: Source
  readonly service: string
  readonly port: number
  readonly address: Address
}

/** `default/shop`, `spec.rules[0].http.paths[1]`: what a decision was made of. */
export interface Source {
  readonly ingress: string
  readonly field: string
}

export interface Location {
  readonly path: string
  readonly match: 'exact' | 'prefix'
  /** Of a root that no path asked for, the rule. Null: no Ingress has to do with it. */
  readonly source: Source | null
  readonly backend: Backend
  /** To https: never, where the host has a certificate, or always. */
  readonly redirect: 'never' | 'with-certificate' | 'always'
  /** How the endpoints are spoken to. */
  readonly protocol: 'HTTP' | 'HTTPS'
  /** The Host header that endpoints see instead of the client's; null: the client's. */
  readonly vhost: string | null
}

export type Backend =
  /** The controller's own page: 404. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'service'
      /** `default/web`, and the port as it is named. */
      readonly service: string
      readonly port: string
      readonly endpoints: readonly UpstreamEndpoint[]
      /** Why there are none; empty where there are. */
      readonly lacking: string
    }

export interface UpstreamEndpoint {
  /** A name to be resolved: of a Service of type ExternalName. */
  readonly host: Address | string
  readonly port: number
}
