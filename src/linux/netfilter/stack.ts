import type { HookName } from '../../trace/steps/packet.ts'
import type { Address, Family } from '../../util/address.ts'
import type { Rng } from '../../util/rng.ts'
import type { Device } from '../device/device.ts'
import type { Skb } from '../skb.ts'
import { Conntrack, type ConntrackOptions } from './conntrack/conntrack.ts'
import { DEFAULT_TIMEOUTS } from './conntrack/timeouts.ts'
import { TableHook } from './iptables.ts'
import { Nat } from './nat/nat.ts'
import type { AddressType, Netfilter, NetfilterHost } from './netfilter.ts'
import { Packet } from './packet.ts'
import { Counters } from './rules/counters.ts'
import type { IpSet } from './rules/ipset.ts'
import { Limits } from './rules/limit.ts'
import { RecentLists } from './rules/recent.ts'
import type { Chain } from './rules/rule.ts'
import type { MatchState } from './rules/state.ts'
import { type RuleSet, type TableName, userChains } from './rules/table.ts'
import { Steps } from './steps.ts'

export interface NetfilterOptions extends ConntrackOptions {
  /** Walk every rule instead of looking long chains up. The outcome is the same. */
  readonly linear: boolean
}

/** One function registered at a hook. False: the packet is gone. */
export interface HookEntry {
  readonly priority: number
  run(p: Packet): boolean
}

/** NF_IP_PRI_*. */
export const PRIORITY = {
  defrag: -400,
  raw: -300,
  conntrack: -200,
  mangle: -150,
  dstnat: -100,
  filter: 0,
  srcnat: 100,
  confirm: 2_147_483_647,
} as const

type Hooks = Record<HookName, readonly HookEntry[]>

const EMPTY: Hooks = { PREROUTING: [], INPUT: [], FORWARD: [], OUTPUT: [], POSTROUTING: [] }

/** Netfilter of one namespace. Without rules it does nothing at all: connections are tracked once rules need it. */
export class NetfilterStack implements Netfilter, MatchState {
  readonly conntrack: Conntrack
  readonly counters = new Counters()
  readonly recent = new RecentLists()
  readonly limits = new Limits()
  readonly sets = new Map<string, IpSet>()
  readonly draw: (probability: number) => boolean
  private readonly rules: Record<Family, RuleSet> = { 4: {}, 6: {} }
  private readonly hooks: Record<Family, Hooks> = { 4: EMPTY, 6: EMPTY }
  private readonly packet = new Packet()
  /** Hooks that are running, one inside the other. */
  private depth = 0
  private readonly steps: Steps
  private readonly natEngine: Nat
  private readonly options: NetfilterOptions

  constructor(
    private readonly host: NetfilterHost,
    /** The namespace's own stream of chance: ports, endpoints. */
    rng: Rng,
    options: Partial<NetfilterOptions> = {},
  ) {
    this.options = { timeouts: DEFAULT_TIMEOUTS, checksum: true, linear: false, ...options }
    this.steps = new Steps(host)
    this.conntrack = new Conntrack(this.options, () => host.kernel.simulation.now, this.steps)
    const ports = rng.fork('ports')
    const statistic = rng.fork('statistic')
    this.natEngine = new Nat(host, this.conntrack, ports, this.steps)
    this.draw = (probability) => statistic.float() < probability
  }

  now(): number {
    return this.host.kernel.simulation.now
  }

  addressType(address: Address, device: Device | null): AddressType {
    return this.host.addressType(address, device)
  }

  ruleSet(family: Family): RuleSet {
    return this.rules[family]
  }

  /** iptables-restore: replaces what a family has. Chains that are the same values keep their counters. */
  setRules(family: Family, rules: RuleSet): void {
    this.rules[family] = rules
    this.hooks[family] = this.register(family, rules)
  }

  run(hook: HookName, family: Family, skb: Skb, input: Device | null, output: Device | null): boolean {
    const entries = this.hooks[family][hook]
    if (entries.length === 0) return true
    // REJECT answers from within a hook, and its answer passes OUTPUT before the hook is done.
    const p = this.depth === 0 ? this.packet : new Packet()
    if (!p.load(this, hook, family, skb, input, output)) return true
    this.depth++
    let passed = true
    for (let i = 0; passed && i < entries.length; i++) passed = entries[i].run(p)
    this.depth--
    return passed
  }

  private register(family: Family, rules: RuleSet): Hooks {
    const hooks: Record<HookName, HookEntry[]> = {
      PREROUTING: [],
      INPUT: [],
      FORWARD: [],
      OUTPUT: [],
      POSTROUTING: [],
    }
    if (needsConntrack(rules)) this.registerConntrack(hooks, family, rules)
    for (const name of ['raw', 'mangle', 'filter'] as const) {
      for (const [hook, chain] of chainsOf(rules, name)) {
        if (chain.length === 0 && chain.policy !== 'DROP') continue
        const entry = this.tableHook(name, hook, chain)
        hooks[hook].push({ priority: PRIORITY[name], run: (p) => entry.filter(p) })
      }
    }
    for (const entries of Object.values(hooks)) entries.sort((a, b) => a.priority - b.priority)
    return hooks
  }

  private registerConntrack(hooks: Record<HookName, HookEntry[]>, family: Family, rules: RuleSet): void {
    for (const hook of ['PREROUTING', 'OUTPUT'] as const) {
      const user = hook === 'PREROUTING' ? 'conntrack-in' : 'conntrack-out'
      hooks[hook].push({ priority: PRIORITY.defrag, run: (p) => this.defragment(p, family, user) })
      hooks[hook].push({ priority: PRIORITY.conntrack, run: (p) => this.track(p) })
    }
    for (const hook of ['INPUT', 'POSTROUTING'] as const) {
      hooks[hook].push({ priority: PRIORITY.confirm, run: (p) => this.confirm(p) })
    }
    if (rules.nat === undefined) return
    for (const hook of ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'] as const) {
      const priority = hook === 'PREROUTING' || hook === 'OUTPUT' ? PRIORITY.dstnat : PRIORITY.srcnat
      const chain = rules.nat.chains[hook]
      const nat = this.natEngine
      if (chain === undefined || chain.length === 0) hooks[hook].push({ priority, run: (p) => nat.hook(p, null) })
      else {
        const entry = this.tableHook('nat', hook, chain)
        hooks[hook].push({ priority, run: (p) => entry.nat(p, nat) })
      }
    }
  }

  private tableHook(table: TableName, hook: HookName, chain: Chain): TableHook {
    return new TableHook(table, hook, chain, this.host, this.counters, this.steps, this.options.linear)
  }

  private track(p: Packet): boolean {
    this.conntrack.track(p)
    return true
  }

  private confirm(p: Packet): boolean {
    const reason = this.conntrack.confirm(p)
    if (reason === null) return true
    this.steps.drop(p, reason)
    return false
  }

  /** False: a fragment, held until the others come. */
  private defragment(p: Packet, family: Family, user: 'conntrack-in' | 'conntrack-out'): boolean {
    const l = p.layout
    if (!l.moreFragments && l.fragmentOffset === 0) return true
    const { skb } = p
    const whole = this.host.defragment(skb, family, user)
    if (whole === null) return false
    if (whole !== skb) {
      skb.frame = whole.frame
      skb.cause = whole.cause
      skb.fragmentSize = whole.fragmentSize
      skb.pieces = whole.pieces
    }
    return p.reload(skb)
  }
}

function chainsOf(rules: RuleSet, name: TableName): [HookName, Chain][] {
  return Object.entries(rules[name]?.chains ?? {}) as [HookName, Chain][]
}

/** Connections are tracked in a namespace whose rules translate addresses or ask for states. */
function needsConntrack(rules: RuleSet): boolean {
  if (rules.nat !== undefined) return true
  return Object.values(rules).some((table) =>
    [...Object.values(table.chains), ...userChains(table)].some((chain) => [...chain.rules()].some(asksForState)),
  )
}

function asksForState({
  matches,
  target,
}: {
  matches: readonly { kind: string }[]
  target: { kind: string }
}): boolean {
  return target.kind === 'notrack' || matches.some(({ kind }) => kind.startsWith('ct'))
}
