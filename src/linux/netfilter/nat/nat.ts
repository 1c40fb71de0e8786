import type { DropReason } from '../../../trace/drops.ts'
import { type Address, v4, v6 } from '../../../util/address.ts'
import type { Rng } from '../../../util/rng.ts'
import type { Connection, Manip } from '../connection.ts'
import type { Conntrack } from '../conntrack/conntrack.ts'
import type { NetfilterHost } from '../netfilter.ts'
import type { Packet } from '../packet.ts'
import type { NatTarget, Rule } from '../rules/rule.ts'
import { translate, translateError, translates } from './translate.ts'
import { keepAsIs, type NatRange, setupNat } from './unique.ts'

/**
 * What NAT tells while it works: the address and port that stood there before; the packet has the new ones. `rule` is null
 * for packets after a connection's first.
 */
export interface NatObserver {
  translated(p: Packet, manip: Manip, connection: Connection, from: Address, port: number, rule: Rule | null): void
  drop(p: Packet, reason: DropReason): void
}

const ICMP_REDIRECT = 5
const LOOPBACK_V4 = v4('127.0.0.1')
const LOOPBACK_V6 = v6('::1')

/** nf_nat: one of the four NAT hooks of a namespace, at which one kind of address is rewritten. */
export class Nat {
  constructor(
    private readonly host: NetfilterHost,
    private readonly conntrack: Conntrack,
    private readonly rng: Rng,
    private readonly observer: NatObserver,
  ) {}

  /**
   * nf_nat_inet_fn. `ask` walks the rules and is called for the first packet of a connection only. False: the packet must be
   * dropped, because a rule said so or its connection cannot be translated.
   */
  hook(p: Packet, ask: ((p: Packet) => Rule | null | 'drop') | null): boolean {
    const { skb } = p
    const { connection, direction } = skb
    if (connection === null) return true
    const manip = p.hook === 'POSTROUTING' || p.hook === 'INPUT' ? 'source' : 'destination'
    if (skb.connectionState === 'related' && p.icmpType >= 0) {
      if (p.family === 4 && p.icmpType === ICMP_REDIRECT && !untouched(connection)) {
        this.observer.drop(p, 'netfilter')
        return false
      }
      if (!translates(connection, direction, manip)) return true
      return this.rewrite(p, connection, manip, null, true)
    }
    let rule: Rule | null = null
    const done = manip === 'source' ? connection.sourceDone : connection.destinationDone
    if (!done && skb.connectionState !== 'established') {
      const asked = ask === null ? null : ask(p)
      if (asked === 'drop') return false
      rule = asked
      if (!this.bind(p, connection, manip, rule)) return false
    }
    return !translates(connection, direction, manip) || this.rewrite(p, connection, manip, rule, false)
  }

  private bind(p: Packet, connection: Connection, manip: Manip, rule: Rule | null): boolean {
    if (rule === null) {
      keepAsIs(connection, manip, this.conntrack, this.rng)
      return true
    }
    const range = this.rangeOf(p, rule.target as NatTarget)
    if (range === null) return false
    setupNat(connection, range, manip, this.conntrack, this.rng)
    if (rule.target.kind === 'masquerade') connection.masqueraded = true
    return true
  }

  /** Null when there is no address to take. */
  private rangeOf(p: Packet, target: NatTarget): NatRange | null {
    const { ports, choice } = target
    const only = (address: Address | null): NatRange | null =>
      address === null ? null : { addresses: { low: address, high: address }, ports, choice }
    switch (target.kind) {
      case 'masquerade':
        return p.output === null ? null : only(this.host.sourceFor(p.output, p.destination))
      case 'redirect':
        if (p.input === null) return only(p.family === 4 ? LOOPBACK_V4 : LOOPBACK_V6)
        return only(this.host.sourceFor(p.input, p.source))
      case 'snat':
      case 'dnat': {
        const own = target.kind === 'snat' ? p.source : p.destination
        return { addresses: target.to ?? { low: own, high: own }, ports, choice }
      }
    }
  }

  private rewrite(p: Packet, connection: Connection, manip: Manip, rule: Rule | null, error: boolean): boolean {
    const from = manip === 'source' ? p.source : p.destination
    const port = manip === 'source' ? p.sourcePort : p.destinationPort
    if (error) {
      if (!translateError(p, connection, p.skb.direction, manip)) return false
    } else translate(p, connection, p.skb.direction, manip)
    this.observer.translated(p, manip, connection, from, Math.max(port, 0), rule)
    return true
  }
}

/**
 * nf_nat_icmp_reply_translation: the sender could make nothing of a redirect about a packet that was translated, or that
 * may still be. Those are dropped.
 */
const untouched = ({ sourceDone, destinationDone, sourceNat, destinationNat }: Connection): boolean =>
  sourceDone && destinationDone && !sourceNat && !destinationNat
