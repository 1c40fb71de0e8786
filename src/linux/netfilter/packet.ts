import type { HookName } from '../../trace/steps/packet.ts'
import type { Address, Family } from '../../util/address.ts'
import * as icmp from '../../wire/fast/icmp.ts'
import * as layout from '../../wire/fast/layout.ts'
import { Layout } from '../../wire/fast/layout.ts'
import * as transport from '../../wire/fast/transport.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import type { Device } from '../device/device.ts'
import type { Skb } from '../skb.ts'
import type { MatchState } from './rules/state.ts'

/**
 * A packet as rules see it at one hook: struct nf_hook_state and the headers, read once. The owner reuses it. After NAT,
 * `reload` reads again.
 */
export class Packet {
  skb!: Skb
  hook: HookName = 'PREROUTING'
  family: Family = 4
  input: Device | null = null
  output: Device | null = null
  /** What matches ask beyond the packet: sets, recent lists, chance, the routing table. */
  state!: MatchState
  readonly layout = new Layout()
  source!: Address
  destination!: Address
  /** IP protocol number. */
  protocol = 0
  /** TCP, UDP, SCTP; -1 where the packet has no ports. */
  sourcePort = -1
  destinationPort = -1
  /** TCP's flags from FIN to CWR, or -1. */
  tcpFlags = -1
  /** ICMP's and ICMPv6's, or -1. */
  icmpType = -1
  icmpCode = -1
  /** Of the IP packet, in bytes. */
  length = 0
  /** `-j CT --notrack` at this hook. */
  notrack = false

  /** False when the headers do not fit the packet. */
  load(
    state: MatchState,
    hook: HookName,
    family: Family,
    skb: Skb,
    input: Device | null,
    output: Device | null,
  ): boolean {
    this.state = state
    this.hook = hook
    this.family = family
    this.input = input
    this.output = output
    this.notrack = false
    return this.reload(skb)
  }

  reload(skb: Skb): boolean {
    this.skb = skb
    const { bytes, start, end } = skb.frame
    const l = this.layout
    if (!layout.locate(bytes, start, end, l)) return false
    this.source = layout.source(bytes, l)
    this.destination = layout.destination(bytes, l)
    this.protocol = l.protocol
    this.length = l.end - l.network
    this.readTransport(bytes)
    return true
  }

  private readTransport(bytes: Uint8Array): void {
    const l = this.layout
    this.sourcePort = this.destinationPort = this.tcpFlags = this.icmpType = this.icmpCode = -1
    if (l.fragmentOffset > 0) return
    const t = l.transport
    const room = l.end - t
    switch (l.protocol) {
      case PROTOCOL.tcp:
        if (room >= 14) this.tcpFlags = bytes[t + 13]
        if (room >= 4) this.readPorts(bytes, t)
        return
      case PROTOCOL.udp:
      case SCTP:
        if (room >= 4) this.readPorts(bytes, t)
        return
      case PROTOCOL.icmp:
      case PROTOCOL.icmpv6:
        if (room < 8) return
        this.icmpType = icmp.type(bytes, t)
        this.icmpCode = icmp.code(bytes, t)
    }
  }

  private readPorts(bytes: Uint8Array, t: number): void {
    this.sourcePort = transport.sourcePort(bytes, t)
    this.destinationPort = transport.destinationPort(bytes, t)
  }
}

export const SCTP = 132
