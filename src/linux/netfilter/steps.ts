import type { DropReason } from '../../trace/drops.ts'
import type { Recorder } from '../../trace/recorder.ts'
import type { Event, PlaceId } from '../../trace/step.ts'
import type { PacketEvent, RuleTaken, TuplePair } from '../../trace/steps/packet.ts'
import type { Address } from '../../util/address.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import type { Connection, Manip, Tuple } from './connection.ts'
import type { ConntrackObserver } from './conntrack/conntrack.ts'
import { SCTP_STATES } from './conntrack/sctp.ts'
import { TCP_STATES } from './conntrack/tcp-track.ts'
import type { IpvsObserver } from './ipvs/ipvs.ts'
import type { Destination, ServiceState } from './ipvs/service-state.ts'
import type { NatObserver } from './nat/nat.ts'
import { isIcmp } from './nat/unique.ts'
import type { NetfilterHost } from './netfilter.ts'
import { type Packet, SCTP } from './packet.ts'
import type { Chain, Rule } from './rules/rule.ts'
import type { Walk } from './rules/walk.ts'

type Verdict = Extract<PacketEvent, { kind: 'rule' }>['verdict']

/** A rule's text, as the tool of its kind prints it. */
export type RulePrinter = (chain: string, rule: Rule, family: 4 | 6) => string

/** Turns what netfilter does into steps. Every call counts one step, recorded or not. */
export class Steps implements ConntrackObserver, NatObserver, IpvsObserver {
  private readonly recorder: Recorder
  /** The rule that the current hook's NAT decision came from. */
  private taken: RuleTaken | null = null
  private readonly cache = new WeakMap<Chain, Map<number, { path: readonly Chain[]; taken: RuleTaken }>>()

  constructor(private readonly host: NetfilterHost) {
    this.recorder = host.kernel.recorder
  }

  /** A rule decided, or changed the packet. */
  rule(p: Packet, table: string, rule: Rule, verdict: Verdict, walk: Walk, print: RulePrinter): void {
    if (!this.recorder.on) {
      this.skip(p)
      return
    }
    const taken = this.ruleTaken(table, rule, walk, p.family, print)
    this.taken = taken
    const { evaluated } = walk
    this.step(p, { kind: 'rule', hook: p.hook, verdict, rule: taken, mark: p.skb.mark >>> 0, evaluated })
  }

  drop(p: Packet, reason: DropReason, detail?: string): void {
    if (!this.recorder.on) this.skip(p)
    else this.step(p, detail === undefined ? { kind: 'drop', reason } : { kind: 'drop', reason, detail })
  }

  changed(
    change: 'new' | 'established' | 'state' | 'related' | 'destroyed',
    connection: Connection,
    p: Packet | null,
  ): void {
    const { recorder, host } = this
    if (p === null) {
      if (!recorder.on) recorder.skip()
      else recorder.step(host.kernel.simulation.now, host.place, 0, 0, null, conntrackEvent(change, connection))
    } else if (!recorder.on) this.skip(p)
    else this.step(p, conntrackEvent(change, connection))
  }

  invalid(p: Packet): void {
    if (!this.recorder.on) {
      this.skip(p)
      return
    }
    const source = { address: p.source, port: Math.max(p.sourcePort, 0) }
    const destination = { address: p.destination, port: Math.max(p.destinationPort, 0) }
    const tuples: TuplePair = {
      protocol: p.protocol,
      original: { source, destination },
      reply: { source: destination, destination: source },
    }
    this.step(p, { kind: 'conntrack', change: 'invalid', connection: 0, tuples, state: '' })
  }

  translated(p: Packet, manip: Manip, connection: Connection, from: Address, port: number, rule: Rule | null): void {
    if (!this.recorder.on) {
      this.skip(p)
      return
    }
    const reverse = p.skb.direction === 1
    const source = (manip === 'source') !== reverse
    const to =
      manip === 'source'
        ? { address: p.source, port: Math.max(p.sourcePort, 0) }
        : { address: p.destination, port: Math.max(p.destinationPort, 0) }
    this.step(p, {
      kind: 'nat',
      nat: source ? (connection.masqueraded ? 'masquerade' : 'snat') : 'dnat',
      hook: p.hook,
      reverse,
      from: { address: from, port },
      to,
      rule: rule === null ? null : this.taken,
    })
  }

  scheduled(p: Packet, { server, destinations }: ServiceState, chosen: Destination | null, bound: boolean): void {
    if (!this.recorder.on) {
      this.skip(p)
      return
    }
    const { protocol, address, port, scheduler, persistence, origin } = server
    this.step(p, {
      kind: 'ipvs',
      hook: p.hook,
      protocol,
      virtual: { address, port },
      scheduler,
      persistence,
      bound,
      chosen: chosen === null ? null : { address: chosen.address, port: chosen.port },
      reals: destinations.map((d) => ({
        real: { address: d.address, port: d.port },
        weight: d.weight,
        active: d.active,
        inactive: d.inactive,
      })),
      origin,
    })
  }

  redirected(p: Packet, manip: Manip, from: Address, port: number, first: boolean): void {
    if (!this.recorder.on) {
      this.skip(p)
      return
    }
    const address = manip === 'source' ? p.source : p.destination
    const at = manip === 'source' ? p.sourcePort : p.destinationPort
    this.step(p, {
      kind: 'nat',
      nat: 'dnat',
      hook: p.hook,
      reverse: manip === 'source',
      from: { address: from, port },
      to: { address, port: Math.max(at, 0) },
      rule: null,
      by: 'ipvs',
      ...(first && { first }),
    })
  }

  private step(p: Packet, event: Event): void {
    const { skb } = p
    const now = this.host.kernel.simulation.now
    skb.cause = this.recorder.step(now, this.placeOf(p), skb.cause, skb.packet, null, event)
  }

  private skip(p: Packet): void {
    p.skb.cause = this.recorder.skip()
  }

  /** The device the packet came by, or leaves by; the namespace itself between the two. */
  private placeOf(p: Packet): PlaceId {
    switch (p.hook) {
      case 'INPUT':
        return p.input?.place ?? this.host.place
      case 'PREROUTING':
        return (p.skb.bridgeInput ?? p.input)?.place ?? this.host.place
      case 'POSTROUTING':
        return (p.skb.bridgeOutput ?? p.output)?.place ?? this.host.place
      default:
        return this.host.place
    }
  }

  private ruleTaken(table: string, rule: Rule, walk: Walk, family: 4 | 6, print: RulePrinter): RuleTaken {
    const { chain, position, depth, path } = walk
    let known = this.cache.get(chain)
    if (known === undefined) this.cache.set(chain, (known = new Map()))
    const cached = known.get(position)
    if (cached !== undefined && samePath(cached.path, path, depth)) return cached.taken
    const chains = path.slice(0, depth)
    const taken: RuleTaken = {
      table,
      chain: chain.name,
      index: position + 1,
      text: print(chain.name, rule, family),
      path: chains.map(({ name }) => name),
      origin: rule.origin ?? null,
    }
    known.set(position, { path: chains, taken })
    return taken
  }
}

function samePath(a: readonly Chain[], b: readonly Chain[], depth: number): boolean {
  if (a.length !== depth) return false
  for (let i = 0; i < depth; i++) if (a[i] !== b[i]) return false
  return true
}

function conntrackEvent(
  change: 'new' | 'established' | 'state' | 'related' | 'destroyed',
  connection: Connection,
): Event {
  return {
    kind: 'conntrack',
    change,
    connection: connection.id,
    tuples: tuplePair(connection),
    state: stateName(connection),
  }
}

export function tuplePair(connection: Connection): TuplePair {
  const icmp = isIcmp(connection)
  const pair = (t: Tuple): TuplePair['original'] => ({
    source: { address: t.source, port: t.sourcePort },
    destination: { address: t.destination, port: icmp ? t.sourcePort : t.destinationPort },
  })
  return {
    protocol: connection.protocol,
    original: pair(connection.original),
    reply: pair(connection.reply),
  }
}

/** TCP's or SCTP's state, else empty. */
export function stateName({ protocol, tcp, sctp }: Connection): string {
  if (protocol === PROTOCOL.tcp && tcp !== null) return TCP_STATES[tcp.state]
  return protocol === SCTP ? SCTP_STATES[sctp] : ''
}
