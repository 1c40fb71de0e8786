import type { HookName } from '../../trace/steps/packet.ts'
import { unreachable } from '../../util/unreachable.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import type { NetfilterHost } from './netfilter.ts'
import type { Packet } from './packet.ts'
import type { Counters } from './rules/counters.ts'
import type { Chain, Rule, Target } from './rules/rule.ts'
import { REJECT_WITH, type RejectWith } from './rules/target.ts'
import { ruleText } from './rules/text.ts'
import { type Effect, Walk, type WalkObserver } from './rules/walk.ts'
import type { RulePrinter, Steps } from './steps.ts'

/** One base chain at its hook, of an iptables table or of nftables. */
export class TableHook implements WalkObserver {
  private readonly walk: Walk
  private p!: Packet

  constructor(
    private readonly table: string,
    readonly hook: HookName,
    private readonly chain: Chain,
    private readonly host: NetfilterHost,
    private readonly counters: Counters,
    private readonly steps: Steps,
    linear: boolean,
    private readonly print: RulePrinter = ruleText,
  ) {
    this.walk = new Walk(this, linear)
  }

  /** False: dropped or rejected. */
  filter(p: Packet): boolean {
    return this.ask(p) !== 'drop'
  }

  /** The nat table: the rule that says what becomes of a connection, or null. */
  readonly askNat = (p: Packet): Rule | null | 'drop' => this.ask(p)

  /** Walks, and carries out drops and rejections. Null: the policy accepted, or a rule did. */
  private ask(p: Packet): Rule | null | 'drop' {
    this.p = p
    const { walk } = this
    const rule = walk.run(this.chain, p)
    const { target } = walk
    if (rule === null || target === null) {
      if (this.chain.policy !== 'DROP') return null
      this.steps.drop(p, 'netfilter', `policy DROP of ${this.table} ${this.chain.name}`)
      return 'drop'
    }
    this.steps.rule(p, this.table, rule, verdictOf(target), walk, this.print)
    if (target.kind === 'accept') return null
    if (target.kind !== 'drop' && target.kind !== 'reject') return rule
    // The answer to a rejected packet of our own passes this same hook: the walk is another one afterwards.
    const text = this.print(walk.chain.name, rule, p.family)
    if (target.kind === 'reject') this.reject(p, target.with)
    this.steps.drop(p, 'netfilter', text)
    return 'drop'
  }

  count(chain: Chain, rule: number, bytes: number): void {
    this.counters.hit(chain, rule, bytes)
  }

  effect(effect: Effect, rule: Rule, walk: Walk): void {
    const { p } = this
    switch (effect.kind) {
      case 'mark':
        p.skb.mark = (p.skb.mark & ~effect.mask) ^ effect.value
        this.steps.rule(p, this.table, rule, 'MARK', walk, this.print)
        return
      case 'notrack':
        p.notrack = p.skb.connection === null
        this.steps.rule(p, this.table, rule, 'NOTRACK', walk, this.print)
        return
      case 'log':
        return
      default:
        unreachable(effect)
    }
  }

  returned(rule: Rule, walk: Walk): void {
    this.steps.rule(this.p, this.table, rule, 'RETURN', walk, this.print)
  }

  private reject(p: Packet, how: RejectWith | null): void {
    const { family, skb } = p
    const error = REJECT_WITH[how ?? (family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable')]
    if (error !== null) this.host.icmpError(skb, family, error.type, error.code)
    else if (p.protocol === PROTOCOL.tcp) this.host.tcpReset(skb, family)
  }
}

function verdictOf(target: Target): 'ACCEPT' | 'DROP' | 'REJECT' | 'MASQUERADE' | 'SNAT' | 'DNAT' | 'REDIRECT' {
  switch (target.kind) {
    case 'accept':
      return 'ACCEPT'
    case 'drop':
      return 'DROP'
    case 'reject':
      return 'REJECT'
    case 'masquerade':
      return 'MASQUERADE'
    case 'snat':
      return 'SNAT'
    case 'dnat':
      return 'DNAT'
    case 'redirect':
      return 'REDIRECT'
    default:
      throw new Error(`a walk cannot end at ${target.kind}`)
  }
}
