import type { Address, Family } from '../../../util/address.ts'
import { familyOf } from '../../../util/address.ts'
import { inPrefix, type Prefix } from '../../../util/prefix.ts'
import { nameOf, type Protocol } from '../../api/meta.ts'
import type { LoadBalancerIngress, Service, ServicePort } from '../../api/service.ts'

/** IP protocol numbers by the name that rules print. */
export const PROTOCOL_NUMBER = { tcp: 6, udp: 17, sctp: 132 } as const

export type ProtocolName = keyof typeof PROTOCOL_NUMBER

export const PROTOCOL_NAME: Readonly<Record<Protocol, ProtocolName>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' }

/** One port of a Service in one family: BaseServicePortInfo. */
export interface ServicePortInfo {
  /** `default/web:http`; without a colon when the port has no name. Hashed into chain names. */
  readonly name: string
  /** `Service default/web`. */
  readonly origin: string
  /** Of the port, as EndpointSlices name it. */
  readonly portName: string
  readonly family: Family
  readonly protocol: ProtocolName
  readonly clusterIP: Address
  readonly port: number
  /** 0 when none. */
  readonly nodePort: number
  readonly externalIPs: readonly Address[]
  /** Load balancer addresses that the node itself serves (`ipMode: VIP`). */
  readonly vips: readonly Address[]
  readonly sourceRanges: readonly Prefix[]
  /** 0 when none. */
  readonly healthCheckNodePort: number
  /** Seconds of ClientIP affinity; 0 without. */
  readonly affinity: number
  readonly internalLocal: boolean
  readonly externalLocal: boolean
}

/** A Service that another proxy serves carries this label. */
const PROXY_NAME = 'service.kubernetes.io/service-proxy-name'

/** The cluster address by which kube-proxy serves a Service in one family: none for headless and ExternalName Services. */
export function servedAt(service: Service, family: Family): Address | null {
  if (service.headless || service.type === 'ExternalName' || PROXY_NAME in service.meta.labels) return null
  return service.clusterIPs.find((address) => familyOf(address) === family) ?? null
}

/** It is reached by its cluster address alone, under no traffic policy. */
export const isPlain = ({ type, externalIPs, internalTrafficPolicy, ingress, sourceRanges }: Service): boolean =>
  type === 'ClusterIP' &&
  externalIPs.length === 0 &&
  internalTrafficPolicy === 'Cluster' &&
  ingress.length === 0 &&
  sourceRanges.length === 0

export function portInfo(service: Service, port: ServicePort, family: Family, clusterIP: Address): ServicePortInfo {
  const { ingress, sourceRanges } = service
  const external = service.type !== 'ClusterIP' || service.externalIPs.length > 0
  const externalLocal = external && service.externalTrafficPolicy === 'Local'
  const name = nameOf(service.meta)
  return {
    name: port.name === '' ? name : `${name}:${port.name}`,
    origin: `Service ${name}`,
    portName: port.name,
    family,
    protocol: PROTOCOL_NAME[port.protocol],
    clusterIP,
    port: port.port,
    nodePort: port.nodePort,
    externalIPs: ofFamily(service.externalIPs, family),
    vips: ingress.length === 0 ? NO_ADDRESSES : ofFamily(ingress.filter(isVip).map(addressOf), family),
    sourceRanges: sourceRanges.length === 0 ? NO_RANGES : sourceRanges.filter((r) => familyOf(r.address) === family),
    healthCheckNodePort: service.type === 'LoadBalancer' && externalLocal ? service.healthCheckNodePort : 0,
    affinity: service.sessionAffinity === 'ClientIP' ? service.affinityTimeout : 0,
    internalLocal: service.internalTrafficPolicy === 'Local',
    externalLocal,
  }
}

const NO_ADDRESSES: readonly Address[] = []
const NO_RANGES: readonly Prefix[] = []

const isVip = ({ mode }: LoadBalancerIngress): boolean => mode === 'VIP'
const addressOf = ({ address }: LoadBalancerIngress): Address => address

function ofFamily(addresses: readonly Address[], family: Family): readonly Address[] {
  return addresses.length === 0 ? NO_ADDRESSES : addresses.filter((address) => familyOf(address) === family)
}

/** NodePort, load balancer or external addresses. */
export function externallyAccessible(info: ServicePortInfo): boolean {
  return info.nodePort !== 0 || info.vips.length > 0 || info.externalIPs.length > 0
}

/** Also under the Local external policy: pods and the node itself are served as if they went to the cluster address. */
export const usesClusterEndpoints = (info: ServicePortInfo): boolean =>
  !info.internalLocal || externallyAccessible(info)

export const usesLocalEndpoints = (info: ServicePortInfo): boolean =>
  info.internalLocal || (info.externalLocal && externallyAccessible(info))

/** Whether the node itself is within the source ranges. */
export function admitsNode({ sourceRanges, family }: ServicePortInfo, nodeAddress: Address | null): boolean {
  if (nodeAddress === null || familyOf(nodeAddress) !== family) return false
  return sourceRanges.some((range) => inPrefix(nodeAddress, range))
}
