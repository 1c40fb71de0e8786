import type { Step } from '../trace/step.ts'
import type { Endpoint, PacketEvent, RouteTaken, RuleTaken, TuplePair } from '../trace/steps/packet.ts'
import {
  type Address,
  BROADCAST,
  familyOf,
  formatAddress,
  formatEndpoint,
  formatMac,
  sameAddress,
} from '../util/address.ts'
import { formatPrefix } from '../util/prefix.ts'
import { PROTOCOL } from '../wire/numbers.ts'
import { en } from './messages/en.ts'
import type { StepIndex } from './record.ts'

const { what, why, note } = en

/** What a step did, in short; empty where its kind says it all. */
export function whatOf(event: Step['event']): string {
  switch (event.kind) {
    case 'bridge':
      return bridgeWhat(event)
    case 'route':
      return event.ttl === null ? '' : what.ttl(event.ttl.before, event.ttl.after)
    case 'neighbour':
      return what.whoHas(formatAddress(event.address))
    case 'nat':
      return what.nat(endpoint(event.from), endpoint(event.to))
    case 'encap':
      return what.encap(event.vni, event.overhead)
    case 'decap':
      return what.decap(event.vni, formatAddress(event.remote))
    case 'deliver':
      if (event.to === 'kernel') return what.kernel
      return event.to === 'listener'
        ? what.listening(event.local.port)
        : what.connected(isIcmp(event.protocol) ? formatAddress(event.local.address) : endpoint(event.local))
    case 'rule':
      return what.rejectWith(/--reject-with (\S+)/.exec(event.rule.text)?.[1] ?? '')
    case 'icmp-error':
      return what.icmpError(icmpName(event.type, event.code, familyOf(event.to)), formatAddress(event.to))
    case 'drop':
      return en.drop[event.reason]
    default:
      return ''
  }
}

/** The reason a step was taken; empty when there is nothing to add to what it did. */
export function whyOf(event: Step['event']): string {
  switch (event.kind) {
    case 'bridge':
      return bridgeWhy(event)
    case 'route':
      return routeWhy(event.destination, event.route)
    case 'nat':
      if (event.by === 'ipvs') return event.reverse ? why.returned : event.first === true ? '' : why.kept
      if (event.reverse) return why.reversed
      if (event.nat === 'masquerade') return why.masquerade
      return event.rule?.origin == null ? '' : why.dnat(event.rule.origin)
    case 'ipvs':
      return ipvsWhy(event)
    case 'encap':
      return why.encap(formatAddress(event.remote))
    case 'rule':
      return commentOf(event.rule.text) ?? ''
    case 'icmp-error':
      return en.drop[event.why]
    case 'drop':
      return commentOf(event.detail ?? '') ?? event.detail ?? ''
    default:
      return ''
  }
}

/** What a step did and why, for where a packet's end is told in one line. */
export function sentenceOf(event: Step['event']): string {
  const separator = event.kind === 'drop' || event.kind === 'icmp-error' ? ': ' : '; '
  return [whatOf(event), whyOf(event)].filter(Boolean).join(separator)
}

/** What a step adds to the hop it belongs to; empty for steps that are hops themselves. */
export function noteOf(event: Step['event']): string {
  switch (event.kind) {
    case 'neighbour':
      if (event.change === 'failed') return note.neighbourFailed(formatAddress(event.address))
      return event.mac === null ? '' : note.resolved(formatAddress(event.address), formatMac(event.mac))
    case 'rule':
      return ruleNote(event)
    case 'conntrack':
      return conntrackNote(event)
    case 'fragment':
      return note.fragment(event.count, event.mtu)
    case 'reassemble':
      return note.reassembled(event.count, event.length)
    default:
      return ''
  }
}

function ipvsWhy({
  origin,
  scheduler,
  reals,
  persistence,
  bound,
  chosen,
}: Extract<PacketEvent, { kind: 'ipvs' }>): string {
  if (chosen === null) return ''
  return bound ? why.persistent(origin, persistence) : why.scheduled(origin, reals.length, why.scheduler[scheduler])
}

function ruleNote({ verdict, hook, rule, mark }: Extract<PacketEvent, { kind: 'rule' }>): string {
  const name = ruleName(rule)
  if (verdict === 'MARK') return mark === 0 ? note.unmarked(name) : note.mark(name, `0x${mark.toString(16)}`)
  const asked = conditionOf(rule)
  if (verdict === 'ACCEPT') return note.accepted(hook, name, asked)
  return verdict === 'RETURN' && hook === 'POSTROUTING' && asked !== ''
    ? note.notMasqueraded(name, asked)
    : note.rule(verdict, name)
}

function conntrackNote({ change, state, tuples }: Extract<PacketEvent, { kind: 'conntrack' }>): string {
  const { original, reply, protocol } = tuples
  if (change !== 'new') return change === 'invalid' ? note.conntrackInvalid : note.conntrackState(change, state)
  const pair = tupleText(protocol, original)
  const plain =
    sameAddress(original.source.address, reply.destination.address) &&
    sameAddress(original.destination.address, reply.source.address) &&
    original.source.port === reply.destination.port &&
    original.destination.port === reply.source.port
  return plain ? note.conntrackNew(pair) : note.conntrackNat(pair, tupleText(protocol, reply))
}

/** `10.244.1.2:39982 > 10.96.0.80:80`; for ICMP, whose tuple has an id: `10.244.1.2 > 10.244.2.2 id 7`. */
function tupleText(protocol: number, { source, destination }: TuplePair['original']): string {
  return isIcmp(protocol)
    ? `${formatAddress(source.address)} > ${formatAddress(destination.address)} id ${source.port}`
    : `${endpoint(source)} > ${endpoint(destination)}`
}

export const isIcmp = (protocol: number): boolean => protocol === PROTOCOL.icmp || protocol === PROTOCOL.icmpv6

/** A rule's comment says in words what it is for. */
const commentOf = (rule: string): string | undefined => /--comment "([^"]*)"/.exec(rule)?.[1]

/** What a rule asks of a packet: `-s 10.244.0.0/16`, or in words where it looks for a mark that is not there. */
function conditionOf({ text, chain }: RuleTaken): string {
  const asked = text
    .replace(/^-A /, '')
    .replace(chain, '')
    .replace(/-m comment --comment ("[^"]*"|\S+)/, '')
    .replace(/(-j \w+|accept|return)$/, '')
    .replace(/ +/g, ' ')
    .trim()
  const unmarked = /^-m mark ! --mark (0x\w+)|^mark and (0x\w+) == 0$/.exec(asked)
  return unmarked === null ? asked : note.noMark(unmarked[1] ?? unmarked[2])
}

/** `10.244.2.0/24 via 10.244.2.0 dev flannel.1`, with what it decided. */
export function routeWhy(destination: Address, route: RouteTaken): string {
  const target = formatAddress(destination)
  if (route.kind === 'local') return why.local(target)
  if (route.via === null) return why.onLink(target, formatPrefix(route.destination), route.device)
  const via = formatAddress(route.via)
  return route.destination.length === 0
    ? why.viaDefault(target, via, route.device)
    : why.viaGateway(target, formatPrefix(route.destination), via, route.device)
}

/** `KUBE-SERVICES > KUBE-SVC-… > KUBE-SEP-…`, or the rule's own text where it stands in a built-in chain. */
export function ruleName(rule: RuleTaken): string {
  return rule.path.length > 1 ? rule.path.slice(1).join(' > ') : `${rule.table} ${rule.text}`
}

/** `port unreachable`, for an ICMP or ICMPv6 type and code. */
export function icmpName(type: number, code: number, version: 4 | 6): string {
  return en.icmp[version === 4 ? `${type}/${code}` : `${type}/${code} v6`] ?? `type ${type} code ${code}`
}

function bridgeWhat({ decision, to }: Extract<PacketEvent, { kind: 'bridge' }>): string {
  const ports = to.join(', ')
  switch (decision) {
    case 'forward':
      return what.toPort(ports)
    case 'hairpin':
      return what.hairpin(ports)
    case 'local':
      return what.toHost
    case 'flood':
      return what.flooded(ports)
  }
}

function bridgeWhy({ decision, destination }: Extract<PacketEvent, { kind: 'bridge' }>): string {
  const mac = formatMac(destination)
  switch (decision) {
    case 'forward':
      return why.learned(mac)
    case 'hairpin':
      return why.hairpin
    case 'local':
      return why.ownMac(mac)
    case 'flood':
      return destination === BROADCAST ? why.broadcast : why.unknownMac(mac)
  }
}

/** `node-1 eth0`, `default/web-2`. */
export function placeName(index: StepIndex, step: Step): string {
  const { node, netns, device } = index.place(step)
  return `${netns === 'host' ? node : netns}${device === '' ? '' : ` ${device}`}`
}

const endpoint = ({ address, port }: Endpoint): string =>
  port === 0 ? formatAddress(address) : formatEndpoint(address, port)
