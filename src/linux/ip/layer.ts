import type { PlaceId } from '../../trace/step.ts'
import type { Address } from '../../util/address.ts'
import type { Device } from '../device/device.ts'
import type { Errno } from '../errno.ts'
import type { Kernel } from '../kernel.ts'
import type { Skb } from '../skb.ts'

/** How a packet of the namespace's own is to be sent. */
export interface SendOptions {
  readonly source: Address
  readonly destination: Address
  /** IP protocol number. */
  readonly protocol: number
  /** TTL or hop limit; default 64. */
  readonly ttl?: number
  readonly tos?: number
  /** Path MTU discovery: sets DF (v4) and fails with EMSGSIZE instead of fragmenting. */
  readonly dontFragment?: boolean
  readonly device?: Device
}

export interface RouteAnswer {
  readonly device: Device
  /** The source address the kernel would choose. */
  readonly source: Address
  /** The path MTU: the device's, or less when an ICMP error said so. */
  readonly mtu: number
}

/** What sockets see of the IP layer of their namespace. */
export interface IpLayer {
  readonly kernel: Kernel
  readonly place: PlaceId
  /** `ip route get DESTINATION [from SOURCE] [oif DEVICE]`. */
  route(destination: Address, source?: Address | null, device?: Device | null): RouteAnswer | Errno
  isLocal(address: Address): boolean
  /** A socket heard from a destination, so the neighbour on the way there is alive (`dst_confirm`) and need not be probed. */
  confirm(destination: Address): void
  /**
   * Sends a packet whose `frame.start` is at the transport header (checksum filled in); the IP header, OUTPUT and
   * POSTROUTING, neighbour resolution and fragmentation follow. An errno means that nothing was sent.
   */
  send(skb: Skb, options: SendOptions): Errno | null
}

/** An ICMP error about a packet that this namespace sent, as a socket hears of it. */
export interface PathError {
  readonly protocol: number
  /** Of the packet that failed: local is this namespace's end. */
  readonly local: { readonly address: Address; readonly port: number }
  readonly remote: { readonly address: Address; readonly port: number }
  readonly errno: Errno
  /** Whoever sent the error. */
  readonly from: Address
  readonly type: number
  readonly code: number
  /** Of "fragmentation needed" and "packet too big", else 0. */
  readonly mtu: number
  /** TCP: the sequence number quoted. ICMP echo: its sequence; the ports of both ends are then its id. */
  readonly sequence: number
}

/** What the IP layer sees of the sockets of its namespace. */
export interface Transport {
  /**
   * Takes a packet addressed to this namespace (`frame.start` at the transport header) and records `deliver` or `drop`.
   * 'no-socket' and 'unknown-protocol' leave the packet with the caller, who answers with an ICMP error and records the drop.
   */
  receive(
    skb: Skb,
    protocol: number,
    source: Address,
    destination: Address,
    ttl: number,
  ): 'delivered' | 'no-socket' | 'unknown-protocol'
  error(error: PathError, cause: number): void
}
