import type { Meta } from './meta.ts'

/** A port of a Service: by its number or by its name. */
export type BackendPort = number | string

export interface IngressBackend {
  readonly service: string
  readonly port: BackendPort
}

export const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'] as const
export type PathType = (typeof PATH_TYPES)[number]

export interface IngressPath {
  /** Empty: every path. */
  readonly path: string
  readonly pathType: PathType
  /** null: a resource, which is no Service. */
  readonly backend: IngressBackend | null
}

export interface IngressRule {
  /** Empty: every host. `*.example.org` stands for one label. */
  readonly host: string
  /** null: a rule without `http`. */
  readonly paths: readonly IngressPath[] | null
}

export interface IngressTls {
  readonly hosts: readonly string[]
  /** Empty when none is named. */
  readonly secretName: string
}

/** networking.k8s.io/v1 Ingress. `status` is the controller's word and is not read. */
export interface Ingress {
  readonly meta: Meta
  /** `spec.ingressClassName`; null when none is given. */
  readonly className: string | null
  readonly defaultBackend: IngressBackend | null
  readonly rules: readonly IngressRule[]
  readonly tls: readonly IngressTls[]
  /** Milliseconds since 1970 (`metadata.creationTimestamp`); null for one that is made as the scenario begins. */
  readonly created: number | null
  /** In a cluster the API server has admitted it already: defaults that new objects get are there, or were not given. */
  readonly from: 'manifest' | 'cluster'
}

/** networking.k8s.io/v1 IngressClass. */
export interface IngressClass {
  readonly meta: Meta
  /** `spec.controller`: `k8s.io/ingress-nginx`. */
  readonly controller: string
}

/** What named the class before `spec.ingressClassName` did. */
export const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'
const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class'

export const isDefaultClass = ({ meta }: IngressClass): boolean => meta.annotations[DEFAULT_CLASS] === 'true'

/**
 * The admission plugin DefaultIngressClass: a new Ingress without a class gets the default one, the newest of several, of
 * equally new ones the first by name. Of classes the time is not read.
 */
export function admitIngress<I extends Ingress>(ingress: I, classes: readonly IngressClass[]): I {
  if (
    ingress.from === 'cluster' ||
    ingress.className !== null ||
    ingress.meta.annotations[CLASS_ANNOTATION] !== undefined
  )
    return ingress
  const [chosen] = classes.filter(isDefaultClass).sort((a, b) => (a.meta.name < b.meta.name ? -1 : 1))
  return chosen === undefined ? ingress : { ...ingress, className: chosen.meta.name }
}
