import type { Device } from '../../../linux/device/device.ts'
import { explore, type Matched, type Outcome } from '../../../linux/netfilter/explore.ts'
import { Packet } from '../../../linux/netfilter/packet.ts'
import type { MatchState } from '../../../linux/netfilter/rules/state.ts'
import type { RuleSet, TableName } from '../../../linux/netfilter/rules/table.ts'
import { ruleText } from '../../../linux/netfilter/rules/text.ts'
import { Skb } from '../../../linux/skb.ts'
import type { HookName } from '../../../trace/steps/packet.ts'
import { type Address, familyOf, formatEndpoint } from '../../../util/address.ts'
import { Frame } from '../../../wire/frame.ts'
import { PROTOCOL_NUMBER, type ProtocolName } from './service-port.ts'

/** A connection's first packet, as a node first sees it. */
export interface ProxyQuery {
  readonly source: Address
  readonly destination: Address
  readonly port: number
  readonly protocol: ProtocolName
  /** The device it comes in by; null when the node itself sends it. */
  readonly input: Device | null
}

export interface Destination {
  readonly address: Address
  readonly port: number
  readonly probability: number
}

/** What becomes of it: `DNAT` to one of the destinations, or left as it is (`ACCEPT`), or refused. */
export interface ProxyDecision {
  readonly verdict: 'DNAT' | 'ACCEPT' | 'DROP' | 'REJECT'
  /** In rule order; as `ip:port` in `text`. */
  readonly destinations: readonly (Destination & { readonly text: string })[]
  readonly masquerade: boolean
  /** Every rule that some branch passed, as iptables-save prints it. */
  readonly rules: readonly string[]
}

/**
 * Walks a node's rules as a packet of a new connection would: DNAT, then the filter at the hook its new destination leads to,
 * then the masquerade decision; all branches of random matches. A node's verdict is that of the branches that are served; when
 * none is, DROP or REJECT.
 */
export function explainService(rules: RuleSet, query: ProxyQuery, state: MatchState): ProxyDecision {
  const explained = new Explanation(rules, query, state)
  return explained.decide()
}

class Explanation {
  private readonly packet = new Packet()
  private readonly texts = new Set<string>()
  private readonly family: 4 | 6
  private readonly destinations = new Map<string, Destination & { text: string }>()
  private masquerade = false
  private verdict: ProxyDecision['verdict'] | null = null

  constructor(
    private readonly rules: RuleSet,
    private readonly query: ProxyQuery,
    private readonly state: MatchState,
  ) {
    this.family = familyOf(query.destination)
    const p = this.packet
    p.skb = new Skb(Frame.allocate(0), 0, 0)
    p.skb.connectionState = 'new'
    p.family = this.family
    p.source = query.source
    p.protocol = PROTOCOL_NUMBER[query.protocol]
    p.sourcePort = 40_000
    p.input = query.input
  }

  decide(): ProxyDecision {
    const { input, destination, port } = this.query
    this.packet.destination = destination
    this.packet.destinationPort = port
    for (const first of this.walk('nat', input === null ? 'OUTPUT' : 'PREROUTING', 0)) this.follow(first)
    return {
      verdict: this.verdict ?? 'ACCEPT',
      destinations: [...this.destinations.values()],
      masquerade: this.masquerade,
      rules: [...this.texts],
    }
  }

  private follow(first: Outcome): void {
    const p = this.packet
    const target = first.rule?.target
    p.destination = this.query.destination
    p.destinationPort = this.query.port
    if (target?.kind === 'dnat') {
      p.destination = target.to?.low ?? p.destination
      p.destinationPort = target.ports?.low ?? p.destinationPort
    }
    for (const filtered of this.walk('filter', this.filterHook(), first.mark)) {
      const refused = refusal(filtered)
      if (refused !== null) this.verdict ??= refused
      else if (target?.kind === 'dnat') this.deliver(first.probability * filtered.probability, filtered.mark)
      else this.verdict = this.verdict === 'DNAT' ? 'DNAT' : 'ACCEPT'
    }
  }

  private deliver(probability: number, mark: number): void {
    const { destination: address, destinationPort: port } = this.packet
    const text = formatEndpoint(address, port)
    const known = this.destinations.get(text)
    this.destinations.set(text, { text, address, port, probability: probability + (known?.probability ?? 0) })
    this.verdict = 'DNAT'
    if (this.isLocal(address)) return
    for (const { rule } of this.walk('nat', 'POSTROUTING', mark)) {
      if (rule?.target.kind === 'masquerade' || rule?.target.kind === 'snat') this.masquerade = true
    }
  }

  private filterHook(): HookName {
    if (this.query.input === null) return 'OUTPUT'
    return this.isLocal(this.packet.destination) ? 'INPUT' : 'FORWARD'
  }

  private isLocal(address: Address): boolean {
    return this.state.addressType(address, null) === 'local'
  }

  /** All outcomes before any is followed: the packet changes on the way. */
  private walk(table: TableName, hook: HookName, mark: number): Outcome[] {
    const chain = this.rules[table]?.chains[hook]
    if (chain === undefined) return [{ probability: 1, rule: null, mark, matched: [] }]
    this.packet.hook = hook
    const outcomes = [...explore(chain, this.packet, this.state, mark)]
    for (const { matched } of outcomes) for (const one of matched) this.texts.add(this.text(one))
    return outcomes
  }

  private text({ chain, rule }: Matched): string {
    return ruleText(chain.name, rule, this.family)
  }
}

function refusal({ rule }: Outcome): 'DROP' | 'REJECT' | null {
  if (rule?.target.kind === 'drop') return 'DROP'
  return rule?.target.kind === 'reject' ? 'REJECT' : null
}
