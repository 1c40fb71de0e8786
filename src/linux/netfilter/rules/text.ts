import { formatAddress, isV4 } from '../../../util/address.ts'
import { formatPrefix, type Prefix } from '../../../util/prefix.ts'
import { unreachable } from '../../../util/unreachable.ts'
import { fixedPoint } from './compile.ts'
import type { CtState, Match, MatchKind, PortRange } from './match.ts'
import { moduleName, protocolName, TCP_FLAGS } from './names.ts'
import type { Rule } from './rule.ts'
import { type TextStyle, targetText } from './target-text.ts'

/** `-A CHAIN …`, without the counters. */
export function ruleText(chain: string, rule: Rule, family: 4 | 6, style: TextStyle = 'saved'): string {
  const matches = style === 'saved' ? saved(rule.matches) : rule.matches.map(written)
  return ['-A', chain, ...matches, targetText(rule.target, family, style)].filter((part) => part !== '').join(' ')
}

const HEADER_ORDER: readonly MatchKind[] = ['source', 'destination', 'input', 'output', 'protocol']
/** Options of the protocol's own extension, in the order it prints them. */
const MODULE_ORDER: readonly MatchKind[] = ['source-port', 'destination-port', 'tcp-flags', 'icmp']

function saved(matches: readonly Match[]): string[] {
  const header = HEADER_ORDER.flatMap((kind) => matches.filter((m) => m.kind === kind)).map(option)
  const module = MODULE_ORDER.flatMap((kind) => matches.filter((m) => m.kind === kind)).map(option)
  const extensions = matches.flatMap((m) => {
    if (m.kind === 'protocol') return m.module === true ? [`-m ${moduleName(m.protocol)}`, ...module] : []
    if (HEADER_ORDER.includes(m.kind) || MODULE_ORDER.includes(m.kind)) return []
    const load = EXTENSION[m.kind]
    return [load === undefined ? option(m) : `-m ${load} ${option(m)}`]
  })
  return [...header, ...extensions]
}

function written(match: Match): string {
  switch (match.kind) {
    case 'protocol':
      return match.module === true ? `-m ${moduleName(match.protocol)} ${option(match)}` : option(match)
    case 'source':
    case 'destination':
      return negated(match.negate, `${match.kind === 'source' ? '-s' : '-d'} ${shortPrefix(match.prefix)}`)
    case 'comment':
      return `-m comment --comment ${match.text.includes(' ') ? `"${match.text}"` : match.text}`
    case 'random':
      return `-m statistic --mode random --probability ${match.probability.toFixed(10)}`
    case 'recent': {
      const age = match.seconds > 0 ? ` --seconds ${match.seconds}` : ''
      return `-m recent --name ${match.list.name} --${match.action}${age}${match.reap ? ' --reap' : ''}`
    }
    default: {
      const load = EXTENSION[match.kind]
      return load === undefined ? option(match) : `-m ${load} ${option(match)}`
    }
  }
}

const EXTENSION: Partial<Readonly<Record<MatchKind, string>>> = {
  multiport: 'multiport',
  mark: 'mark',
  ctstate: 'conntrack',
  ctdir: 'conntrack',
  ctorigdst: 'conntrack',
  addrtype: 'addrtype',
  comment: 'comment',
  random: 'statistic',
  recent: 'recent',
  set: 'set',
  ipvs: 'ipvs',
  physdev: 'physdev',
  'physdev-is': 'physdev',
  limit: 'limit',
  nfacct: 'nfacct',
}

const CT_ORDER: readonly CtState[] = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED', 'SNAT', 'DNAT']

function option(match: Match): string {
  const text = plain(match)
  return 'negate' in match ? negated(match.negate, text) : text
}

function plain(match: Match): string {
  switch (match.kind) {
    case 'protocol':
      return `-p ${protocolName(match.protocol)}`
    case 'source':
      return `-s ${formatPrefix(match.prefix)}`
    case 'destination':
      return `-d ${formatPrefix(match.prefix)}`
    case 'source-in':
    case 'destination-in':
      throw new Error('iptables has no sets of addresses in a rule')
    case 'input':
      return `-i ${match.device}`
    case 'output':
      return `-o ${match.device}`
    case 'source-port':
      return `--sport ${range(match.ports)}`
    case 'destination-port':
      return `--dport ${range(match.ports)}`
    case 'multiport':
      return `--${MULTIPORT[match.side]} ${match.ports.map(range).join(',')}`
    case 'tcp-flags':
      return `--tcp-flags ${flags(match.mask)} ${flags(match.set)}`
    case 'icmp':
      return `--${match.type >= 128 ? 'icmpv6' : 'icmp'}-type ${match.type}${match.code === null ? '' : `/${match.code}`}`
    case 'mark':
      return `--mark ${hex(match.value)}${match.mask === -1 || match.mask === 0xffffffff ? '' : `/${hex(match.mask)}`}`
    case 'ctstate':
      return `--ctstate ${CT_ORDER.filter((state) => match.states.includes(state)).join(',')}`
    case 'ctdir':
      return `--ctdir ${match.direction}`
    case 'ctorigdst':
      return `--ctorigdst ${shortPrefix(match.prefix)}`
    case 'addrtype': {
      const limit = match.limit === undefined ? '' : ` --limit-iface-${match.limit}`
      return `--${match.side === 'source' ? 'src' : 'dst'}-type ${match.type.toUpperCase()}${limit}`
    }
    case 'comment':
      return `--comment ${quoted(match.text)}`
    case 'random':
      return `--mode random --probability ${fixedPoint(match.probability).toFixed(11)}`
    case 'recent': {
      const age = match.seconds > 0 ? ` --seconds ${match.seconds}` : ''
      return `--${match.action}${age}${match.reap ? ' --reap' : ''} --name ${match.list.name} --mask 255.255.255.255 --rsource`
    }
    case 'set':
      return `--match-set ${match.set} ${match.sides.join(',')}`
    case 'ipvs':
      if (match.server === null) return '--ipvs'
      return `--vproto ${match.server.protocol} --vaddr ${formatAddress(match.server.address)} --vport ${match.server.port}`
    case 'physdev':
      return `--physdev-${match.side} ${match.device}`
    case 'physdev-is':
      return `--physdev-is-${match.what}`
    case 'limit':
      return `--limit ${match.amount}/${match.unit}${match.burst === 5 ? '' : ` --limit-burst ${match.burst}`}`
    case 'nfacct':
      return `--nfacct-name ${match.name}`
    default:
      return unreachable(match)
  }
}

const MULTIPORT = { source: 'sports', destination: 'dports', either: 'ports' } as const

const negated = (negate: boolean | undefined, text: string): string => (negate === true ? `! ${text}` : text)

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`

const range = ({ low, high }: PortRange): string => (low === high ? `${low}` : `${low}:${high}`)

function flags(bits: number): string {
  const names = TCP_FLAGS.filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name)
  return names.length === 0 ? 'NONE' : names.join(',')
}

/** A single address without its length. */
function shortPrefix(prefix: Prefix): string {
  const single = prefix.length === (isV4(prefix.address) ? 32 : 128)
  return single ? formatAddress(prefix.address) : formatPrefix(prefix)
}

/** xtables_save_string. */
function quoted(text: string): string {
  return /^[A-Za-z0-9_-]+$/.test(text) ? text : `"${text.replace(/["\\']/g, '\\$&')}"`
}
