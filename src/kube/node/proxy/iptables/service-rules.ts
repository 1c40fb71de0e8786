import type { Match } from '../../../../linux/netfilter/rules/match.ts'
import { Chain, type Rule, type Target } from '../../../../linux/netfilter/rules/rule.ts'
import type { Address } from '../../../../util/address.ts'
import { prefix } from '../../../../util/prefix.ts'
import { negate, type ProxyOptions } from '../config.ts'
import type { Categories } from '../endpoints.ts'
import { shortHash } from '../hash.ts'
import { admitsNode, externallyAccessible, type ServicePortInfo } from '../service-port.ts'
import { EndpointChains } from './endpoint-chains.ts'
import * as m from './matches.ts'
import type { TopChains } from './top-chains.ts'

/** What one Service port adds to the chains that all Services share. */
export interface ServiceRules {
  readonly natServices: readonly Rule[]
  readonly natNodePorts: readonly Rule[]
  readonly filterServices: readonly Rule[]
  readonly filterExternal: readonly Rule[]
  readonly filterNodePorts: readonly Rule[]
  readonly filterFirewall: readonly Rule[]
}

/** What the rules of all Services of a node, or of all nodes, have in common. */
export interface RuleContext {
  readonly options: ProxyOptions
  readonly top: TopChains
  /** Tells packets of this node's pods; null when that is not possible. */
  readonly localPods: Match | null
  readonly nodeAddress: Address | null
  /** More than 1,000 endpoints in all: rules of endpoints go without comments. */
  readonly largeCluster: boolean
}

const LOOPBACK = prefix('127.0.0.0/8')
const NONE: readonly Rule[] = []

/** The part of syncProxyRules that is done for each Service port, rule by rule in its order. */
export function serviceRules(info: ServicePortInfo, endpoints: Categories, context: RuleContext): ServiceRules {
  const { any } = endpoints
  const hasLocal = !(info.internalLocal || info.externalLocal) || endpoints.local.length > 0
  const hasInternal = any && (!info.internalLocal || hasLocal)
  const hasExternal = any && (!info.externalLocal || hasLocal)
  const chains = any ? serviceChains(info, endpoints, context, hasInternal, hasExternal) : null
  const sorry = any ? `${info.name} has no local endpoints` : `${info.name} has no endpoints`
  const fate = any ? m.DROP : m.REJECT
  const cluster = (target: Target, text: string): Rule[] => [reach(info, info.clusterIP, text, target)]
  const external = externallyAccessible(info)
  return {
    natServices:
      chains === null
        ? NONE
        : [
            ...(hasInternal ? cluster(chains.internal, `${info.name} cluster IP`) : NONE),
            ...(external ? externalRules(info, chains) : NONE),
          ],
    natNodePorts: info.nodePort === 0 || chains === null ? NONE : nodePortRules(info, chains.external, context),
    filterServices: hasInternal ? NONE : cluster(fate, sorry),
    filterExternal: hasExternal || !external ? NONE : refusals(info, fate, sorry),
    filterNodePorts: healthCheck(info),
    filterFirewall: chains === null || chains.firewall === null ? NONE : fences(info),
  }
}

/** A rule for one address of the Service port. */
function reach(info: ServicePortInfo, address: Address, text: string, target: Target): Rule {
  return m.rule(target, [m.comment(text), m.protocol(info.protocol), m.to(address), m.toPort(info.port)], info.origin)
}

function externalRules(info: ServicePortInfo, { external, firewall }: Chains): Rule[] {
  return [
    ...info.externalIPs.map((address) => reach(info, address, `${info.name} external IP`, external)),
    ...info.vips.map((address) => reach(info, address, `${info.name} loadbalancer IP`, firewall ?? external)),
  ]
}

/** For what the external chain did not send on. */
function refusals(info: ServicePortInfo, fate: Target, sorry: string): Rule[] {
  const rules = [...info.externalIPs, ...info.vips].map((address) => reach(info, address, sorry, fate))
  if (info.nodePort === 0) return rules
  const matches = [m.comment(sorry), m.toLocal, m.protocol(info.protocol), m.toPort(info.nodePort)]
  return [...rules, m.rule(fate, matches, info.origin)]
}

function fences(info: ServicePortInfo): Rule[] {
  const text = `${info.name} traffic not accepted by ${firewallName(info)}`
  return info.vips.map((address) => reach(info, address, text, m.DROP))
}

function nodePortRules(info: ServicePortInfo, target: Target, { options }: RuleContext): Rule[] {
  const port = m.toPort(info.nodePort)
  const head = [m.comment(info.name), m.protocol(info.protocol)]
  const all = m.rule(target, [...head, port], info.origin)
  if (!options.localhostNodePorts || !options.nfacct || info.family === 6) return [all]
  const counted: Match = { kind: 'nfacct', name: 'localhost_nps_accepted_pkts' }
  const loopback: Match = { kind: 'destination', prefix: LOOPBACK }
  return [m.rule(target, [...head, loopback, port, counted], info.origin), all]
}

function healthCheck({ name, healthCheckNodePort, origin }: ServicePortInfo): readonly Rule[] {
  if (healthCheckNodePort === 0) return NONE
  const matches = [m.comment(`${name} health check node port`), m.protocol('tcp'), m.toPort(healthCheckNodePort)]
  return [m.rule(m.ACCEPT, matches, origin)]
}

/** Jumps to the chains in the nat table that serve a Service port. */
interface Chains {
  readonly internal: Target
  readonly external: Target
  /** Of load balancer addresses with source ranges. */
  readonly firewall: Target | null
}

function serviceChains(
  info: ServicePortInfo,
  found: Categories,
  context: RuleContext,
  hasInternal: boolean,
  hasExternal: boolean,
): Chains {
  const endpoints = new EndpointChains(info, context)
  const masquerade = hasInternal ? masqueradeRule(info, context) : null
  const svc = endpoints.policyChain('KUBE-SVC-', info.internalLocal ? null : masquerade, () => found.cluster)
  const usesLocal = info.internalLocal || info.externalLocal
  const svl = usesLocal
    ? endpoints.policyChain('KUBE-SVL-', info.internalLocal ? masquerade : null, () => found.local)
    : svc
  const internal: Target = { kind: 'jump', chain: info.internalLocal ? svl : svc }
  if (!externallyAccessible(info)) return { internal, external: internal, firewall: null }
  const ext = externalChain(info, svc, hasExternal ? (info.externalLocal ? svl : svc) : null, context)
  const external: Target = { kind: 'jump', chain: ext }
  const fenced = info.vips.length > 0 && info.sourceRanges.length > 0
  return {
    internal,
    external,
    firewall: fenced ? { kind: 'jump', chain: firewallChain(info, external, context) } : null,
  }
}

/** Packets from outside the cluster may bounce off another node, so their answers must come back through this one. */
function masqueradeRule(info: ServicePortInfo, { options, localPods, top }: RuleContext): (() => Rule) | null {
  if (!options.masqueradeAll && localPods === null) return null
  return () => {
    const rule = reach(info, info.clusterIP, `${info.name} cluster IP`, top.jumpToMarkMasq)
    return options.masqueradeAll || localPods === null
      ? rule
      : { ...rule, matches: [...rule.matches, negate(localPods)] }
  }
}

/** KUBE-EXT-…: what comes to NodePorts, external and load balancer addresses. */
function externalChain(
  info: ServicePortInfo,
  svc: Chain,
  policy: Chain | null,
  { localPods, top }: RuleContext,
): Chain {
  const { name, origin } = info
  const rule = (target: Target, text: string, ...more: Match[]): Rule =>
    m.rule(target, [m.comment(`${text} for ${name} external destinations`), ...more], origin)
  const rules: Rule[] = []
  if (!info.externalLocal) rules.push(rule(top.jumpToMarkMasq, 'masquerade traffic'))
  else {
    const cluster: Target = { kind: 'jump', chain: svc }
    if (localPods !== null) rules.push(rule(cluster, 'pod traffic', localPods))
    rules.push(rule(top.jumpToMarkMasq, 'masquerade LOCAL traffic', m.fromLocal))
    rules.push(rule(cluster, 'route LOCAL traffic', m.fromLocal))
  }
  if (policy !== null) rules.push(m.rule({ kind: 'jump', chain: policy }, [], origin))
  return Chain.of(() => `KUBE-EXT-${shortHash(info.name + info.protocol, 16)}`, rules)
}

const firewallName = (info: ServicePortInfo): string => `KUBE-FW-${shortHash(info.name + info.protocol, 16)}`

/** KUBE-FW-…: only the source ranges go on; what falls out of it, KUBE-PROXY-FIREWALL drops. */
function firewallChain(info: ServicePortInfo, external: Target, { nodeAddress }: RuleContext): Chain {
  const { name, origin, sourceRanges, vips } = info
  const text = m.comment(`${name} loadbalancer IP`)
  const ranges = sourceRanges.map((range) => m.rule(external, [text, m.fromPrefix(range)], origin))
  // A node that may connect does so from the address itself, where that is one of its own.
  const own = admitsNode(info, nodeAddress) ? vips.map((vip) => m.rule(external, [text, m.from(vip)], origin)) : []
  const rest = m.comment(`other traffic to ${name} will be dropped by KUBE-PROXY-FIREWALL`)
  return Chain.of(firewallName(info), [...ranges, ...own, m.rule({ kind: 'none' }, [rest], origin)])
}
