import type { Address } from '../../../util/address.ts'
import { type BlockIndex, indexOf } from './block-index.ts'
import { type Test, testAll } from './compile.ts'
import type { Match, PortRange } from './match.ts'
import type { AddressRange, PortChoice, RejectWith } from './target.ts'

/** What a rule does with a packet that all its matches hold for. */
export type Target =
  | { readonly kind: 'accept' | 'drop' | 'return' }
  /** A rule without `-j`: it counts and goes on. */
  | { readonly kind: 'none' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: Chain }
  /** `with` null: the default, port unreachable of the packet's family. */
  | { readonly kind: 'reject'; readonly with: RejectWith | null }
  /** mark = (mark & ~mask) ^ value; `written` keeps the shorthand that it was written with. */
  | {
      readonly kind: 'mark'
      readonly value: number
      readonly mask: number
      readonly written?: 'or' | 'and' | 'xor' | 'set'
    }
  | { readonly kind: 'masquerade'; readonly ports: PortRange | null; readonly choice: PortChoice }
  | {
      readonly kind: 'snat' | 'dnat'
      readonly to: AddressRange | null
      readonly ports: PortRange | null
      readonly choice: PortChoice
      readonly persistent?: boolean
    }
  | { readonly kind: 'redirect'; readonly ports: PortRange | null; readonly choice: PortChoice }
  /** `-j CT --notrack`, or NOTRACK. */
  | { readonly kind: 'notrack' }
  /** nftables: the verdict that a map has for the packet; none, and the walk goes on. */
  | { readonly kind: 'vmap'; readonly map: VerdictMap }
  /** nftables: one of the verdicts by chance, each as likely as the others. */
  | { readonly kind: 'numgen'; readonly verdicts: readonly Verdict[] }
  | { readonly kind: 'log'; readonly prefix: string }

/** What a map gives: jump and goto end in a chain. */
export type Verdict = Extract<Target, { kind: 'accept' | 'drop' | 'return' | 'jump' | 'goto' }>

/** What a verdict map looks up; the parts of its keys, in order. */
export type MapKey = 'daddr . l4proto . dport' | 'l4proto . dport'

/** A named map. What all nodes have, and what one has besides, are two layers. */
export interface VerdictMap {
  readonly name: string
  readonly key: MapKey
  readonly comment: string
  readonly layers: readonly ReadonlyMap<string, MapElement>[]
}

export interface MapElement {
  /** As nft prints it: `10.96.0.10 . udp . 53`. */
  readonly text: string
  readonly verdict: Verdict
  readonly comment?: string
}

export type NatTarget = Extract<Target, { kind: 'masquerade' | 'snat' | 'dnat' | 'redirect' }>

/** A rule is a value: it may stand in the tables of many namespaces. */
export interface Rule {
  readonly matches: readonly Match[]
  readonly target: Target
  /** The Kubernetes object that it was written for: `Service default/web`. */
  readonly origin?: string
}

/** A rule for one destination address that is made when somebody reads it. */
export interface PendingRule {
  readonly destination: Address
  make(): Rule
}

/**
 * A run of rules. Chains of several nodes share the blocks that are the same on all of them, and with them what is compiled
 * when a packet first comes by.
 */
export class RuleBlock {
  private tests: Test[] | null = null
  private lookup: BlockIndex | null | undefined

  private readonly made: readonly (Rule | PendingRule)[]

  constructor(made: readonly (Rule | PendingRule)[]) {
    // A list that grew has room left; a copy has none.
    this.made = made.slice()
  }

  get length(): number {
    return this.made.length
  }

  rule(i: number): Rule {
    const known = this.made[i]
    return 'make' in known ? known.make() : known
  }

  get rules(): readonly Rule[] {
    return this.made.map((_, i) => this.rule(i))
  }

  test(i: number): Test {
    this.tests ??= new Array<Test>(this.made.length)
    return (this.tests[i] ??= testAll(this.rule(i).matches))
  }

  get index(): BlockIndex | null {
    if (this.lookup === undefined) this.lookup = indexOf(this.made)
    return this.lookup
  }
}

/**
 * A chain is a value too; its rules point at the chains they jump to, so there is no loop and no name to resolve. Names that
 * are hashes, and rules that few packets meet, are made when somebody first reads them.
 */
export class Chain {
  private named: string | (() => string)
  private filled: readonly RuleBlock[] | (() => readonly Rule[])

  private total = -1

  /** `fill` may be left until somebody looks. */
  constructor(
    name: string | (() => string),
    fill: readonly RuleBlock[] | (() => readonly Rule[]),
    /** Of a built-in chain: what happens to packets that no rule decided. */
    readonly policy: 'ACCEPT' | 'DROP' | null = null,
  ) {
    this.named = name
    this.filled = fill
  }

  static of(name: string | (() => string), rules: readonly Rule[], policy: 'ACCEPT' | 'DROP' | null = null): Chain {
    return new Chain(name, rules.length === 0 ? [] : [new RuleBlock(rules)], policy)
  }

  /** Blocks that other chains may hold too. */
  static ofBlocks(name: string, blocks: readonly RuleBlock[], policy: 'ACCEPT' | 'DROP' | null = null): Chain {
    return new Chain(name, blocks, policy)
  }

  get blocks(): readonly RuleBlock[] {
    if (typeof this.filled === 'function') this.filled = [new RuleBlock(this.filled())]
    return this.filled
  }

  /** How many rules. */
  get length(): number {
    if (this.total < 0) this.total = this.blocks.reduce((sum, block) => sum + block.length, 0)
    return this.total
  }

  get name(): string {
    if (typeof this.named === 'function') this.named = this.named()
    return this.named
  }

  /** All rules in order. */
  *rules(): Generator<Rule> {
    for (const block of this.blocks) yield* block.rules
  }
}
