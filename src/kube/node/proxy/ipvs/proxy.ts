import { keyOfServer, type VirtualServer, VirtualServers } from '../../../../linux/netfilter/ipvs/virtual-server.ts'
import type { IpSet, IpSetEntry } from '../../../../linux/netfilter/rules/ipset.ts'
import { type Address, type AddressKey, type Family, familyOf, keyOf } from '../../../../util/address.ts'
import { inPrefix, type Prefix, prefix } from '../../../../util/prefix.ts'
import type { RulePart } from '../../node-rules.ts'
import { localPods, nodePortAddresses, type ProxyNode, type ProxyOptions } from '../config.ts'
import type { ServiceModel } from '../model.ts'
import { PerNodeServices } from '../per-node.ts'
import { PROTOCOL_NUMBER } from '../service-port.ts'
import { ipvsRules } from './rules.ts'
import { type IpvsService, ipvsService, sctpEntries } from './service.ts'
import { makeSet, SET_NAMES, type SetEntries, type SetName } from './sets.ts'

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

/** Services as some nodes serve them: their virtual servers but for NodePorts, and the entries of the sets. */
interface Common {
  readonly services: readonly IpvsService[]
  readonly servers: ReadonlyMap<string, VirtualServer>
  readonly entries: ReadonlyMap<SetName, readonly IpSetEntry[]>
}

class Group {
  private readonly services: PerNodeServices<IpvsService>
  private shared: Common | null = null
  /** Of Services that nodes serve in different ways, by what they use of them. */
  private readonly local = new Map<string, Common>()
  /** Endpoints by their node, for hairpin. */
  private loopBack: { readonly version: number; readonly entries: ReadonlyMap<string, readonly IpSetEntry[]> } | null =
    null

  constructor(
    private readonly model: ServiceModel,
    private readonly family: Family,
    private readonly options: ProxyOptions,
  ) {
    this.services = new PerNodeServices(model, family, (info, endpoints, nodeAddress) =>
      ipvsService(info, endpoints, nodeAddress, options.ipvsScheduler),
    )
  }

  part(node: ProxyNode): IpvsPart {
    const { shared, own } = this.refresh(node)
    const services = [...shared.services, ...own.services]
    const reachable = this.nodeAddresses(node)
    const elsewhere = new Set<AddressKey>(node.addresses.map(keyOf))
    const addresses = boundAddresses(services).filter((address) => !elsewhere.has(keyOf(address)))
    const sets = this.sets([shared, own], this.ofNode(node, services, reachable, addresses))
    return {
      servers: new VirtualServers([shared.servers, own.servers, nodePortServers(services, reachable)]),
      sets,
      rules: ipvsRules({
        options: this.options,
        family: this.family,
        localPods: localPods(this.options, node, this.family),
        filled: new Set(SET_NAMES.filter((_, i) => sets[i].entries.length > 0)),
        closedToNode: services.flatMap(({ info, closedToNode }) =>
          closedToNode.map((address) => ({ address, protocol: PROTOCOL_NUMBER[info.protocol], port: info.port })),
        ),
      }),
      addresses,
    }
  }

  private refresh(node: ProxyNode): { readonly shared: Common; readonly own: Common } {
    const { perNodeChanged } = this.services.refresh(() => {
      this.shared = null
    })
    if (perNodeChanged) this.local.clear()
    this.shared ??= commonOf(this.services.shared())
    const { key, items } = this.services.local(node)
    let own = this.local.get(key)
    if (own === undefined) this.local.set(key, (own = commonOf(items)))
    return { shared: this.shared, own }
  }

  /** Where NodePorts are open. Never on loopback addresses. */
  private nodeAddresses(node: ProxyNode): readonly Address[] {
    const all = nodePortAddresses(this.options, this.family, node) ?? node.addresses
    return all.filter((address) => familyOf(address) === this.family && !inPrefix(address, LOOPBACK[this.family]))
  }

  private ofNode(
    node: ProxyNode,
    services: readonly IpvsService[],
    reachable: readonly Address[],
    bound: readonly Address[],
  ): SetEntries {
    const sctp = services.map(({ info }) => sctpEntries(info, reachable))
    return {
      'LOOP-BACK': this.localEndpoints(node.name),
      'IPVS-IPS': bound.map((address) => ({ address })),
      'NODE-PORT-SCTP-HASH': sctp.flatMap((entries) => entries['NODE-PORT-SCTP-HASH'] ?? []),
      'NODE-PORT-LOCAL-SCTP-HASH': sctp.flatMap((entries) => entries['NODE-PORT-LOCAL-SCTP-HASH'] ?? []),
    }
  }

  private sets(common: readonly Common[], own: SetEntries): IpSet[] {
    return SET_NAMES.map((name) => {
      const entries = [...common.flatMap(({ entries }) => entries.get(name) ?? []), ...(own[name] ?? [])]
      return makeSet(name, this.family, entries)
    })
  }

  private localEndpoints(node: string): readonly IpSetEntry[] {
    const { model, family } = this
    if (this.loopBack?.version !== model.version) {
      const entries = new Map<string, IpSetEntry[]>()
      for (const { info, endpoints } of model.allPorts(family)) {
        const protocol = PROTOCOL_NUMBER[info.protocol]
        for (const { address, port, from } of endpoints) {
          const entry = { address, protocol, port, second: address }
          const known = entries.get(from.node)
          if (known === undefined) entries.set(from.node, [entry])
          else known.push(entry)
        }
      }
      this.loopBack = { version: model.version, entries }
    }
    return this.loopBack.entries.get(node) ?? []
  }
}

function commonOf(services: readonly IpvsService[]): Common {
  const servers = new Map<string, VirtualServer>()
  const entries = new Map<SetName, IpSetEntry[]>()
  for (const service of services) {
    for (const server of service.servers) addServer(servers, server)
    for (const name of SET_NAMES) {
      const more = service.entries[name] ?? []
      if (more.length === 0) continue
      const known = entries.get(name)
      if (known === undefined) entries.set(name, [...more])
      else known.push(...more)
    }
  }
  return { services, servers, entries }
}

function nodePortServers(services: readonly IpvsService[], addresses: readonly Address[]): Map<string, VirtualServer> {
  const servers = new Map<string, VirtualServer>()
  for (const { nodePort } of services) {
    if (nodePort !== null) for (const address of addresses) addServer(servers, nodePort(address))
  }
  return servers
}

/** Of two with one address and port the first stays. */
function addServer(servers: Map<string, VirtualServer>, server: VirtualServer): void {
  const key = keyOfServer(server)
  if (!servers.has(key)) servers.set(key, server)
}

/** Each once. */
function boundAddresses(services: readonly IpvsService[]): Address[] {
  const found = new Map<AddressKey, Address>()
  for (const { servers } of services) for (const { address } of servers) found.set(keyOf(address), address)
  return [...found.values()]
}
