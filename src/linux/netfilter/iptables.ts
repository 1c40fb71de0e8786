import type { HookName } from '../../trace/steps/packet.ts'
import { unreachable } from '../../util/unreachable.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import type { Nat } from './nat/nat.ts'
import type { NetfilterHost } from './netfilter.ts'
import type { Packet } from './packet.ts'
import type { Counters } from './rules/counters.ts'
import type { Chain, Rule, Target } from './rules/rule.ts'
import type { TableName } from './rules/table.ts'
import { REJECT_WITH, type RejectWith } from './rules/target.ts'
import { ruleText } from './rules/text.ts'
import { type Effect, Walk, type WalkObserver } from './rules/walk.ts'
import type { Steps } from './steps.ts'

/** One built-in chain of one table at its hook: `ip_tables` registered with nf_register_net_hook. */
export class TableHook implements WalkObserver {
  private readonly walk: Walk
  private p!: Packet

  constructor(
    private readonly table: TableName,
    readonly hook: HookName,
    private readonly chain: Chain,
    private readonly host: NetfilterHost,
    private readonly counters: Counters,
    private readonly steps: Steps,
    linear: boolean,
  ) {
    this.walk = new Walk(this, linear)
  }

  /** False: dropped or rejected. */
  filter(p: Packet): boolean {
    const rule = this.ask(p)
    return rule === null || (rule !== 'drop' && rule.target.kind === 'accept')
  }

  /** The nat table: its rules say what becomes of a connection. */
  nat(p: Packet, nat: Nat): boolean {
    return nat.hook(p, this.askNat)
  }

  private readonly askNat = (p: Packet): Rule | null | 'drop' => {
    const rule = this.ask(p)
    return rule === null || rule === 'drop' || rule.target.kind !== 'accept' ? rule : null
  }

  /** Walks, and carries out drops and rejections. */
  private ask(p: Packet): Rule | null | 'drop' {
    this.p = p
    const rule = this.walk.run(this.chain, p)
    if (rule === null) {
      if (this.chain.policy !== 'DROP') return null
      this.steps.drop(p, 'netfilter', `policy DROP of ${this.table} ${this.chain.name}`)
      return 'drop'
    }
    this.steps.rule(p, this.table, rule, verdictOf(rule.target), this.walk)
    const { kind } = rule.target
    if (kind !== 'drop' && kind !== 'reject') return rule
    // The answer to a rejected packet of our own passes this same hook: the walk is another one afterwards.
    const text = ruleText(this.walk.chain.name, rule, p.family)
    if (kind === 'reject') this.reject(p, rule.target.with)
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
        this.steps.rule(p, this.table, rule, 'MARK', walk)
        return
      case 'notrack':
        p.notrack = p.skb.connection === null
        this.steps.rule(p, this.table, rule, 'NOTRACK', walk)
        return
      case 'log':
        return
      default:
        unreachable(effect)
    }
  }

  returned(rule: Rule, walk: Walk): void {
    this.steps.rule(this.p, this.table, rule, 'RETURN', walk)
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
