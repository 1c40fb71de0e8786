import type { Match } from '../../../../linux/netfilter/rules/match.ts'
import { Chain, type Rule, type Target } from '../../../../linux/netfilter/rules/rule.ts'
import type { Address, Family } from '../../../../util/address.ts'
import { prefix } from '../../../../util/prefix.ts'
import type { RulePart } from '../../node-rules.ts'
import { negate, type ProxyOptions } from '../config.ts'
import { ACCEPT, comment, DROP, from, fromLocal, REJECT, RETURN, rule, state, toLocal } from '../iptables/matches.ts'
import { topChains } from '../iptables/top-chains.ts'
import { SETS, type SetName, setName } from './sets.ts'

const LOOPBACK = { 4: prefix('127.0.0.0/8'), 6: prefix('::1/128') } as const
const MASQUERADE: Target = { kind: 'masquerade', ports: null, choice: 'keep' }

/** What the rules depend on: there is none for each Service. */
export interface RuleInput {
  readonly options: ProxyOptions
  readonly family: Family
  /** Tells packets of this node's pods; null when that is not possible. */
  readonly localPods: Match | null
  /** Sets that have entries. */
  readonly filled: ReadonlySet<SetName>
  /** Load balancer addresses that the node itself must not use. */
  readonly closedToNode: readonly { readonly address: Address; readonly protocol: number; readonly port: number }[]
}

type Sides = readonly ('src' | 'dst')[]

const TO_PORT: Sides = ['dst']
const TO_ADDRESS: Sides = ['dst', 'dst']
const TO_ADDRESS_FROM: Sides = ['dst', 'dst', 'src']

/** writeIptablesRules: what IPVS leaves to iptables, which is masquerading and filtering, with sets for the addresses. */
export function ipvsRules(input: RuleInput): RulePart {
  const { options } = input
  // In this mode invalid packets are not dropped.
  const top = topChains({ ...options, tcpLiberal: true })
  const asked = new Asked(input)
  const nat = natChains(input, asked, top.jumpToMarkMasq)
  const filter = filterChains(input, asked)
  const jump = (chain: Chain, text: string): Rule => rule({ kind: 'jump', chain }, [comment(text)])
  const services = [jump(nat.services, 'kubernetes service portals')]
  const postrouting = Chain.of('KUBE-POSTROUTING', [
    ...asked.when('LOOP-BACK', TO_ADDRESS_FROM, MASQUERADE),
    ...top.postrouting.rules(),
  ])
  return {
    hooks: {
      nat: {
        PREROUTING: services,
        OUTPUT: services,
        POSTROUTING: [jump(postrouting, 'kubernetes postrouting rules')],
      },
      filter: {
        INPUT: [
          jump(filter.access, 'kubernetes ipvs access filter'),
          jump(filter.firewall, 'kube-proxy firewall rules'),
          jump(filter.healthChecks, 'kubernetes health check rules'),
        ],
        FORWARD: [jump(filter.firewall, 'kube-proxy firewall rules'), jump(top.forward, 'kubernetes forwarding rules')],
        OUTPUT: [jump(filter.out, 'kubernetes ipvs access filter')],
      },
    },
    unused: { nat: [nat.loadBalancer, top.markMasq], filter: [filter.sourceRanges] },
  }
}

/** Rules that ask sets. */
class Asked {
  constructor(private readonly input: RuleInput) {}

  match(name: SetName, sides: Sides): Match {
    return { kind: 'set', set: setName(name, this.input.family), sides }
  }

  /** With the set's comment. */
  rule(name: SetName, sides: Sides, target: Target, more: readonly Match[] = []): Rule {
    return rule(target, [comment(SETS[name][1]), this.match(name, sides), ...more])
  }

  /** Nothing when the set is empty. `protocol` goes first. */
  when(name: SetName, sides: Sides, target: Target, protocol?: number): Rule[] {
    if (!this.input.filled.has(name)) return []
    const { matches } = this.rule(name, sides, target)
    return [rule(target, protocol === undefined ? matches : [{ kind: 'protocol', protocol }, ...matches])]
  }

  /** Without a comment. */
  bare(name: SetName, sides: Sides, target: Target, before: readonly Match[] = []): Rule {
    return rule(target, [...before, this.match(name, sides)])
  }

  filled(name: SetName): boolean {
    return this.input.filled.has(name)
  }
}

const TCP = 6
const UDP = 17
const SCTP = 132

function natChains(input: RuleInput, asked: Asked, mark: Target): { services: Chain; loadBalancer: Chain } {
  const loadBalancer = Chain.of('KUBE-LOAD-BALANCER', [
    ...asked.when('LOAD-BALANCER-LOCAL', TO_ADDRESS, RETURN),
    rule(mark, []),
  ])
  const nodePort = Chain.of('KUBE-NODE-PORT', [
    ...asked.when('NODE-PORT-LOCAL-TCP', TO_PORT, RETURN, TCP),
    ...asked.when('NODE-PORT-TCP', TO_PORT, mark, TCP),
    ...asked.when('NODE-PORT-LOCAL-UDP', TO_PORT, RETURN, UDP),
    ...asked.when('NODE-PORT-UDP', TO_PORT, mark, UDP),
    ...asked.when('NODE-PORT-LOCAL-SCTP-HASH', TO_ADDRESS, RETURN, SCTP),
    ...asked.when('NODE-PORT-SCTP-HASH', TO_ADDRESS, mark, SCTP),
  ])
  const accepted = (['CLUSTER-IP', 'LOAD-BALANCER'] as const).filter((name) => asked.filled(name))
  const services = Chain.of('KUBE-SERVICES', [
    rule(RETURN, [{ kind: 'source', prefix: LOOPBACK[input.family] }]),
    ...asked.when('LOAD-BALANCER', TO_ADDRESS, { kind: 'jump', chain: loadBalancer }),
    ...(asked.filled('CLUSTER-IP') ? [clusterMasquerade(input, asked, mark)] : []),
    ...(asked.filled('EXTERNAL-IP')
      ? [asked.rule('EXTERNAL-IP', TO_ADDRESS, mark), ...fromOutside(asked, 'EXTERNAL-IP')]
      : []),
    ...(asked.filled('EXTERNAL-IP-LOCAL') ? fromOutside(asked, 'EXTERNAL-IP-LOCAL') : []),
    rule({ kind: 'jump', chain: nodePort }, [toLocal]),
    ...accepted.map((name) => asked.bare(name, TO_ADDRESS, ACCEPT)),
  ])
  return { services, loadBalancer }
}

/** A node's own packets to a virtual address come from that address, which kube-ipvs0 has: they are known by `src,dst`. */
function clusterMasquerade({ options, localPods }: RuleInput, asked: Asked, mark: Target): Rule {
  if (options.masqueradeAll) return asked.rule('CLUSTER-IP', TO_ADDRESS, mark)
  if (localPods === null) return asked.rule('CLUSTER-IP', ['src', 'dst'], mark)
  return asked.rule('CLUSTER-IP', TO_ADDRESS, mark, [negate(localPods)])
}

function fromOutside(asked: Asked, name: 'EXTERNAL-IP' | 'EXTERNAL-IP-LOCAL'): Rule[] {
  const notBridged: Match = { kind: 'physdev-is', what: 'in', negate: true }
  return [
    asked.rule(name, TO_ADDRESS, ACCEPT, [notBridged, negate(fromLocal)]),
    asked.rule(name, TO_ADDRESS, ACCEPT, [toLocal]),
  ]
}

interface FilterChains {
  readonly access: Chain
  readonly firewall: Chain
  readonly sourceRanges: Chain
  readonly healthChecks: Chain
  readonly out: Chain
}

function filterChains({ closedToNode }: RuleInput, asked: Asked): FilterChains {
  const sourceRanges = Chain.of('KUBE-SOURCE-RANGES-FIREWALL', [
    ...asked.when('LOAD-BALANCER-SOURCE-CIDR', TO_ADDRESS_FROM, RETURN),
    ...asked.when('LOAD-BALANCER-SOURCE-IP', TO_ADDRESS_FROM, RETURN),
    rule(DROP, []),
  ])
  const firewall = Chain.of('KUBE-PROXY-FIREWALL', [
    ...asked.when('LOAD-BALANCER-FW', TO_ADDRESS, { kind: 'jump', chain: sourceRanges }),
  ])
  const out = Chain.of(
    'KUBE-IPVS-OUT-FILTER',
    closedToNode.map((server) => rule(DROP, [from(server.address), { kind: 'ipvs', server }])),
  )
  // Ports of the host itself must not be reached by a Service's address (kubernetes/kubernetes#72236).
  const access = Chain.of('KUBE-IPVS-FILTER', [
    asked.bare('LOAD-BALANCER', TO_ADDRESS, RETURN),
    asked.bare('CLUSTER-IP', TO_ADDRESS, RETURN),
    asked.bare('EXTERNAL-IP', TO_ADDRESS, RETURN),
    asked.bare('EXTERNAL-IP-LOCAL', TO_ADDRESS, RETURN),
    asked.bare('HEALTH-CHECK-NODE-PORT', TO_PORT, RETURN),
    asked.bare('IPVS-IPS', TO_PORT, REJECT, [state('NEW')]),
  ])
  const healthChecks = Chain.of('KUBE-NODE-PORT', [asked.rule('HEALTH-CHECK-NODE-PORT', TO_PORT, ACCEPT)])
  return { access, firewall, sourceRanges, healthChecks, out }
}
