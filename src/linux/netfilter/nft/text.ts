import { formatAddress, formatEndpoint, isV4 } from '../../../util/address.ts'
import { formatPrefix, type Prefix } from '../../../util/prefix.ts'
import type { AddressSet, Match } from '../rules/match.ts'
import { protocolName } from '../rules/names.ts'
import type { MapKey, Rule, Target, Verdict } from '../rules/rule.ts'

/** A rule as it is added: what follows `add rule ip TABLE CHAIN`. */
export function nftRuleText(rule: Rule, family: 4 | 6): string {
  const comments = rule.matches.flatMap((match) => (match.kind === 'comment' ? [`comment "${match.text}"`] : []))
  const matches = rule.matches.filter(({ kind }) => kind !== 'comment').map((match) => matchText(match, family))
  return [...matches, targetText(rule.target, family), ...comments].filter((part) => part !== '').join(' ')
}

/** As steps show a rule. */
export const nftPrinter = (chain: string, rule: Rule, family: 4 | 6): string => `${chain} ${nftRuleText(rule, family)}`

const ip = (family: 4 | 6): string => (family === 4 ? 'ip' : 'ip6')

function matchText(match: Match, family: 4 | 6): string {
  const not = 'negate' in match && match.negate === true ? '!= ' : ''
  switch (match.kind) {
    case 'source':
      return `${ip(family)} saddr ${not}${shortPrefix(match.prefix)}`
    case 'destination':
      return `${ip(family)} daddr ${not}${shortPrefix(match.prefix)}`
    case 'source-in':
      return `${ip(family)} saddr ${not}${setText(match.set)}`
    case 'destination-in':
      return `${ip(family)} daddr ${not}${setText(match.set)}`
    case 'input':
      // Bare, as kube-proxy writes it; `nft list` puts it in quotes.
      return `iifname ${not}${match.device.replace(/\+$/, '*')}`
    case 'protocol':
      return `meta l4proto ${not}${protocolName(match.protocol)}`
    case 'ctstate':
      return `ct state ${not}${match.states.map((state) => state.toLowerCase()).join(',')}`
    case 'addrtype':
      return `fib ${match.side === 'source' ? 'saddr' : 'daddr'} type ${not}${match.type}`
    case 'mark':
      return `mark and ${hex(match.mask)} ${match.negate === true ? '!=' : '=='} ${match.value === 0 ? '0' : hex(match.value)}`
    case 'recent':
      return match.action === 'set'
        ? `update @${match.list.name} { ${ip(family)} saddr }`
        : `${ip(family)} saddr @${match.list.name}`
    default:
      throw new Error(`nftables has no match ${match.kind} here`)
  }
}

function targetText(target: Target, family: 4 | 6): string {
  switch (target.kind) {
    case 'none':
      return ''
    case 'accept':
    case 'drop':
    case 'return':
    case 'jump':
    case 'goto':
      return verdictText(target)
    case 'reject':
      return 'reject'
    case 'mark':
      return target.written === 'or'
        ? `mark set mark or ${hex(target.value)}`
        : `mark set mark xor ${hex(target.value)}`
    case 'masquerade':
      return `masquerade${target.choice === 'random-fully' ? ' fully-random' : ''}`
    case 'dnat': {
      if (target.to === null || target.ports === null) throw new Error('dnat to an address and a port')
      return `dnat to ${formatEndpoint(target.to.low, target.ports.low)}`
    }
    case 'vmap':
      return `${keyText(target.map.key, family)} vmap @${target.map.name}`
    case 'numgen': {
      const elements = target.verdicts.map((verdict, i) => `${i} : ${verdictText(verdict)}`)
      return `numgen random mod ${elements.length} vmap { ${elements.join(' , ')} }`
    }
    default:
      throw new Error(`nftables has no target ${target.kind} here`)
  }
}

export function verdictText(verdict: Verdict): string {
  return verdict.kind === 'jump' || verdict.kind === 'goto' ? `${verdict.kind} ${verdict.chain.name}` : verdict.kind
}

function keyText(key: MapKey, family: 4 | 6): string {
  return key === 'l4proto . dport' ? 'meta l4proto . th dport' : `${ip(family)} daddr . meta l4proto . th dport`
}

function setText({ name, prefixes }: AddressSet): string {
  return name === undefined ? `{ ${prefixes.map(shortPrefix).join(', ')} }` : `@${name}`
}

/** A single address without its length. */
export function shortPrefix(prefix: Prefix): string {
  const single = prefix.length === (isV4(prefix.address) ? 32 : 128)
  return single ? formatAddress(prefix.address) : formatPrefix(prefix)
}

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`
