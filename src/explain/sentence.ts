import type { Step } from '../trace/step.ts'
import type { Endpoint, PacketEvent, RouteTaken, RuleTaken } from '../trace/steps/packet.ts'
import { type Address, BROADCAST, familyOf, formatAddress, formatEndpoint, formatMac } from '../util/address.ts'
import { formatPrefix } from '../util/prefix.ts'
import { en } from './messages/en.ts'

const { why, note } = en

/** Why a step happened, in one line; empty when there is nothing to add to what it is. */
export function whyOf(event: Step['event']): string {
  switch (event.kind) {
    case 'bridge':
      return bridgeWhy(event)
    case 'route':
      return [routeWhy(event.destination, event.route), event.ttl && why.ttl(event.ttl.before, event.ttl.after)]
        .filter(Boolean)
        .join('; ')
    case 'neighbour':
      return event.change === 'wait' ? why.arpWait(formatAddress(event.address)) : noteOf(event)
    case 'nat': {
      const [from, to] = [endpoint(event.from), endpoint(event.to)]
      return event.reverse ? why.unNat(from, to) : why.dnat(from, to)
    }
    case 'encap':
      return why.encap(event.vni, formatAddress(event.local), formatAddress(event.remote), event.overhead)
    case 'decap':
      return why.decap(event.vni, formatAddress(event.remote))
    case 'deliver':
      if (event.to === 'kernel') return why.kernel
      return event.to === 'listener' ? why.listening(event.local.port) : why.connected(endpoint(event.local))
    case 'rule':
      return event.verdict === 'REJECT'
        ? why.rejected(ruleName(event.rule))
        : note.rule(event.verdict, ruleName(event.rule))
    case 'icmp-error':
      return `${icmpName(event.type, event.code, familyOf(event.to))}: ${en.drop[event.why]}`
    case 'drop':
      return event.detail === undefined ? en.drop[event.reason] : `${en.drop[event.reason]}: ${event.detail}`
    default:
      return ''
  }
}

/** What a step adds to the hop it belongs to; empty for steps that are hops themselves. */
export function noteOf(event: Step['event']): string {
  switch (event.kind) {
    case 'neighbour':
      if (event.change === 'failed') return note.neighbourFailed(formatAddress(event.address))
      return event.mac === null ? '' : note.resolved(formatAddress(event.address), formatMac(event.mac))
    case 'rule':
      return event.verdict === 'MARK'
        ? note.mark(ruleName(event.rule), `0x${event.mark.toString(16)}`)
        : note.rule(event.verdict, ruleName(event.rule))
    case 'conntrack': {
      if (event.change !== 'new') return note.conntrackState(event.change, event.state)
      const { original, reply } = event.tuples
      return note.conntrackNew(
        `${arrow(original.source, original.destination)}, ${arrow(reply.source, reply.destination)}`,
      )
    }
    case 'fragment':
      return note.fragment(event.count, event.mtu)
    case 'reassemble':
      return note.reassembled(event.count, event.length)
    default:
      return ''
  }
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

function bridgeWhy(event: Extract<PacketEvent, { kind: 'bridge' }>): string {
  const ports = event.to.join(', ')
  const mac = formatMac(event.destination)
  switch (event.decision) {
    case 'forward':
      return why.toBridgePort(ports, mac)
    case 'hairpin':
      return why.hairpin(ports)
    case 'local':
      return why.toHost(mac)
    case 'flood':
      return event.destination === BROADCAST ? why.broadcast(ports) : why.flooded(mac, ports)
  }
}

const endpoint = ({ address, port }: Endpoint): string =>
  port === 0 ? formatAddress(address) : formatEndpoint(address, port)
const arrow = (from: Endpoint, to: Endpoint): string => `${endpoint(from)} > ${endpoint(to)}`
