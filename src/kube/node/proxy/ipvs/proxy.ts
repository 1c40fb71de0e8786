import { type VirtualServer, VirtualServers } from '../../../../linux/netfilter/ipvs/virtual-server.ts'
import type { IpSet, IpSetEntry } from '../../../../linux/netfilter/rules/ipset.ts'
import { type Address, type AddressKey, type Family, familyOf, keyOf } from '../../../../util/address.ts'
import { inPrefix, type Prefix, prefix } from '../../../../util/prefix.ts'
import type { RulePart } from '../../node-rules.ts'
import { localPods, nodePortAddresses, type ProxyNode, type ProxyOptions } from '../config.ts'
import type { ServiceModel } from '../model.ts'
import { alike, PerNodeServices } from '../per-node.ts'
import { PROTOCOL_NUMBER } from '../service-port.ts'
import { ipvsRules } from './rules.ts'
import { type IpvsService, ipvsService, type KubeServer, sctpMembers } from './service.ts'
import { makeSet, SET_NAMES, type SetName } from './sets.ts'

/** The device that holds the virtual addresses, so that packets to them are delivered to the node and IPVS sees them. */
export const DUMMY_DEVICE = 'kube-ipvs0'

/** What kube-proxy sets up on one node, for one family. */
export interface IpvsPart {
  readonly servers: VirtualServers
  readonly sets: readonly IpSet[]
  readonly rules: RulePart
  /** Of kube-ipvs0. */
  readonly addresses: readonly Address[]
}

const LOOPBACK: Readonly<Record<Family, Prefix>> = { 4: prefix('127.0.0.0/8'), 6: prefix('::1/128') }

/** kube-proxy in ipvs mode, for all nodes at once. What nodes have in common is made once. */
export class IpvsProxy {
  private readonly groups = new Map<Family, Group>()

  constructor(
    private readonly model: ServiceModel,
    readonly options: ProxyOptions,
  ) {}

  /** What one node has, as of now. */
  part(node: ProxyNode, family: Family): IpvsPart {
    let group = this.groups.get(family)
    if (group === undefined) {
      this.groups.set(family, (group = new Group(this.model, family, this.options)))
    }
    return group.part(node)
  }
}

/** What nodes have in common that serve all Services alike. */
interface Common {
  readonly services: readonly IpvsService[]
  /** But for NodePorts, which are at the addresses of each node. */
  readonly servers: ReadonlyMap<string, VirtualServer>
  /** But for those that depend on the node. */
  readonly sets: ReadonlyMap<SetName, IpSet>
  /** A virtual server at every address of one, but for NodePorts'. */
  readonly addresses: ReadonlyMap<AddressKey, KubeServer>
}

class Group {
  private readonly services: PerNodeServices<IpvsService>
  /** By what nodes use of Services that they serve in different ways. */
  private readonly common = new Map<string, Common>()

  constructor(
    private readonly model: ServiceModel,
    private readonly family: Family,
    private readonly options: ProxyOptions,
  ) {
    this.services = new PerNodeServices(
      model,
      family,
      alike((info, endpoints, nodeAddress) => ipvsService(info, endpoints, nodeAddress, options.ipvsScheduler)),
    )
  }

  part(node: ProxyNode): IpvsPart {
    const common = this.commonTo(node)
    const reachable = this.nodeAddresses(node)
    const bound = boundOn(node, common)
    const sets = this.sets(common, node, reachable, bound)
    return {
      servers: new VirtualServers([common.servers, nodePortServers(common.services, reachable)]),
      sets,
      rules: ipvsRules({
        options: this.options,
        family: this.family,
        localPods: localPods(this.options, node, this.family),
        filled: new Set(SET_NAMES.filter((_, i) => sets[i].entries.length > 0)),
        closedToNode: common.services.flatMap(({ info, closedToNode }) =>
          closedToNode.map((address) => ({ address, protocol: PROTOCOL_NUMBER[info.protocol], port: info.port })),
        ),
      }),
      addresses: bound.map(({ address }) => address),
    }
  }

  private commonTo(node: ProxyNode): Common {
    this.services.refresh(() => this.common.clear())
    const { key, items } = this.services.local(node)
    let common = this.common.get(key)
    if (common === undefined) {
      this.common.set(key, (common = this.commonOf([...this.services.shared(), ...items])))
    }
    return common
  }

  private commonOf(services: readonly IpvsService[]): Common {
    const servers = new Map<string, VirtualServer>()
    const addresses = new Map<AddressKey, KubeServer>()
    const members = new Map<SetName, IpSetEntry[]>(SET_NAMES.map((name) => [name, []]))
    for (const service of services) {
      for (const server of service.servers) {
        addServer(servers, server)
        addresses.set(keyOf(server.address), server)
      }
      for (const [name, entry] of service.members) members.get(name)!.push(entry)
    }
    const sets = new Map(SET_NAMES.map((name) => [name, makeSet(name, this.family, members.get(name)!)]))
    sets.set('IPVS-IPS', makeSet('IPVS-IPS', this.family, membersOf(addresses.values())))
    return { services, servers, sets, addresses }
  }

  /** Where NodePorts are open. Never on loopback addresses. */
  private nodeAddresses(node: ProxyNode): readonly Address[] {
    const all = nodePortAddresses(this.options, this.family, node) ?? node.addresses
    return all.filter((address) => familyOf(address) === this.family && !inPrefix(address, LOOPBACK[this.family]))
  }

  /** In the order of SET_NAMES. */
  private sets(
    { services, sets, addresses: all }: Common,
    node: ProxyNode,
    reachable: readonly Address[],
    bound: readonly KubeServer[],
  ): IpSet[] {
    const own = new Map<SetName, readonly IpSetEntry[]>([['LOOP-BACK', this.localEndpoints(node.name)]])
    if (bound.length < all.size) own.set('IPVS-IPS', membersOf(bound))
    const sctp = services.flatMap(({ info }) => sctpMembers(info, reachable))
    for (const [name] of sctp) {
      own.set(
        name,
        sctp.filter(([other]) => other === name).map(([, entry]) => entry),
      )
    }
    return SET_NAMES.map((name) => {
      const entries = own.get(name)
      return entries === undefined ? sets.get(name)! : makeSet(name, this.family, entries)
    })
  }

  /** For hairpin: an endpoint that reaches itself is masqueraded. */
  private localEndpoints(node: string): readonly IpSetEntry[] {
    const entries: IpSetEntry[] = []
    for (const port of this.model.allPorts(this.family)) {
      const protocol = PROTOCOL_NUMBER[port.info.protocol]
      for (const { address, port: at } of port.on(node)) {
        entries.push({ address, protocol, port: at, second: address })
      }
    }
    return entries
  }
}

const membersOf = (servers: Iterable<KubeServer>): IpSetEntry[] => Array.from(servers, ({ member }) => member)

/** Whose addresses kube-ipvs0 gets: not those that another device has. */
function boundOn(node: ProxyNode, { addresses }: Common): KubeServer[] {
  const elsewhere = new Set<AddressKey>(node.addresses.map(keyOf))
  return [...addresses.values()].filter(({ address }) => !elsewhere.has(keyOf(address)))
}

function nodePortServers(services: readonly IpvsService[], addresses: readonly Address[]): Map<string, VirtualServer> {
  const servers = new Map<string, VirtualServer>()
  for (const { nodePort } of services) {
    if (nodePort !== null) for (const address of addresses) addServer(servers, nodePort(address))
  }
  return servers
}

/** Of two with one address and port the first stays. */
function addServer(servers: Map<string, VirtualServer>, server: KubeServer): void {
  if (!servers.has(server.key)) servers.set(server.key, server)
}
