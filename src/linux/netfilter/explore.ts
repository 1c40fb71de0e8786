import type { Packet } from './packet.ts'
import type { Chain, Rule, Target } from './rules/rule.ts'
import type { MatchState } from './rules/state.ts'
import { Walk } from './rules/walk.ts'

export interface Matched {
  readonly chain: Chain
  /** From 0. */
  readonly index: number
  readonly rule: Rule
}

/** One way that a packet can go through a built-in chain. */
export interface Outcome {
  /** Of the draws on this way, all together. */
  readonly probability: number
  /** Whose target decided; null when it was the policy. */
  readonly rule: Rule | null
  /** What it decided: its target, or a verdict out of its map. */
  readonly target: Target | null
  readonly mark: number
  /** All rules whose matches held, in order. */
  readonly matched: readonly Matched[]
}

/**
 * Walks a packet through a chain along every branch of its random matches, likelier endpoints not before others but in the
 * order of the rules. It is the walk of `Walk`, with the draws given; nothing is counted, remembered or changed.
 */
export function* explore(chain: Chain, p: Packet, state: MatchState, mark: number): Generator<Outcome> {
  const script: boolean[] = []
  do {
    const outcome = follow(chain, p, state, mark, script)
    if (outcome.probability > 0) yield outcome
    while (script.length > 0 && script[script.length - 1] === false) script.pop()
    if (script.length > 0) script[script.length - 1] = false
  } while (script.length > 0)
}

function follow(chain: Chain, p: Packet, state: MatchState, mark: number, script: boolean[]): Outcome {
  let drawn = 0
  let probability = 1
  const draw = (chance: number): boolean => {
    if (drawn === script.length) script.push(true)
    const taken = script[drawn++]
    probability *= taken ? chance : 1 - chance
    return taken
  }
  p.state = {
    draw,
    recent: state.recent.clone(),
    sets: state.sets,
    limits: state.limits,
    now: () => state.now(),
    addressType: (address, device) => state.addressType(address, device),
  }
  p.skb.mark = mark
  const matched: Matched[] = []
  const walk = new Walk({
    count: (at, index) => {
      if (index < at.length) matched.push({ chain: at, index, rule: ruleAt(at, index) })
    },
    effect: (effect) => {
      if (effect.kind === 'mark') p.skb.mark = (p.skb.mark & ~effect.mask) ^ effect.value
    },
    returned: () => {},
  })
  const rule = walk.run(chain, p)
  return { probability, rule, target: walk.target, mark: p.skb.mark, matched }
}

function ruleAt(chain: Chain, index: number): Rule {
  let base = 0
  for (const block of chain.blocks) {
    if (index < base + block.length) return block.rule(index - base)
    base += block.length
  }
  throw new RangeError(`chain ${chain.name} has ${chain.length} rules, no ${index}`)
}
