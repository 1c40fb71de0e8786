import { type Address, type AddressKey, isV4, keyOf, sameAddress } from '../../../util/address.ts'
import { inPrefix, maskWord, type Prefix } from '../../../util/prefix.ts'
import { unreachable } from '../../../util/unreachable.ts'
import type { Packet } from '../packet.ts'
import type { AddressSet, CtState, Match, MatchKind, PortRange } from './match.ts'

/** Whether a packet fulfils a condition. */
export type Test = (p: Packet) => boolean

const sourceOf = (p: Packet): Address => p.source
const destinationOf = (p: Packet): Address => p.destination

const ALWAYS: Test = () => true

/** ip_packet_match looks at these before any extension is asked. */
const HEADER_KINDS: ReadonlySet<MatchKind> = new Set(['protocol', 'source', 'destination', 'input', 'output'])

/** All conditions of a rule as one function: those on the header first, then the extensions in their order. */
export function testAll(matches: readonly Match[]): Test {
  const header = matches.filter((m) => HEADER_KINDS.has(m.kind)).map(testOf)
  const extensions = matches.filter((m) => !HEADER_KINDS.has(m.kind)).map(testOf)
  const tests = [...header, ...extensions].filter((test) => test !== ALWAYS)
  switch (tests.length) {
    case 0:
      return ALWAYS
    case 1:
      return tests[0]
    case 2: {
      const [a, b] = tests
      return (p) => a(p) && b(p)
    }
    case 3: {
      const [a, b, c] = tests
      return (p) => a(p) && b(p) && c(p)
    }
    default:
      return (p) => {
        for (let i = 0; i < tests.length; i++) if (!tests[i](p)) return false
        return true
      }
  }
}

function testOf(match: Match): Test {
  const test = positive(match)
  return 'negate' in match && match.negate === true ? (p) => !test(p) : test
}

function positive(match: Match): Test {
  switch (match.kind) {
    case 'protocol':
      return (
        (protocol) => (p) =>
          p.protocol === protocol
      )(match.protocol)
    case 'source':
      return within(match.prefix, sourceOf)
    case 'destination':
      return within(match.prefix, destinationOf)
    case 'source-in':
      return inSetOf(match.set, sourceOf)
    case 'destination-in':
      return inSetOf(match.set, destinationOf)
    case 'input':
      return named(match.device, (p) => p.input?.name ?? '')
    case 'output':
      return named(match.device, (p) => p.output?.name ?? '')
    case 'source-port':
      return ports(match.ports, (p) => p.sourcePort)
    case 'destination-port':
      return ports(match.ports, (p) => p.destinationPort)
    case 'multiport':
      return multiport(match)
    case 'tcp-flags':
      return (
        (mask, set) => (p) =>
          p.tcpFlags >= 0 && (p.tcpFlags & mask) === set
      )(match.mask, match.set)
    case 'icmp':
      return (
        (type, code) => (p) =>
          p.icmpType === type && (code === null || p.icmpCode === code)
      )(match.type, match.code)
    case 'mark':
      return (
        (value, mask) => (p) =>
          (p.skb.mark & mask) === value
      )(match.value | 0, match.mask | 0)
    case 'ctstate':
      return ctstate(match.states)
    case 'ctdir':
      return (
        (direction) => (p) =>
          p.skb.connection !== null && p.skb.direction === direction
      )(match.direction === 'ORIGINAL' ? 0 : 1)
    case 'ctorigdst':
      return ((prefix) => (p) => {
        const { connection } = p.skb
        return connection !== null && inPrefix(connection.original.destination, prefix)
      })(match.prefix)
    case 'addrtype':
      return addrtype(match)
    case 'comment':
    case 'nfacct':
      return ALWAYS
    case 'random':
      return (
        (probability) => (p) =>
          p.state.draw(probability)
      )(fixedPoint(match.probability))
    case 'recent':
      return recent(match)
    case 'set':
      return inSet(match)
    case 'ipvs':
      return forServer(match.server)
    case 'physdev':
      return named(match.device, (p) => (match.side === 'in' ? p.skb.bridgeInput : p.skb.bridgeOutput)?.name ?? '')
    case 'physdev-is':
      return physdevIs(match.what)
    case 'limit':
      return (p) => p.state.limits.allow(match, p.state.now())
    default:
      return unreachable(match)
  }
}

function within(prefix: Prefix, side: typeof sourceOf): Test {
  const { address, length } = prefix
  if (!isV4(address)) return (p) => inPrefix(side(p), prefix)
  const mask = maskWord(length)
  return (p) => {
    const value: Address = side(p)
    return typeof value === 'number' && (value & mask) === address
  }
}

/** Single addresses are looked up, networks tried one after the other. */
function inSetOf({ prefixes }: AddressSet, of: (p: Packet) => Address): Test {
  const single = prefixes.filter(({ address, length }) => length === (isV4(address) ? 32 : 128))
  const networks = prefixes.filter((prefix) => !single.includes(prefix))
  let keys: ReadonlySet<AddressKey> | null = null
  return (p) => {
    keys ??= new Set(single.map(({ address }) => keyOf(address)))
    return keys.has(keyOf(of(p))) || networks.some((prefix) => inPrefix(of(p), prefix))
  }
}

/** ifname_compare: a trailing + stands for any rest. */
function named(device: string, of: (p: Packet) => string): Test {
  if (!device.endsWith('+')) return (p) => of(p) === device
  const start = device.slice(0, -1)
  return (p) => of(p).startsWith(start)
}

function ports({ low, high }: PortRange, of: (p: Packet) => number): Test {
  if (low === high) return (p) => of(p) === low
  return (p) => of(p) >= low && of(p) <= high
}

function multiport({ side, ports: ranges }: Extract<Match, { kind: 'multiport' }>): Test {
  const any = (port: number): boolean => port >= 0 && ranges.some(({ low, high }) => port >= low && port <= high)
  switch (side) {
    case 'source':
      return (p) => any(p.sourcePort)
    case 'destination':
      return (p) => any(p.destinationPort)
    case 'either':
      return (p) => any(p.sourcePort) || any(p.destinationPort)
  }
}

function ctstate(states: readonly CtState[]): Test {
  const has = (state: CtState): boolean => states.includes(state)
  const [invalid, fresh, established, related, untracked] = (
    ['INVALID', 'NEW', 'ESTABLISHED', 'RELATED', 'UNTRACKED'] as const
  ).map(has)
  const source = has('SNAT')
  const destination = has('DNAT')
  return ({ skb }) => {
    const { connection } = skb
    if (connection !== null && ((source && connection.sourceNat) || (destination && connection.destinationNat))) {
      return true
    }
    switch (skb.connectionState) {
      case 'established':
        return established
      case 'new':
        return fresh
      case 'related':
        return related
      case 'invalid':
        return invalid
      case 'untracked':
        return untracked
    }
  }
}

function addrtype({ side, type, limit }: Extract<Match, { kind: 'addrtype' }>): Test {
  const of = side === 'source' ? sourceOf : destinationOf
  return (p) => {
    const device = limit === undefined ? null : limit === 'in' ? p.input : p.output
    return p.state.addressType(of(p), device) === type
  }
}

function recent({ list, action, seconds, reap }: Extract<Match, { kind: 'recent' }>): Test {
  return (p) => {
    const { recent: lists } = p.state
    const now = p.state.now()
    if (action === 'set') {
      lists.set(list.name, p.source, now)
      return true
    }
    if (action === 'remove') return lists.remove(list.name, p.source)
    const seen = lists.seen(list.name, p.source, seconds, now)
    if (reap) lists.reap(list.name, seconds, now)
    if (seen && action === 'update') lists.set(list.name, p.source, now)
    return seen
  }
}

/** The n-th word of `--match-set NAME src,dst` says which side the n-th part of the set's type is taken from. */
function inSet({ set, sides }: Extract<Match, { kind: 'set' }>): Test {
  return (p) => {
    const found = p.state.sets.get(set)
    if (found === undefined) return false
    const first = sides[0] === 'src' ? p.source : p.destination
    const portSide = found.type === 'bitmap:port' ? sides[0] : sides[1]
    const port = portSide === 'src' ? p.sourcePort : p.destinationPort
    return found.has(first, p.protocol, port, sides[2] === 'src' ? p.source : p.destination)
  }
}

function forServer(server: Extract<Match, { kind: 'ipvs' }>['server']): Test {
  if (server === null) return (p) => p.skb.ipvs !== null
  const { address, protocol, port } = server
  return ({ skb }) =>
    skb.ipvs !== null &&
    skb.direction === 0 &&
    skb.ipvs.protocol === protocol &&
    skb.ipvs.port === port &&
    sameAddress(skb.ipvs.address, address)
}

function physdevIs(what: 'in' | 'out' | 'bridged'): Test {
  switch (what) {
    case 'in':
      return (p) => p.skb.bridgeInput !== null
    case 'out':
      return (p) => p.skb.bridgeOutput !== null
    case 'bridged':
      return (p) => p.skb.bridgeInput !== null && p.skb.bridgeOutput !== null
  }
}

/** xt_statistic keeps 31 bits of the probability. */
export function fixedPoint(probability: number): number {
  return Math.round(probability * 0x80000000) / 0x80000000
}
