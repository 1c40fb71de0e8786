import type { PacketId, StepId } from '../trace/step.ts'
import type { Mac } from '../util/address.ts'
import type { Frame } from '../wire/frame.ts'
import type { BridgePort } from './device/bridge-port.ts'
import type { Device } from './device/device.ts'
import type { Connection, ConnectionState } from './netfilter/connection.ts'
import type { VirtualServer } from './netfilter/ipvs/virtual-server.ts'

/**
 * A packet on its way through a namespace: Linux's sk_buff. `frame.start` lies at the header of the layer that holds it
 * (Ethernet on a device, IP in the IP layer, TCP or UDP in a socket). It has one owner; to hand it on is to give it away.
 */
export class Skb {
  /** The firewall mark (`ip rule fwmark`, `-j MARK`). Cleared when a packet crosses namespaces, kept by encapsulation. */
  mark = 0
  /** The conntrack entry, once PREROUTING or OUTPUT has looked it up. */
  connection: Connection | null = null
  connectionState: ConnectionState = 'untracked'
  /** 0: as the first packet of the connection went; 1: the other way. */
  direction: 0 | 1 = 0
  /** The virtual server that IPVS took the packet for, or whose answer it is (`ipvs_property`): it is not looked at again. */
  ipvs: VirtualServer | null = null
  /** The device that received the packet; null for one made here. */
  input: Device | null = null
  /** The bridge ports of a packet that bridge-nf shows to iptables (`physdev`). */
  bridgeInput: Device | null = null
  bridgeOutput: Device | null = null
  /** Bridged and translated, and on its way to a neighbour's MAC: the port it came by and the source it keeps. */
  bridgedFrom: { readonly port: BridgePort; readonly source: Mac } | null = null
  /** The largest fragment this packet was reassembled from, 0 if it never was one: it leaves in fragments of that size. */
  fragmentSize = 0
  /**
   * The content lengths of those fragments, in order (`frag_list`): it is taken apart the same way where each still fits, and
   * may be cut whatever its DF says (`ignore_df`).
   */
  pieces: readonly number[] | null = null

  constructor(
    public frame: Frame,
    readonly packet: PacketId,
    public cause: StepId,
  ) {}

  /** For flooding: the same packet with bytes of its own. */
  clone(): Skb {
    const copy = this.with(this.frame.clone())
    copy.fragmentSize = this.fragmentSize
    copy.pieces = this.pieces
    return copy
  }

  /** The same packet to whoever looks, in another frame: with the same cause, mark and connection. */
  with(frame: Frame): Skb {
    const made = new Skb(frame, this.packet, this.cause)
    made.mark = this.mark
    made.connection = this.connection
    made.connectionState = this.connectionState
    made.direction = this.direction
    made.input = this.input
    made.ipvs = this.ipvs
    return made
  }

  /**
   * nf_ct_attach: an error about a packet belongs to its connection, and goes the other way. The table may not hold the
   * connection yet, so that the packet quoted would not lead there.
   */
  relate({ connection, direction }: Skb): void {
    if (connection === null) return
    this.connection = connection
    this.connectionState = 'related'
    this.direction = direction === 0 ? 1 : 0
  }

  /** What `ip_rcv` does to the control block: the size of the fragments is lost when a bridge passes a packet up. */
  forgetFragments(): void {
    this.fragmentSize = 0
  }

  /** What entering and leaving a tunnel does (nf_reset_ct): the mark stays. */
  forgetConnection(): void {
    this.connection = null
    this.connectionState = 'untracked'
    this.direction = 0
    this.ipvs = null
    this.input = null
    this.bridgeInput = null
    this.bridgeOutput = null
    this.fragmentSize = 0
    this.pieces = null
  }

  /** What crossing a network namespace does (skb_scrub_packet with xnet). */
  scrub(): void {
    this.mark = 0
    this.connection = null
    this.connectionState = 'untracked'
    this.direction = 0
    this.ipvs = null
    this.input = null
    this.bridgeInput = null
    this.bridgeOutput = null
    this.bridgedFrom = null
    this.fragmentSize = 0
    this.pieces = null
  }
}
