import type { DropReason } from '../../trace/drops.ts'
import type { PlaceId } from '../../trace/step.ts'
import type { HookName } from '../../trace/steps/packet.ts'
import type { Address, Family } from '../../util/address.ts'
import type { Device } from '../device/device.ts'
import type { Kernel } from '../kernel.ts'
import type { Skb } from '../skb.ts'

/** The face that the packet path sees: one call a hook. */
export interface Netfilter {
  /**
   * Shows a packet (`frame.start` at its IP header) to everything registered at a hook, in the kernel's order of priorities.
   * False: the packet was dropped, rejected or is held for reassembly; its step has been recorded and the caller forgets it.
   * After true the packet may have other addresses, ports, mark, or (after defragmentation) another frame.
   */
  run(hook: HookName, family: Family, skb: Skb, input: Device | null, output: Device | null): boolean
}

/** What the local routing table says of an address (RTN_LOCAL …), as `-m addrtype` names it in lower case. */
export type AddressType =
  | 'local'
  | 'broadcast'
  | 'multicast'
  | 'anycast'
  | 'unicast'
  | 'unreachable'
  | 'blackhole'
  | 'prohibit'

/** What netfilter asks of the namespace it serves. */
export interface NetfilterHost {
  readonly kernel: Kernel
  /** The namespace itself, with no device: where rule and conntrack steps happen when no device is known. */
  readonly place: PlaceId
  /** `-m addrtype`: what the local routing table says of an address; with a device, as seen from that device alone. */
  addressType(address: Address, device?: Device | null): AddressType
  /** The address MASQUERADE takes for packets leaving by a device towards a next hop; null when it has none. */
  sourceFor(output: Device, destination: Address): Address | null
  /** REJECT: answers with an ICMP (or ICMPv6) error quoting the packet. `detail` says why when it was no rule. */
  icmpError(skb: Skb, family: Family, type: number, code: number, detail?: { readonly why: DropReason }): void
  /** REJECT --reject-with tcp-reset. */
  tcpReset(skb: Skb, family: Family): void
  /**
   * IPVS: the way of a packet, whose header still has its virtual server, to a real server. `local` when that is this machine; else what
   * sends it through OUTPUT, once its header has the real server. Null: it cannot go; an error was sent, and its drop recorded.
   */
  wayTo(skb: Skb, family: Family, to: Address): 'local' | (() => void) | null
  /** Collects fragments; gives the whole packet back once it has all of them, else null and keeps the fragment. */
  defragment(skb: Skb, family: Family, user: 'conntrack-in' | 'conntrack-out' | 'local'): Skb | null
}
