import type { Address, Family } from '../../util/address.ts'
import type { Prefix } from '../../util/prefix.ts'
import type { Labels, Meta, Protocol } from './meta.ts'

export interface ServicePort {
  /** Empty for the single port that needs none. */
  readonly name: string
  readonly port: number
  readonly protocol: Protocol
  /** A number, or the name of a container port. Defaults to `port`. */
  readonly targetPort: number | string
  /** 0 when none. */
  readonly nodePort: number
  readonly appProtocol: string
}

export interface LoadBalancerIngress {
  readonly address: Address
  readonly mode: 'VIP' | 'Proxy'
}

export type TrafficPolicy = 'Cluster' | 'Local'
export type TrafficDistribution = '' | 'PreferSameZone' | 'PreferSameNode'

/** core/v1 Service with the API server's defaults filled in. */
export interface Service {
  readonly meta: Meta
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'
  /** Empty for headless and ExternalName Services, and for those that still wait for an address. */
  readonly clusterIPs: readonly Address[]
  readonly headless: boolean
  readonly externalName: string
  readonly ports: readonly ServicePort[]
  /** null: endpoints are managed by hand. */
  readonly selector: Labels | null
  readonly externalIPs: readonly Address[]
  readonly ingress: readonly LoadBalancerIngress[]
  readonly sourceRanges: readonly Prefix[]
  readonly loadBalancerClass: string
  /** 0 when none. */
  readonly healthCheckNodePort: number
  readonly sessionAffinity: 'None' | 'ClientIP'
  /** Seconds; 10800 by default. */
  readonly affinityTimeout: number
  readonly internalTrafficPolicy: TrafficPolicy
  readonly externalTrafficPolicy: TrafficPolicy
  readonly publishNotReadyAddresses: boolean
  /** `PreferClose` is read as its successor `PreferSameZone`. */
  readonly trafficDistribution: TrafficDistribution
}

export interface SlicePort {
  readonly name: string
  readonly port: number
  readonly protocol: Protocol
}

/** One endpoint of an EndpointSlice with the defaults of discovery/v1: absent `ready` and `serving` mean true. */
export interface SliceEndpoint {
  readonly addresses: readonly Address[]
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  readonly hostname: string
  readonly node: string
  readonly zone: string
  readonly hintZones: readonly string[]
  readonly hintNodes: readonly string[]
  /** `default/web-1` when a Pod stands behind it, else empty: then it is a stub. */
  readonly pod: string
}

/** discovery/v1 EndpointSlice; an Endpoints object becomes one per subset, as EndpointSliceMirroring would. */
export interface EndpointSlice {
  readonly meta: Meta
  /** Label `kubernetes.io/service-name`. */
  readonly service: string
  readonly family: Family
  readonly ports: readonly SlicePort[]
  readonly endpoints: readonly SliceEndpoint[]
  /** Where it comes from: its own object, an Endpoints object, or a Service's selector. */
  readonly from: 'EndpointSlice' | 'Endpoints' | 'selector'
}
