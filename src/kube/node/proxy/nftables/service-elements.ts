import type { Match } from '../../../../linux/netfilter/rules/match.ts'
import { Chain, type Rule, type Target, type Verdict } from '../../../../linux/netfilter/rules/rule.ts'
import type { Address } from '../../../../util/address.ts'
import { negate, type ProxyOptions } from '../config.ts'
import type { Categories, Endpoint } from '../endpoints.ts'
import * as m from '../iptables/matches.ts'
import { admitsNode, externallyAccessible, PROTOCOL_NUMBER, type ServicePortInfo } from '../service-port.ts'
import { endpointName, serviceName } from './names.ts'

/** One entry of a map, before it has a key: the address is null for NodePorts. */
export interface Entry {
  readonly address: Address | null
  readonly protocol: number
  readonly port: number
  readonly verdict: Verdict
  readonly comment?: string
}

/** What one Service port adds to the maps and sets that all Services share. */
export interface ServiceElements {
  readonly clusterIP: Address
  readonly serviceIPs: readonly Entry[]
  readonly nodePorts: readonly Entry[]
  readonly noEndpointServices: readonly Entry[]
  readonly noEndpointNodePorts: readonly Entry[]
  readonly firewallIPs: readonly Entry[]
}

export interface ElementContext {
  readonly options: ProxyOptions
  readonly jumpToMarkMasq: Target
  readonly rejectChain: Chain
  readonly localPods: Match | null
  readonly nodeAddress: Address | null
}

const NONE: readonly Entry[] = []

/** The part of syncProxyRules that is done for each Service port. */
export function serviceElements(
  info: ServicePortInfo,
  endpoints: Categories,
  context: ElementContext,
): ServiceElements {
  const { any } = endpoints
  const hasLocal = !(info.internalLocal || info.externalLocal) || endpoints.local.length > 0
  const { clusterIP, port, nodePort, name } = info
  const protocol = PROTOCOL_NUMBER[info.protocol]
  const hasInternal = any && (!info.internalLocal || hasLocal)
  const hasExternal = any && (!info.externalLocal || hasLocal)
  const external = externallyAccessible(info)
  const chains = new ServiceChains(info, endpoints, context, hasInternal, hasExternal)
  const fate: Verdict = any ? { kind: 'drop' } : { kind: 'goto', chain: context.rejectChain }
  const sorry = (address: Address | null, at: number): Entry => ({
    address,
    protocol,
    port: at,
    verdict: fate,
    comment: name,
  })
  const go = (address: Address | null, at: number, chain: Chain): Entry => ({
    address,
    protocol,
    port: at,
    verdict: { kind: 'goto', chain },
  })
  const outside = [...info.externalIPs, ...info.vips]
  const fenced = info.vips.length > 0 && info.sourceRanges.length > 0
  return {
    clusterIP,
    serviceIPs: [
      ...(hasInternal ? [go(clusterIP, port, chains.internal)] : NONE),
      ...(any ? outside.map((address) => go(address, port, chains.external)) : NONE),
    ],
    nodePorts: any && nodePort !== 0 ? [go(null, nodePort, chains.external)] : NONE,
    noEndpointServices: [
      ...(hasInternal ? NONE : [sorry(clusterIP, port)]),
      ...(hasExternal ? NONE : outside.map((address) => sorry(address, port))),
    ],
    noEndpointNodePorts: !hasExternal && external && nodePort !== 0 ? [sorry(null, nodePort)] : NONE,
    firewallIPs: fenced ? info.vips.map((vip) => go(vip, port, chains.firewall)) : NONE,
  }
}

/** The chains of one Service port, each made when something refers to it. */
class ServiceChains {
  private readonly endpoints = new Map<Endpoint, Chain>()
  private made: Partial<Record<'service' | 'local' | 'external', Chain>> = {}

  constructor(
    private readonly info: ServicePortInfo,
    private readonly found: Categories,
    private readonly context: ElementContext,
    private readonly hasInternal: boolean,
    private readonly hasExternal: boolean,
  ) {}

  get internal(): Chain {
    return this.info.internalLocal ? this.local : this.service
  }

  get external(): Chain {
    return (this.made.external ??= Chain.of(() => `external-${serviceName(this.info)}`, this.externalRules()))
  }

  get firewall(): Chain {
    const { info, context } = this
    const own = admitsNode(info, context.nodeAddress) ? info.vips.map(m.hostPrefix) : []
    const match: Match = { kind: 'source-in', set: { prefixes: [...info.sourceRanges, ...own] }, negate: true }
    return Chain.of(() => `firewall-${serviceName(info)}`, [m.rule(m.DROP, [match], info.origin)])
  }

  private get service(): Chain {
    return (this.made.service ??= this.policy('service-', () => this.found.cluster, !this.info.internalLocal))
  }

  private get local(): Chain {
    return (this.made.local ??= this.policy('local-', () => this.found.local, this.info.internalLocal))
  }

  private externalRules(): Rule[] {
    const { info, context } = this
    const { localPods, jumpToMarkMasq } = context
    const policy: Target = { kind: 'goto', chain: info.externalLocal ? this.local : this.service }
    const last = this.hasExternal ? [m.rule(policy, [], info.origin)] : []
    if (!info.externalLocal) return [m.rule(jumpToMarkMasq, [], info.origin), ...last]
    const cluster: Target = { kind: 'goto', chain: this.service }
    const pods =
      localPods === null ? [] : [m.rule(cluster, [localPods, m.comment('short-circuit pod traffic')], info.origin)]
    return [
      ...pods,
      m.rule(jumpToMarkMasq, [m.fromLocal, m.comment('masquerade local traffic')], info.origin),
      m.rule(cluster, [m.fromLocal, m.comment('short-circuit local traffic')], info.origin),
      ...last,
    ]
  }

  private policy(prefix: string, of: () => readonly Endpoint[], internal: boolean): Chain {
    const { info, context } = this
    const masquerade = internal && this.hasInternal ? masqueradeMatches(info, context) : null
    const fill = (): Rule[] => {
      const endpoints = of()
      const rules = masquerade === null ? [] : [m.rule(context.jumpToMarkMasq, masquerade, info.origin)]
      if (info.affinity > 0) {
        for (const endpoint of endpoints) {
          const seen: Match = { ...this.affinity(endpoint), action: 'rcheck', seconds: info.affinity }
          rules.push(m.rule({ kind: 'goto', chain: this.endpoint(endpoint) }, [seen], info.origin))
        }
      }
      const verdicts = endpoints.map((endpoint): Verdict => ({ kind: 'goto', chain: this.endpoint(endpoint) }))
      return [...rules, m.rule({ kind: 'numgen', verdicts }, [], info.origin)]
    }
    return new Chain(() => prefix + serviceName(info), fill)
  }

  private endpoint(endpoint: Endpoint): Chain {
    const known = this.endpoints.get(endpoint)
    if (known !== undefined) return known
    const { info, context } = this
    const { address, port } = endpoint
    const chain = new Chain(
      () => `endpoint-${endpointName(info, endpoint)}`,
      () => [
        m.rule(context.jumpToMarkMasq, [m.from(address)], info.origin),
        ...(info.affinity > 0 ? [m.rule({ kind: 'none' }, [this.affinity(endpoint)], info.origin)] : []),
        m.rule(
          { kind: 'dnat', to: { low: address, high: address }, ports: { low: port, high: port }, choice: 'keep' },
          [{ kind: 'protocol', protocol: PROTOCOL_NUMBER[info.protocol] }],
          info.origin,
        ),
      ],
    )
    this.endpoints.set(endpoint, chain)
    return chain
  }

  private affinity(endpoint: Endpoint): Extract<Match, { kind: 'recent' }> {
    const list = { name: `affinity-${endpointName(this.info, endpoint)}` }
    return { kind: 'recent', list, action: 'set', seconds: 0, reap: false }
  }
}

/** Null when packets from outside cannot be told, and none are masqueraded. */
function masqueradeMatches(info: ServicePortInfo, { options, localPods }: ElementContext): Match[] | null {
  if (options.masqueradeAll) return [m.to(info.clusterIP)]
  return localPods === null ? null : [m.to(info.clusterIP), negate(localPods)]
}
