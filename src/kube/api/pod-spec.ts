import type { Labels } from './meta.ts'
import type { ObjectMeta } from './object.ts'
import type { ContainerPort } from './pod.ts'
import type { Resources } from './quantity.ts'
import type { Affinity, Toleration, TopologySpreadConstraint } from './scheduling.ts'

/** How a probe asks. Ports are numbers or names of container ports. */
export type ProbeHandler =
  | {
      readonly kind: 'httpGet'
      readonly scheme: 'HTTP' | 'HTTPS'
      /** Empty: the pod's own address. */
      readonly host: string
      readonly path: string
      readonly port: number | string
      readonly headers: readonly (readonly [string, string])[]
    }
  | { readonly kind: 'tcpSocket'; readonly host: string; readonly port: number | string }
  | { readonly kind: 'grpc'; readonly port: number; readonly service: string }
  | { readonly kind: 'exec'; readonly command: readonly string[] }

/** core/v1 Probe with the API server's defaults: times in seconds. */
export interface Probe {
  readonly handler: ProbeHandler
  readonly initialDelaySeconds: number
  readonly timeoutSeconds: number
  readonly periodSeconds: number
  readonly successThreshold: number
  readonly failureThreshold: number
  /** For liveness and startup: instead of the pod's own grace. */
  readonly terminationGracePeriodSeconds: number | null
}

export type HttpGet = Extract<ProbeHandler, { readonly kind: 'httpGet' }>

/** `lifecycle.preStop`: what runs before SIGTERM, within the grace period. */
export type LifecycleHandler =
  | { readonly kind: 'sleep'; readonly seconds: number }
  | Extract<ProbeHandler, { readonly kind: 'exec' }>
  | HttpGet

export interface Container {
  readonly name: string
  readonly image: string
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never'
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly ports: readonly ContainerPort[]
  readonly requests: Resources
  readonly startupProbe: Probe | null
  readonly readinessProbe: Probe | null
  readonly livenessProbe: Probe | null
  readonly preStop: LifecycleHandler | null
  /** Of an init container: a sidecar (KEP-753), which starts in order and keeps running. */
  readonly sidecar: boolean
}

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never'

/** core/v1 PodSpec, the part that decides where, when and how long a pod runs. */
export interface PodSpec {
  readonly nodeName: string
  readonly initContainers: readonly Container[]
  readonly containers: readonly Container[]
  readonly restartPolicy: RestartPolicy
  readonly terminationGracePeriodSeconds: number
  readonly activeDeadlineSeconds: number | null
  readonly hostNetwork: boolean
  readonly hostname: string
  readonly subdomain: string
  readonly nodeSelector: Labels
  readonly affinity: Affinity | null
  readonly tolerations: readonly Toleration[]
  readonly topologySpreadConstraints: readonly TopologySpreadConstraint[]
  readonly priority: number
  readonly preemptionPolicy: 'PreemptLowerPriority' | 'Never'
  readonly readinessGates: readonly string[]
  readonly schedulingGates: readonly string[]
}

/** What controllers create pods from. */
export interface PodTemplate {
  readonly meta: Pick<ObjectMeta, 'labels' | 'annotations'>
  readonly spec: PodSpec
}

/** All containers that may hold ports, in the order kubelet starts them. */
export const allContainers = ({ initContainers, containers }: PodSpec): readonly Container[] =>
  initContainers.length === 0 ? containers : [...initContainers, ...containers]
