import type { Counters } from '../linux/netfilter/rules/counters.ts'
import type { Chain } from '../linux/netfilter/rules/rule.ts'
import { BUILTIN, type RuleSet, type Table, userChains } from '../linux/netfilter/rules/table.ts'
import type { TextStyle } from '../linux/netfilter/rules/target-text.ts'
import { ruleText } from '../linux/netfilter/rules/text.ts'
import type { Family } from '../util/address.ts'

export interface IptablesOptions {
  /** As iptables-save prints, or as kube-proxy writes for iptables-restore. */
  readonly style?: TextStyle
  /** Of the namespace whose rules they are; zero otherwise. */
  readonly counters?: Counters
}

/** The rules as iptables-save (for IPv6, ip6tables-save) prints them, and iptables-restore takes them. */
export function iptablesSave(rules: RuleSet, family: Family, options: IptablesOptions = {}): string {
  const tables = [rules.raw, rules.mangle, rules.nat, rules.filter].filter((table) => table !== undefined)
  return tables.map((table) => tableText(table, family, options)).join('')
}

function tableText(table: Table, family: Family, { style = 'saved', counters }: IptablesOptions): string {
  const builtin = BUILTIN[table.name].flatMap((hook) => table.chains[hook] ?? [])
  const chains = [...builtin, ...userChains(table)]
  const lines = [`*${table.name}`, ...chains.map((chain) => chainLine(chain, counters))]
  for (const chain of chains) for (const rule of chain.rules()) lines.push(ruleText(chain.name, rule, family, style))
  return `${[...lines, 'COMMIT'].join('\n')}\n`
}

function chainLine(chain: Chain, counters: Counters | undefined): string {
  const packets = chain.policy === null ? 0 : (counters?.packets(chain, chain.length) ?? 0)
  const bytes = chain.policy === null ? 0 : (counters?.bytes(chain, chain.length) ?? 0)
  return `:${chain.name} ${chain.policy ?? '-'} [${packets}:${bytes}]`
}
