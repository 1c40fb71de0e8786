import type { NftTable } from '../linux/netfilter/nft/table.ts'
import { nftRuleText, shortPrefix, verdictText } from '../linux/netfilter/nft/text.ts'
import type { Chain, MapElement, Verdict, VerdictMap } from '../linux/netfilter/rules/rule.ts'
import type { Family } from '../util/address.ts'

/** A table as commands that `nft -f` takes, in the words of kube-proxy's own transactions: definitions before their uses. */
export function nftScript(table: NftTable, family: Family): string {
  const ip = family === 4 ? 'ip' : 'ip6'
  const at = `${ip} ${table.name}`
  const chains = allChains(table)
  const lines = [`add table ${at} { comment "${table.comment}" ; }`]
  for (const { name, comment } of table.sets) {
    lines.push(`add set ${at} ${name} { type ${addressType(family)} ; comment "${comment}" ; }`)
  }
  for (const [name, seconds] of affinitySets(chains)) {
    lines.push(`add set ${at} ${name} { type ${addressType(family)} ; flags dynamic,timeout ; timeout ${seconds}s ; }`)
  }
  for (const { name, key, comment } of table.maps) {
    lines.push(`add map ${at} ${name} { type ${keyType(key, family)} : verdict ; comment "${comment}" ; }`)
  }
  for (const chain of chains) lines.push(`add chain ${at} ${chain.name}${chainBody(table, chain)}`)
  for (const chain of chains) {
    for (const rule of chain.rules()) lines.push(`add rule ${at} ${chain.name} ${nftRuleText(rule, family)}`)
  }
  for (const { name, prefixes } of table.sets) {
    for (const prefix of prefixes) lines.push(`add element ${at} ${name} { ${shortPrefix(prefix)} }`)
  }
  for (const { name, layers } of table.maps) {
    for (const layer of layers) for (const element of layer.values()) lines.push(elementLine(at, name, element))
  }
  return `${lines.join('\n')}\n`
}

function elementLine(at: string, map: string, { text, verdict, comment }: MapElement): string {
  const note = comment === undefined ? '' : ` comment "${comment}"`
  return `add element ${at} ${map} { ${text}${note} : ${verdictText(verdict)} }`
}

function chainBody(table: NftTable, chain: Chain): string {
  const base = table.chains.find((one) => one.chain === chain)
  if (base !== undefined) {
    return ` { type ${base.type} hook ${base.hook.toLowerCase()} priority ${base.priority} ; }`
  }
  const comment = table.chainComments.get(chain.name)
  return comment === undefined ? '' : ` { comment "${comment}" ; }`
}

/** Base chains, then those that rules and maps lead to. */
function allChains(table: NftTable): Chain[] {
  const seen = new Set<Chain>()
  const maps = new Set<VerdictMap>()
  const visit = (chain: Chain): void => {
    if (seen.has(chain)) return
    seen.add(chain)
    for (const { target } of chain.rules()) {
      if (target.kind === 'jump' || target.kind === 'goto') visit(target.chain)
      else if (target.kind === 'numgen') target.verdicts.forEach(follow)
      else if (target.kind === 'vmap') visitMap(target.map)
    }
  }
  const follow = (verdict: Verdict): void => {
    if (verdict.kind === 'jump' || verdict.kind === 'goto') visit(verdict.chain)
  }
  const visitMap = (map: VerdictMap): void => {
    if (maps.has(map)) return
    maps.add(map)
    for (const layer of map.layers) for (const { verdict } of layer.values()) follow(verdict)
  }
  for (const { chain } of table.chains) visit(chain)
  for (const chain of table.otherChains) visit(chain)
  return [...seen]
}

/** Sets that ClientIP affinity fills, with their timeouts. */
function affinitySets(chains: readonly Chain[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const chain of chains) {
    for (const { matches } of chain.rules()) {
      for (const match of matches) {
        if (match.kind === 'recent' && match.action === 'rcheck') found.set(match.list.name, match.seconds)
      }
    }
  }
  return found
}

const addressType = (family: Family): string => (family === 4 ? 'ipv4_addr' : 'ipv6_addr')

function keyType(key: VerdictMap['key'], family: Family): string {
  const ports = 'inet_proto . inet_service'
  return key === 'l4proto . dport' ? ports : `${addressType(family)} . ${ports}`
}
