import type { VirtualServer } from '../../../../linux/netfilter/ipvs/virtual-server.ts'
import type { IpSetEntry } from '../../../../linux/netfilter/rules/ipset.ts'
import type { SchedulerName } from '../../../../trace/steps/packet.ts'
import type { Address } from '../../../../util/address.ts'
import type { Categories, Endpoint } from '../endpoints.ts'
import { admitsNode, PROTOCOL_NUMBER, type ServicePortInfo } from '../service-port.ts'
import type { SetEntries } from './sets.ts'

/** What one Service port gives to IPVS, on nodes that use the same endpoints. */
export interface IpvsService {
  readonly info: ServicePortInfo
  /** At its cluster, external and load balancer addresses. */
  readonly servers: readonly VirtualServer[]
  /** At an address of a node; null without a NodePort. */
  readonly nodePort: ((address: Address) => VirtualServer) | null
  /** But for those that depend on the node's addresses. */
  readonly entries: SetEntries
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
  const at = (address: Address, port: number, local: boolean): VirtualServer =>
    new KubeServer(info, address, port, scheduler, found, local)
  const external = [...info.externalIPs, ...info.vips]
  return {
    info,
    servers: [
      at(info.clusterIP, info.port, info.internalLocal),
      ...external.map((address) => at(address, info.port, info.externalLocal)),
    ],
    nodePort: info.nodePort === 0 ? null : (address) => at(address, info.nodePort, info.externalLocal),
    entries: entriesOf(info, nodeAddress),
    closedToNode: info.sourceRanges.length === 0 || admitsNode(info, nodeAddress) ? [] : info.vips,
  }
}

/** A virtual server whose real servers are looked up when somebody first asks. */
class KubeServer implements VirtualServer {
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
  }

  get reals(): VirtualServer['reals'] {
    this.found ??= realsOf(this.endpoints, this.local).map(({ address, port }) => ({ address, port, weight: 1 }))
    return this.found
  }
}

/** syncEndpoint: without local endpoints a Local policy falls back to all of them, for the pods of the node. */
const realsOf = ({ cluster, local }: Categories, onlyLocal: boolean): readonly Endpoint[] =>
  onlyLocal && local.length > 0 ? local : cluster

function entriesOf(info: ServicePortInfo, nodeAddress: Address | null): SetEntries {
  const { port, vips, externalIPs, externalLocal, sourceRanges, nodePort, healthCheckNodePort } = info
  const protocol = PROTOCOL_NUMBER[info.protocol]
  const entry = (address: Address): IpSetEntry => ({ address, protocol, port })
  const lb = vips.map(entry)
  const fenced = sourceRanges.length > 0
  return {
    'CLUSTER-IP': [entry(info.clusterIP)],
    [externalLocal ? 'EXTERNAL-IP-LOCAL' : 'EXTERNAL-IP']: externalIPs.map(entry),
    'LOAD-BALANCER': lb,
    'LOAD-BALANCER-LOCAL': externalLocal ? lb : [],
    'LOAD-BALANCER-FW': fenced ? lb : [],
    'LOAD-BALANCER-SOURCE-CIDR': lb.flatMap((one) => sourceRanges.map((second) => ({ ...one, second }))),
    'LOAD-BALANCER-SOURCE-IP':
      fenced && admitsNode(info, nodeAddress) ? vips.map((second) => ({ ...entry(second), second })) : [],
    ...nodePortEntries(info.protocol, nodePort, externalLocal),
    'HEALTH-CHECK-NODE-PORT': healthCheckNodePort === 0 ? [] : [{ port: healthCheckNodePort }],
  }
}

/** SCTP's are at each address of the node: see `sctpEntries`. */
function nodePortEntries(protocol: ServicePortInfo['protocol'], port: number, local: boolean): SetEntries {
  if (port === 0 || protocol === 'sctp') return {}
  const name = protocol === 'tcp' ? 'TCP' : 'UDP'
  return { [`NODE-PORT-${name}`]: [{ port }], ...(local && { [`NODE-PORT-LOCAL-${name}`]: [{ port }] }) }
}

/** SCTP's NodePorts stand in a set once for each address of the node. */
export function sctpEntries(
  { protocol, nodePort, externalLocal }: ServicePortInfo,
  addresses: readonly Address[],
): SetEntries {
  if (protocol !== 'sctp' || nodePort === 0) return {}
  const entries = addresses.map((address) => ({ address, protocol: PROTOCOL_NUMBER.sctp, port: nodePort }))
  return { 'NODE-PORT-SCTP-HASH': entries, ...(externalLocal && { 'NODE-PORT-LOCAL-SCTP-HASH': entries }) }
}
