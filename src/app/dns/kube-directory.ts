import type { Address } from '../../util/address.ts'

/** An address behind a Service. `hostname` is the Pod's, where its subdomain makes it part of DNS; else null. */
export interface DnsEndpoint {
  readonly address: Address
  readonly hostname: string | null
}

export interface DnsPort {
  /** Empty when the port has none. */
  readonly name: string
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  /** For a headless Service, the port of its endpoints. */
  readonly port: number
}

/** A Service as DNS sees it. */
export interface DnsService {
  readonly namespace: string
  readonly name: string
  /** ClusterIPs; none for a headless Service. */
  readonly addresses: readonly Address[]
  /** Set for ExternalName, with no dot at its end. */
  readonly externalName: string | null
  readonly ports: readonly DnsPort[]
  /** Ready, or all with publishNotReadyAddresses. */
  readonly endpoints: readonly DnsEndpoint[]
}

/** What the cluster's DNS server knows of the cluster: its informers' caches. */
export interface KubeDirectory {
  hasNamespace(name: string): boolean
  service(namespace: string, name: string): DnsService | null
  /** The Service with this ClusterIP. */
  serviceAt(address: Address): DnsService | null
  /** The Services that have this endpoint. */
  endpointsAt(address: Address): readonly { readonly service: DnsService; readonly endpoint: DnsEndpoint }[]
}
