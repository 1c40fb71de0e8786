import { keyOfServer, type VirtualServer } from '../../../../linux/netfilter/ipvs/virtual-server.ts'
import type { IpSetEntry } from '../../../../linux/netfilter/rules/ipset.ts'
import type { SchedulerName } from '../../../../trace/steps/packet.ts'
import type { Address } from '../../../../util/address.ts'
import type { Categories, Endpoint } from '../endpoints.ts'
import { admitsNode, PROTOCOL_NUMBER, type ServicePortInfo } from '../service-port.ts'
import type { SetMember } from './sets.ts'

/** What one Service port gives to IPVS, on nodes that use the same endpoints. */
export interface IpvsService {
  readonly info: ServicePortInfo
  /** At its cluster, external and load balancer addresses. */
  readonly servers: readonly KubeServer[]
  /** At an address of a node; null without a NodePort. */
  readonly nodePort: ((address: Address) => KubeServer) | null
  readonly members: readonly SetMember[]
  /** Load balancer addresses that the node itself may not use: it lies outside their source ranges. */
  readonly closedToNode: readonly Address[]
}

/** The part of syncProxyRules that is done for each Service port. */
export function ipvsService(
  info: ServicePortInfo,
  found: Categories,
  nodeAddress: Address | null,
  scheduler: SchedulerName,
): IpvsService {
  const at = (address: Address, port: number, local: boolean): KubeServer =>
    new KubeServer(info, address, port, scheduler, found, local)
  const external = [...info.externalIPs, ...info.vips]
  return {
    info,
    servers: [
      at(info.clusterIP, info.port, info.internalLocal),
      ...external.map((address) => at(address, info.port, info.externalLocal)),
    ],
    nodePort: info.nodePort === 0 ? null : (address) => at(address, info.nodePort, info.externalLocal),
    members: membersOf(info, nodeAddress),
    closedToNode: info.sourceRanges.length === 0 || admitsNode(info, nodeAddress) ? [] : info.vips,
  }
}

/** A virtual server whose real servers are looked up when somebody first asks. */
export class KubeServer implements VirtualServer {
  /** Its key among virtual servers. */
  readonly key: string
  /** Its address as a member of IPVS-IPS. */
  readonly member: IpSetEntry
  readonly protocol: number
  readonly persistence: number
  readonly hashPorts: boolean
  readonly origin: string
  private found: VirtualServer['reals'] | null = null

  constructor(
    info: ServicePortInfo,
    readonly address: Address,
    readonly port: number,
    readonly scheduler: SchedulerName,
    private readonly endpoints: Categories,
    private readonly local: boolean,
  ) {
    this.protocol = PROTOCOL_NUMBER[info.protocol]
    this.persistence = info.affinity
    this.hashPorts = scheduler === 'mh'
    this.origin = info.origin
    this.key = keyOfServer(this)
    this.member = { address }
  }

  get reals(): VirtualServer['reals'] {
    this.found ??= realsOf(this.endpoints, this.local).map(({ address, port }) => ({ address, port, weight: 1 }))
    return this.found
  }
}

/** syncEndpoint: without local endpoints a Local policy falls back to all of them, for the pods of the node. */
const realsOf = ({ cluster, local }: Categories, onlyLocal: boolean): readonly Endpoint[] =>
  onlyLocal && local.length > 0 ? local : cluster

/** But for those that depend on the node's addresses: see `sctpMembers`. */
function membersOf(info: ServicePortInfo, nodeAddress: Address | null): SetMember[] {
  const { port, nodePort } = info
  const protocol = PROTOCOL_NUMBER[info.protocol]
  const members: SetMember[] = [['CLUSTER-IP', { address: info.clusterIP, protocol, port }]]
  for (const address of info.externalIPs) {
    members.push([info.externalLocal ? 'EXTERNAL-IP-LOCAL' : 'EXTERNAL-IP', { address, protocol, port }])
  }
  for (const vip of info.vips) members.push(...loadBalancerMembers(info, vip, nodeAddress))
  if (nodePort !== 0 && info.protocol !== 'sctp') {
    const name = info.protocol === 'tcp' ? 'TCP' : 'UDP'
    members.push([`NODE-PORT-${name}`, { port: nodePort }])
    if (info.externalLocal) members.push([`NODE-PORT-LOCAL-${name}`, { port: nodePort }])
  }
  if (info.healthCheckNodePort !== 0) members.push(['HEALTH-CHECK-NODE-PORT', { port: info.healthCheckNodePort }])
  return members
}

function loadBalancerMembers(info: ServicePortInfo, address: Address, nodeAddress: Address | null): SetMember[] {
  const entry = { address, protocol: PROTOCOL_NUMBER[info.protocol], port: info.port }
  const members: SetMember[] = [['LOAD-BALANCER', entry]]
  if (info.externalLocal) members.push(['LOAD-BALANCER-LOCAL', entry])
  if (info.sourceRanges.length === 0) return members
  members.push(['LOAD-BALANCER-FW', entry])
  for (const second of info.sourceRanges) members.push(['LOAD-BALANCER-SOURCE-CIDR', { ...entry, second }])
  if (admitsNode(info, nodeAddress)) members.push(['LOAD-BALANCER-SOURCE-IP', { ...entry, second: address }])
  return members
}

/** SCTP's NodePorts stand in a set once for each address of the node. */
export function sctpMembers(
  { protocol, nodePort, externalLocal }: ServicePortInfo,
  addresses: readonly Address[],
): SetMember[] {
  if (protocol !== 'sctp' || nodePort === 0) return []
  return addresses.flatMap((address): SetMember[] => {
    const entry = { address, protocol: PROTOCOL_NUMBER.sctp, port: nodePort }
    const member: SetMember = ['NODE-PORT-SCTP-HASH', entry]
    return externalLocal ? [member, ['NODE-PORT-LOCAL-SCTP-HASH', entry]] : [member]
  })
}
