/** Why an ingress controller serves a certificate for a host. All but `secret` end in the controller's default certificate. */
export type IngressCertificateWhy =
  /** The Secret that `spec.tls` names for the host. */
  | 'secret'
  /** `spec.tls` names a Secret that is not in the Ingress's namespace. */
  | 'secret-missing'
  /** The Secret has no certificate with its key. */
  | 'secret-unusable'
  /** The certificate in the Secret has neither the host nor a wildcard for it. */
  | 'host-not-covered'
  /** `spec.tls` names no Secret for the host. */
  | 'no-secret-name'
  /** The Ingress has `spec.tls`, which does not name the host, and no certificate in it fits either. */
  | 'host-not-in-tls'
  /** The Ingress of the host has no `spec.tls`. */
  | 'no-tls'
  /** `spec.tls` names the host, and no rule does: only hosts of rules are served. */
  | 'host-without-rule'
  /** An Ingress has the host, and is of a class that another controller serves, or none. */
  | 'other-class'
  /** No Ingress knows the host. */
  | 'unknown-host'
  /** The client named no host (no server_name). */
  | 'no-server-name'

/** What an ingress controller knew when it chose a certificate, and what of the Ingress led to it. */
export interface IngressCertificateChoice {
  readonly why: IngressCertificateWhy
  /** The host of the rule that was matched; empty when none was. */
  readonly host: string
  /** `default/shop`; empty when no Ingress has to do with it. */
  readonly ingress: string
  /** `spec.tls[0].secretName`; empty without an Ingress. */
  readonly field: string
  /** `default/shop-tls`; empty when none is named. */
  readonly secret: string
  /** Of the certificate in the Secret, where there is one. */
  readonly names: readonly string[]
  /** Where there is a Secret of that name instead: `infra/shop-tls`; empty when nowhere. */
  readonly elsewhere: string
  /** What is wrong with the Secret; empty when nothing is. */
  readonly detail: string
}

/** What an ingress controller does. */
export type IngressEvent =
  /** Its configuration was made anew. `by`: the objects that changed since the last time. */
  | {
      readonly kind: 'ingress-sync'
      readonly ingresses: number
      readonly hosts: readonly string[]
      readonly by: readonly string[]
    }
  /** A client said hello, and this certificate answers it. `connection` is that of the TLS server's steps. */
  | ({
      readonly kind: 'ingress-certificate'
      readonly connection: number
      readonly serverName: string | null
    } & IngressCertificateChoice)
  /** A request was led somewhere, or nowhere. */
  | {
      readonly kind: 'ingress-route'
      readonly host: string
      readonly path: string
      readonly outcome: 'forwarded' | 'passed-through' | 'redirected' | 'no-backend' | 'no-endpoints' | 'unreachable'
      /** `default/shop`, and `spec.rules[0].http.paths[1]` of it; empty when no Ingress knows the request. */
      readonly ingress: string
      readonly field: string
      /** `default/web`, and its port as the Ingress names it; empty without a backend. */
      readonly service: string
      readonly port: string
      /** Why it was led nowhere, beyond the outcome; empty where there is no more to say. */
      readonly detail: string
      /** Those that were tried, in order: `10.244.1.3:8080`. */
      readonly endpoints: readonly string[]
    }
