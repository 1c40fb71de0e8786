import type { Ingress, IngressClass } from '../../kube/api/ingress.ts'
import type { KubeObject } from '../../kube/api/kinds.ts'
import type { Meta } from '../../kube/api/meta.ts'
import type { Node } from '../../kube/api/node.ts'
import type { Pod } from '../../kube/api/pod.ts'
import type { ProxyConfig } from '../../kube/api/proxy-config.ts'
import type { Bundle } from '../../kube/api/secret.ts'
import type { EndpointSlice, Service } from '../../kube/api/service.ts'
import type { Diagnostic } from '../../util/diagnostics.ts'
import type { FlannelConfig, KubeadmConfig } from './kinds/config.ts'
import type { Operation, Scenario } from './scenario-kind.ts'

/** What ConfigMaps said of the cluster. */
export interface ConfigHints {
  readonly proxy?: ProxyConfig
  readonly flannel?: FlannelConfig
  readonly kubeadm?: KubeadmConfig
  /** A network plugin that its ConfigMap gave away. */
  readonly cni?: string
}

/** A kind that is not modelled, how often it came, and whether it could change a verdict. */
export interface SkippedKind {
  readonly apiVersion: string
  readonly kind: string
  count: number
  /** The first few names, for the message. */
  readonly names: string[]
  readonly changesVerdicts: boolean
}

/** Everything that was read, as slim records. Objects given twice are here once: the last of them. */
export interface Inventory {
  readonly nodes: readonly Node[]
  readonly namespaces: readonly Meta[]
  readonly pods: readonly Pod[]
  /** What controllers work on, and pods that are still to be made (their manifests have no status), whole. */
  readonly objects: readonly KubeObject[]
  readonly services: readonly Service[]
  readonly slices: readonly EndpointSlice[]
  readonly ingresses: readonly Ingress[]
  readonly ingressClasses: readonly IngressClass[]
  /** Secrets and ConfigMaps that hold keys or certificates. */
  readonly bundles: readonly Bundle[]
  /** Secrets without keys or certificates, by NS/NAME: that they are there is all that is known of them. */
  readonly plainSecrets: readonly string[]
  readonly hints: ConfigHints
  readonly scenarios: readonly Scenario[]
  /** What the `apply` steps of the scenarios bring. */
  readonly applied: ReadonlyMap<Operation, Inventory>
  readonly skipped: readonly SkippedKind[]
  /** Warnings and notes; errors were thrown. */
  readonly diagnostics: readonly Diagnostic[]
}
