import type { Packet } from '../packet.ts'
import type { Chain, Rule, RuleBlock, Target, Verdict } from './rule.ts'
import { lookup } from './verdict-map.ts'

/** Targets after which the walk goes on. */
export type Effect = Extract<Target, { kind: 'mark' | 'notrack' | 'log' }>

/** What a walk tells while it goes. */
export interface WalkObserver {
  /** All matches of a rule held (ADD_COUNTER). `rule` counts from 0; `chain.length` is a built-in chain's policy. */
  count(chain: Chain, rule: number, bytes: number): void
  /** A target that changes the packet and lets the walk go on. */
  effect(effect: Effect, rule: Rule, walk: Walk): void
  /** A RETURN: the chain ends here. */
  returned(rule: Rule, walk: Walk): void
}

/**
 * ipt_do_table: walks a packet through a built-in chain. One Walk serves one walk after the other. `linear` looks at every
 * rule; else long blocks are looked up, with the same outcome, counters and `evaluated`.
 */
export class Walk {
  /** Rules the kernel would have evaluated so far. */
  evaluated = 0
  /** The chains from the built-in one down to the present one. */
  readonly path: Chain[] = []
  depth = 0
  /** Position of the present rule in its chain, from 0. */
  position = 0
  /** What decided: the target of the rule that `run` returned, or the verdict that its map gave; null for the policy. */
  target: Target | null = null
  private bytes = 0

  constructor(
    private readonly observer: WalkObserver,
    private readonly linear = false,
  ) {}

  get chain(): Chain {
    return this.path[this.depth - 1]
  }

  /** The rule whose target decided, or null: the policy did. `chain`, `path` and `position` stand at it afterwards. */
  run(builtin: Chain, p: Packet): Rule | null {
    this.evaluated = 0
    this.depth = 0
    this.target = null
    this.bytes = p.length
    const rule = this.enter(builtin, p)
    if (rule === null) this.observer.count(builtin, builtin.length, p.length)
    return rule
  }

  /** Null when the chain came to its end or returned. */
  private enter(chain: Chain, p: Packet): Rule | null {
    this.path[this.depth++] = chain
    let base = 0
    for (const block of chain.blocks) {
      const end = this.block(chain, block, base, p)
      if (end !== undefined) {
        if (end === null) this.depth--
        return end
      }
      base += block.length
    }
    this.depth--
    return null
  }

  /** Undefined: the chain goes on after this block; null: the chain returned. */
  private block(chain: Chain, block: RuleBlock, base: number, p: Packet): Rule | null | undefined {
    const index = this.linear ? null : block.index
    if (index === null) {
      for (let i = 0; i < block.length; i++) {
        this.evaluated++
        if (!block.test(i)(p)) continue
        const end = this.fire(chain, block.rule(i), base + i, p)
        if (end !== undefined) return end
      }
      return undefined
    }
    const { wild } = index
    let w = 0
    let last = -1
    for (let keyed = index.first(p); ; ) {
      const other = w < wild.length ? wild[w] : -1
      let i = keyed
      if (keyed < 0 || (other >= 0 && other < keyed)) {
        i = other
        w++
      } else keyed = index.after(keyed)
      if (i < 0) break
      this.evaluated += i - last
      last = i
      if (!block.test(i)(p)) continue
      const end = this.fire(chain, block.rule(i), base + i, p)
      if (end !== undefined) return end
    }
    this.evaluated += block.length - 1 - last
    return undefined
  }

  private fire(chain: Chain, rule: Rule, position: number, p: Packet): Rule | null | undefined {
    this.observer.count(chain, position, this.bytes)
    return this.execute(rule.target, rule, position, p)
  }

  private execute(target: Target, rule: Rule, position: number, p: Packet): Rule | null | undefined {
    switch (target.kind) {
      case 'none':
        return undefined
      case 'jump': {
        const end = this.enter(target.chain, p)
        return end === null ? undefined : end
      }
      case 'goto':
        return this.enter(target.chain, p)
      case 'return':
        this.position = position
        this.observer.returned(rule, this)
        return null
      case 'vmap': {
        const verdict = lookup(target.map, p)
        return verdict === undefined ? undefined : this.execute(verdict, rule, position, p)
      }
      case 'numgen':
        return this.execute(pick(target.verdicts, p), rule, position, p)
      case 'mark':
      case 'notrack':
      case 'log':
        this.position = position
        this.observer.effect(target, rule, this)
        return undefined
      default:
        this.position = position
        this.target = target
        return rule
    }
  }
}

/** `numgen random mod n`: by draws with chance 1/n, 1/(n-1) …, which is the same, and can be explored. */
function pick(verdicts: readonly Verdict[], p: Packet): Verdict {
  const last = verdicts.length - 1
  for (let i = 0; i < last; i++) if (p.state.draw(1 / (verdicts.length - i))) return verdicts[i]
  return verdicts[last]
}
