import { isV4, parseAddress } from '../../../util/address.ts'
import { inputError } from '../../../util/diagnostics.ts'
import { networkOf, type Prefix, parseInterfaceAddress } from '../../../util/prefix.ts'
import type { AddressType } from '../netfilter.ts'
import type { CtState, Match, PortRange } from './match.ts'
import { protocolNumber, TCP_FLAGS } from './names.ts'
import { parseTarget } from './parse-target.ts'
import type { Chain, Rule, Target } from './rule.ts'
import type { Tokens } from './tokens.ts'

/** What a line has told so far. */
interface Draft {
  readonly matches: Match[]
  protocol: number
}

type Reader = (words: Tokens, negate: boolean, draft: Draft) => void

/** The rest of a line after `-A CHAIN`. */
export function parseRule(words: Tokens, chainOf: (name: string) => Chain): Rule {
  const draft: Draft = { matches: [], protocol: 0 }
  let target: Target = { kind: 'none' }
  while (words.peek() !== null) {
    let option = words.next()
    const negate = option === '!'
    if (negate) option = words.next()
    if (option === '-j' || option === '-g') {
      target = parseTarget(option, words, chainOf)
      continue
    }
    const reader = OPTIONS[option]
    if (reader === undefined) throw inputError(`unknown option ${option}`, undefined, words.at)
    reader(words, negate, draft)
  }
  return { matches: draft.matches, target }
}

const add = (draft: Draft, match: Match, negate: boolean): void => {
  draft.matches.push(negate ? ({ ...match, negate: true } as Match) : match)
}

const simple =
  (make: (words: Tokens) => Match): Reader =>
  (words, negate, draft) =>
    add(draft, make(words), negate)

/** `--dport` without `-m tcp` loads it. */
const port =
  (kind: 'source-port' | 'destination-port'): Reader =>
  (words, negate, draft) => {
    loadModule(draft)
    add(draft, { kind, ports: portRange(words.next(), ':', words) }, negate)
  }

const OPTIONS: Readonly<Record<string, Reader>> = {
  '-s': simple((w) => ({ kind: 'source', prefix: prefixOf(w) })),
  '-d': simple((w) => ({ kind: 'destination', prefix: prefixOf(w) })),
  '-i': simple((w) => ({ kind: 'input', device: w.next() })),
  '-o': simple((w) => ({ kind: 'output', device: w.next() })),
  '-p': (w, negate, draft) => {
    const name = w.next()
    const protocol = protocolNumber(name)
    if (protocol === null) throw inputError(`unknown protocol ${name}`, undefined, w.at)
    draft.protocol = protocol
    const module = draft.matches.findIndex((m) => m.kind === 'protocol')
    const match: Match = { kind: 'protocol', protocol, ...(module >= 0 && { module: true }), ...(negate && { negate }) }
    if (module >= 0) draft.matches[module] = match
    else draft.matches.push(match)
  },
  '-m': (w, _negate, draft) => {
    const name = w.next()
    if (name === 'recent') {
      draft.matches.push({ kind: 'recent', list: { name: 'DEFAULT' }, action: 'rcheck', seconds: 0, reap: false })
    } else if (name === 'tcp' || name === 'udp' || name === 'sctp' || name === 'icmp' || name === 'icmp6') {
      const at = draft.matches.findIndex((m) => m.kind === 'protocol')
      // `-m tcp -p tcp`, as kube-proxy writes it: the number follows.
      const found = draft.matches[at]
      if (found?.kind !== 'protocol') draft.matches.push({ kind: 'protocol', protocol: 0, module: true })
      else {
        draft.matches.splice(at, 1)
        draft.matches.push({ ...found, module: true })
      }
    } else if (!KNOWN_MODULES.has(name)) throw inputError(`unknown match ${name}`, undefined, w.at)
  },
  '--sport': port('source-port'),
  '--dport': port('destination-port'),
  '--sports': simple((w) => ({ kind: 'multiport', side: 'source', ports: portList(w) })),
  '--dports': simple((w) => ({ kind: 'multiport', side: 'destination', ports: portList(w) })),
  '--ports': simple((w) => ({ kind: 'multiport', side: 'either', ports: portList(w) })),
  '--tcp-flags': simple((w) => ({ kind: 'tcp-flags', mask: flags(w), set: flags(w) })),
  '--syn': simple(() => ({ kind: 'tcp-flags', mask: 0x17, set: 0x02 })),
  '--icmp-type': simple(icmp),
  '--icmpv6-type': simple(icmp),
  '--mark': simple((w) => ({ kind: 'mark', ...valueAndMask(w.next()) })),
  '--ctstate': simple((w) => ({ kind: 'ctstate', states: w.next().split(',') as CtState[] })),
  '--ctdir': simple((w) => ({ kind: 'ctdir', direction: w.next() === 'REPLY' ? 'REPLY' : 'ORIGINAL' })),
  '--ctorigdst': simple((w) => ({ kind: 'ctorigdst', prefix: prefixOf(w) })),
  '--src-type': simple((w) => ({ kind: 'addrtype', side: 'source', type: w.next().toLowerCase() as AddressType })),
  '--dst-type': simple((w) => ({ kind: 'addrtype', side: 'destination', type: w.next().toLowerCase() as AddressType })),
  '--limit-iface-in': (_w, _n, draft) => amend(draft, 'addrtype', { limit: 'in' }),
  '--limit-iface-out': (_w, _n, draft) => amend(draft, 'addrtype', { limit: 'out' }),
  '--comment': simple((w) => ({ kind: 'comment', text: w.next() })),
  '--mode': (w) => {
    const mode = w.next()
    if (mode !== 'random') throw inputError(`--mode ${mode}`, 'random', w.at)
  },
  '--probability': simple((w) => ({ kind: 'random', probability: Number(w.next()) })),
  '--name': (w, _n, draft) => amend(draft, 'recent', { list: { name: w.next() } }),
  '--set': (_w, negate, draft) => amend(draft, 'recent', { action: 'set', ...(negate && { negate }) }),
  '--rcheck': (_w, negate, draft) => amend(draft, 'recent', { action: 'rcheck', ...(negate && { negate }) }),
  '--update': (_w, negate, draft) => amend(draft, 'recent', { action: 'update', ...(negate && { negate }) }),
  '--remove': (_w, negate, draft) => amend(draft, 'recent', { action: 'remove', ...(negate && { negate }) }),
  '--seconds': (w, _n, draft) => amend(draft, 'recent', { seconds: Number(w.next()) }),
  '--reap': (_w, _n, draft) => amend(draft, 'recent', { reap: true }),
  '--rsource': () => {},
  '--mask': (w) => void w.next(),
  '--match-set': simple((w) => ({ kind: 'set', set: w.next(), sides: w.next().split(',') as ('src' | 'dst')[] })),
  '--ipvs': simple(() => ({ kind: 'ipvs', server: null })),
  '--vaddr': (w, _n, draft) => amendServer(draft, { address: prefixOf(w).address }),
  '--vproto': (w, _n, draft) => amendServer(draft, { protocol: protocolNumber(w.next()) ?? 0 }),
  '--vport': (w, _n, draft) => amendServer(draft, { port: Number(w.next()) }),
  '--physdev-in': simple((w) => ({ kind: 'physdev', side: 'in', device: w.next() })),
  '--physdev-out': simple((w) => ({ kind: 'physdev', side: 'out', device: w.next() })),
  '--physdev-is-in': simple(() => ({ kind: 'physdev-is', what: 'in' })),
  '--physdev-is-out': simple(() => ({ kind: 'physdev-is', what: 'out' })),
  '--physdev-is-bridged': simple(() => ({ kind: 'physdev-is', what: 'bridged' })),
  '--limit': simple((w) => {
    const [, amount, unit] = /^(\d+)\/(s|m|h|d)/.exec(w.next()) ?? []
    return { kind: 'limit', amount: Number(amount), unit: LIMIT_UNIT[unit as 's'], burst: 5 }
  }),
  '--limit-burst': (w, _n, draft) => amend(draft, 'limit', { burst: Number(w.next()) }),
  '--nfacct-name': simple((w) => ({ kind: 'nfacct', name: w.next() })),
}

const LIMIT_UNIT = { s: 'sec', m: 'min', h: 'hour', d: 'day' } as const

const KNOWN_MODULES: ReadonlySet<string> = new Set([
  'addrtype',
  'comment',
  'conntrack',
  'ipvs',
  'limit',
  'mark',
  'multiport',
  'nfacct',
  'physdev',
  'set',
  'statistic',
])

function loadModule(draft: Draft): void {
  const at = draft.matches.findIndex((m) => m.kind === 'protocol')
  const found = draft.matches[at]
  if (found?.kind !== 'protocol' || found.module === true) return
  draft.matches.splice(at, 1)
  draft.matches.push({ ...found, module: true })
}

/** Adds to the last match of a kind. */
function amend<K extends Match['kind']>(draft: Draft, kind: K, more: Partial<Extract<Match, { kind: K }>>): void {
  const at = draft.matches.findLastIndex((m) => m.kind === kind)
  if (at >= 0) draft.matches[at] = { ...draft.matches[at], ...more } as Match
}

type Server = NonNullable<Extract<Match, { kind: 'ipvs' }>['server']>

/** The parts of `-m ipvs` may stand in any order. */
function amendServer(draft: Draft, part: Partial<Server>): void {
  const at = draft.matches.findLastIndex((m) => m.kind === 'ipvs')
  const known = draft.matches[at]
  const server = {
    address: 0 as Server['address'],
    protocol: 0,
    port: 0,
    ...(known?.kind === 'ipvs' ? known.server : null),
    ...part,
  }
  if (known?.kind === 'ipvs') draft.matches[at] = { ...known, server }
  else draft.matches.push({ kind: 'ipvs', server })
}

function prefixOf(words: Tokens): Prefix {
  const text = words.next()
  const address = parseAddress(text)
  if (address !== null) return { address, length: isV4(address) ? 32 : 128 }
  const parsed = parseInterfaceAddress(text)
  if (parsed === null) throw inputError(`${text} is no address`, 'an address or a CIDR', words.at)
  return { address: networkOf(parsed.address, parsed.length), length: parsed.length }
}

export function portRange(text: string, separator: ':' | '-', words: Tokens): PortRange {
  const [low, high = low] = text.split(separator).map(Number)
  if (!(low >= 0 && high <= 65_535 && low <= high)) throw inputError(`${text} is no port`, '0 to 65535', words.at)
  return { low, high }
}

function portList(words: Tokens): PortRange[] {
  return words
    .next()
    .split(',')
    .map((text) => portRange(text, ':', words))
}

function flags(words: Tokens): number {
  const names = words.next().split(',')
  return TCP_FLAGS.reduce((bits, [name, bit]) => (names.includes(name) || names[0] === 'ALL' ? bits | bit : bits), 0)
}

function icmp(words: Tokens): Match {
  const [type, code = null] = words.next().split('/').map(Number)
  return { kind: 'icmp', type, code }
}

export function valueAndMask(text: string): { value: number; mask: number } {
  const [value, mask = 0xffffffff] = text.split('/').map(Number)
  return { value: value | 0, mask: mask | 0 }
}
