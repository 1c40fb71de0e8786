import type { HookName } from '../../../trace/steps/packet.ts'
import { inputError } from '../../../util/diagnostics.ts'
import { parseRule } from './parse-rule.ts'
import { Chain, type Rule } from './rule.ts'
import { BUILTIN, type RuleSet, type Table, type TableName } from './table.ts'
import { type Tokens, tokens } from './tokens.ts'

/** A chain's lines before the chains that they jump to are known. */
interface Draft {
  readonly policy: 'ACCEPT' | 'DROP' | null
  readonly lines: Tokens[]
}

/**
 * Reads what iptables-save prints and iptables-restore takes. Counters are left out. Throws an InputError that names `file`
 * and the line for an option that is not known, a jump to no chain, or a loop.
 */
export function parseIptables(text: string, file = 'iptables-save'): RuleSet {
  const rules: Partial<Record<TableName, Table>> = {}
  let name: TableName | null = null
  let drafts = new Map<string, Draft>()
  text.split('\n').forEach((raw, i) => {
    const at = { file, line: i + 1, column: 1 }
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) return
    if (line.startsWith('*')) {
      if (!(line.slice(1) in BUILTIN)) throw inputError(`table ${line.slice(1)}`, 'raw, mangle, nat or filter', at)
      name = line.slice(1) as TableName
      drafts = new Map()
    } else if (name === null) throw inputError(`a line outside of any table: ${line}`, '*TABLE', at)
    else if (line === 'COMMIT') {
      rules[name] = assemble(name, drafts)
      name = null
    } else if (line.startsWith(':')) {
      const [chain, policy] = line.slice(1).split(' ')
      drafts.set(chain, { policy: policy === 'ACCEPT' || policy === 'DROP' ? policy : null, lines: [] })
    } else {
      const words = tokens(line, at)
      if (words.next() !== '-A') throw inputError(`not a rule: ${line}`, '-A CHAIN …', at)
      const chain = words.next()
      const draft = drafts.get(chain)
      if (draft === undefined) throw inputError(`no chain ${chain} in table ${name}`, undefined, at)
      draft.lines.push(words)
    }
  })
  return rules
}

function assemble(name: TableName, drafts: ReadonlyMap<string, Draft>): Table {
  const built = new Map<string, Chain>()
  const open = new Set<string>()
  const build = (chain: string, from: Tokens | null): Chain => {
    const known = built.get(chain)
    if (known !== undefined) return known
    const draft = drafts.get(chain)
    if (draft === undefined) throw inputError(`no target or chain ${chain} in table ${name}`, undefined, from?.at)
    if (open.has(chain)) throw inputError(`chains jump in a circle through ${chain}`, undefined, from?.at)
    open.add(chain)
    const rules: Rule[] = draft.lines.map((line) => parseRule(line, (target) => build(target, line)))
    open.delete(chain)
    const made = Chain.of(chain, rules, draft.policy)
    built.set(chain, made)
    return made
  }
  const hooks = BUILTIN[name].filter((hook) => drafts.has(hook))
  const chains: Partial<Record<HookName, Chain>> = {}
  for (const hook of hooks) chains[hook] = build(hook, null)
  const reached = new Set(built.keys())
  const unused = [...drafts.keys()].filter((chain) => !reached.has(chain)).map((chain) => build(chain, null))
  return unused.length === 0 ? { name, chains } : { name, chains, unused }
}
