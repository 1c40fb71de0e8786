import type { HookName } from '../../../trace/steps/packet.ts'
import type { Chain } from './rule.ts'

export type TableName = 'raw' | 'mangle' | 'nat' | 'filter'

/** The built-in chains of each table, in the order iptables-save prints them. */
export const BUILTIN: Readonly<Record<TableName, readonly HookName[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
}

export interface Table {
  readonly name: TableName
  readonly chains: Partial<Readonly<Record<HookName, Chain>>>
  /** Chains that nothing jumps to, which exist all the same (kubelet's and kube-proxy's canaries). */
  readonly unused?: readonly Chain[]
}

/** What `iptables` of one namespace and family holds. Tables it never touched are absent. */
export type RuleSet = Partial<Readonly<Record<TableName, Table>>>

/** The chains that users made: those reached from the built-in ones, each before the chains it jumps to, then the unused. */
export function userChains(table: Table): Chain[] {
  const seen = new Set<Chain>()
  const visit = (chain: Chain): void => {
    for (const block of chain.blocks) {
      for (const { target } of block.rules) {
        if ((target.kind !== 'jump' && target.kind !== 'goto') || seen.has(target.chain)) continue
        seen.add(target.chain)
        visit(target.chain)
      }
    }
  }
  const roots = BUILTIN[table.name].flatMap((hook) => table.chains[hook] ?? [])
  for (const root of roots) visit(root)
  for (const chain of table.unused ?? []) {
    if (seen.has(chain)) continue
    seen.add(chain)
    visit(chain)
  }
  return [...seen]
}
