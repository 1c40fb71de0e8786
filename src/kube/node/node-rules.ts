import type { Rule } from '../../linux/netfilter/rules/rule.ts'
import { Chain } from '../../linux/netfilter/rules/rule.ts'
import { BUILTIN, type RuleSet, type Table, type TableName } from '../../linux/netfilter/rules/table.ts'
import type { HookName } from '../../trace/steps/packet.ts'

/** What one program adds to the built-in chains of a node, for one family. */
export interface RulePart {
  readonly hooks: Partial<Readonly<Record<TableName, Partial<Readonly<Record<HookName, readonly Rule[]>>>>>>
  /** Chains it keeps that nothing jumps to. */
  readonly unused?: Partial<Readonly<Record<TableName, readonly Chain[]>>>
}

const TABLES: readonly TableName[] = ['raw', 'mangle', 'nat', 'filter']

/**
 * A node's rules from the parts of its programs, in the order their rules stand in the built-in chains: kube-proxy, which
 * prepends, before kubelet, which did so earlier, and flannel and the CNI plugins, which append.
 */
export function combineRules(parts: readonly RulePart[]): RuleSet {
  const rules: Partial<Record<TableName, Table>> = {}
  for (const name of TABLES) {
    const unused = parts.flatMap((part) => part.unused?.[name] ?? [])
    const used = parts.some((part) => part.hooks[name] !== undefined)
    if (!used && unused.length === 0) continue
    const chains: Partial<Record<HookName, Chain>> = {}
    for (const hook of BUILTIN[name]) {
      chains[hook] = Chain.of(
        hook,
        // A rule that one program has is not added again by the next that ensures it.
        [...new Set(parts.flatMap((part) => part.hooks[name]?.[hook] ?? []))],
        'ACCEPT',
      )
    }
    rules[name] = unused.length === 0 ? { name, chains } : { name, chains, unused }
  }
  return rules
}
