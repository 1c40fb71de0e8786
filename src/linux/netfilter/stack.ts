import type { HookName } from '../../trace/steps/packet.ts'
import type { Address, Family } from '../../util/address.ts'
import type { Rng } from '../../util/rng.ts'
import type { Device } from '../device/device.ts'
import type { Skb } from '../skb.ts'
import { Conntrack, type ConntrackOptions } from './conntrack/conntrack.ts'
import { DEFAULT_TIMEOUTS } from './conntrack/timeouts.ts'
import { TableHook } from './iptables.ts'
import { Ipvs } from './ipvs/ipvs.ts'
import type { VirtualServers } from './ipvs/virtual-server.ts'
import { Nat } from './nat/nat.ts'
import type { AddressType, Netfilter, NetfilterHost } from './netfilter.ts'
import type { BaseChain, NftTable } from './nft/table.ts'
import { nftPrinter } from './nft/text.ts'
import { Packet } from './packet.ts'
import { Counters } from './rules/counters.ts'
import type { IpSet } from './rules/ipset.ts'
import { Limits } from './rules/limit.ts'
import { RecentLists } from './rules/recent.ts'
import type { Chain } from './rules/rule.ts'
import type { MatchState } from './rules/state.ts'
import { type RuleSet, userChains } from './rules/table.ts'
import { ruleText } from './rules/text.ts'
import { type RulePrinter, Steps } from './steps.ts'

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
  private readonly nft: Record<Family, readonly NftTable[]> = { 4: [], 6: [] }
  private readonly hooks: Record<Family, Hooks> = { 4: EMPTY, 6: EMPTY }
  private readonly packet = new Packet()
  /** Hooks that are running, one inside the other. */
  private depth = 0
  private readonly steps: Steps
  private readonly natEngine: Nat
  private virtual: Ipvs | null = null
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
    this.hooks[family] = this.register(family)
  }

  /** Null where nobody ever set virtual servers. */
  get ipvs(): Ipvs | null {
    return this.virtual
  }

  /** `ipvsadm --restore`: replaces the virtual servers of a family. */
  setVirtualServers(family: Family, servers: VirtualServers): void {
    this.virtual ??= new Ipvs(this.host, this.conntrack, this.steps)
    this.virtual.setServers(family, servers)
    this.hooks[family] = this.register(family)
  }

  /** `ipset restore`: replaces the sets of a family. */
  setIpSets(family: Family, sets: Iterable<IpSet>): void {
    for (const [name, set] of this.sets) if (set.family === family) this.sets.delete(name)
    for (const set of sets) this.sets.set(set.name, set)
  }

  nftTables(family: Family): readonly NftTable[] {
    return this.nft[family]
  }

  /** nft -f: replaces the nftables tables of a family. */
  setNftables(family: Family, tables: readonly NftTable[]): void {
    this.nft[family] = tables
    this.hooks[family] = this.register(family)
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

  private register(family: Family): Hooks {
    const hooks: Record<HookName, HookEntry[]> = {
      PREROUTING: [],
      INPUT: [],
      FORWARD: [],
      OUTPUT: [],
      POSTROUTING: [],
    }
    const base = [...baseChains(this.rules[family]), ...this.nft[family].flatMap(nftBaseChains)]
    base.sort((a, b) => a.priority - b.priority)
    const ipvs = this.virtual?.serves(family) === true ? this.virtual : null
    if (ipvs !== null || this.nft[family].length > 0 || needsConntrack(this.rules[family]))
      this.registerConntrack(hooks, family, base)
    if (ipvs !== null) registerIpvs(hooks, ipvs)
    for (const { table, chain, type, hook, priority, print } of base) {
      if (type === 'nat' || (chain.length === 0 && chain.policy !== 'DROP')) continue
      const entry = this.tableHook(table, hook, chain, print)
      hooks[hook].push({ priority, run: (p) => entry.filter(p) })
    }
    for (const entries of Object.values(hooks)) entries.sort((a, b) => a.priority - b.priority)
    return hooks
  }

  private registerConntrack(hooks: Record<HookName, HookEntry[]>, family: Family, base: readonly NamedChain[]): void {
    for (const hook of ['PREROUTING', 'OUTPUT'] as const) {
      const user = hook === 'PREROUTING' ? 'conntrack-in' : 'conntrack-out'
      hooks[hook].push({ priority: PRIORITY.defrag, run: (p) => this.defragment(p, family, user) })
      hooks[hook].push({ priority: PRIORITY.conntrack, run: (p) => this.track(p) })
    }
    for (const hook of ['INPUT', 'POSTROUTING'] as const) {
      hooks[hook].push({ priority: PRIORITY.confirm, run: (p) => this.confirm(p) })
    }
    if (!base.some(({ type }) => type === 'nat')) return
    for (const hook of ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'] as const) {
      const priority = hook === 'PREROUTING' || hook === 'OUTPUT' ? PRIORITY.dstnat : PRIORITY.srcnat
      const asked = base
        .filter(({ type, chain, hook: at }) => type === 'nat' && at === hook && chain.length > 0)
        .map(({ table, chain, print }) => this.tableHook(table, hook, chain, print).askNat)
      const ask = asked.length === 0 ? null : asked.length === 1 ? asked[0] : inTurn(asked)
      const nat = this.natEngine
      hooks[hook].push({ priority, run: (p) => nat.hook(p, ask) })
    }
  }

  private tableHook(table: string, hook: HookName, chain: Chain, print: RulePrinter): TableHook {
    return new TableHook(table, hook, chain, this.host, this.counters, this.steps, this.options.linear, print)
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

/** Where ip_vs_in takes packets: its answers are looked at just before (ip_vs_ops). */
export const IPVS_PRIORITY = { INPUT: PRIORITY.srcnat - 1, OUTPUT: PRIORITY.dstnat + 2 } as const

/** ip_vs_ops. */
function registerIpvs(hooks: Record<HookName, HookEntry[]>, ipvs: Ipvs): void {
  const input = (p: Packet): boolean => ipvs.input(p)
  const output = (p: Packet): boolean => ipvs.output(p)
  hooks.INPUT.push({ priority: IPVS_PRIORITY.INPUT - 1, run: output }, { priority: IPVS_PRIORITY.INPUT, run: input })
  hooks.OUTPUT.push({ priority: IPVS_PRIORITY.OUTPUT - 1, run: output }, { priority: IPVS_PRIORITY.OUTPUT, run: input })
  hooks.FORWARD.push({ priority: PRIORITY.srcnat - 1, run: (p) => ipvs.inputError(p) })
  hooks.FORWARD.push({ priority: PRIORITY.srcnat, run: output })
}

interface NamedChain extends BaseChain {
  readonly table: string
  readonly print: RulePrinter
}

/** The built-in chains of iptables at the priorities of their tables. */
export function baseChains(rules: RuleSet): NamedChain[] {
  return Object.values(rules).flatMap(({ name, chains }) =>
    (Object.entries(chains) as [HookName, Chain][]).map(([hook, chain]) => {
      const natPriority = hook === 'PREROUTING' || hook === 'OUTPUT' ? PRIORITY.dstnat : PRIORITY.srcnat
      const priority = name === 'nat' ? natPriority : PRIORITY[name]
      const type = name === 'nat' ? ('nat' as const) : ('filter' as const)
      return { table: name, chain, type, hook, priority, print: ruleText }
    }),
  )
}

export function nftBaseChains({ name, chains }: NftTable): NamedChain[] {
  return chains.map((base) => ({ ...base, table: name, print: nftPrinter }))
}

/** nf_nat_inet_fn: one nat chain after the other, until one has settled the connection. */
function inTurn(asked: readonly TableHook['askNat'][]): TableHook['askNat'] {
  return (p) => {
    for (const ask of asked) {
      const answer = ask(p)
      if (answer !== null) return answer
    }
    return null
  }
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
