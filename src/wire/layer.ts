import type { Span } from '../util/bytes.ts'
import type { Malformed } from '../util/malformed.ts'
import type { Arp } from './arp.ts'
import type { DnsMessage } from './dns/message.ts'
import type { Ethernet } from './ethernet.ts'
import type { Icmp } from './icmp.ts'
import type { Icmpv6 } from './icmpv6.ts'
import type { Ipv4 } from './ipv4.ts'
import type { Ipv6 } from './ipv6.ts'
import type { Tcp } from './tcp.ts'
import type { Udp } from './udp.ts'
import type { Vxlan } from './vxlan.ts'

/** What a layer's header holds, by protocol. */
export interface Headers {
  readonly ethernet: Ethernet
  readonly arp: Arp
  readonly ipv4: Ipv4
  readonly ipv6: Ipv6
  readonly icmp: Icmp
  readonly icmpv6: Icmpv6
  readonly udp: Udp
  readonly tcp: Tcp
  readonly vxlan: Vxlan
  readonly dns: DnsMessage
  /** Bytes that no protocol here explains: data, later fragments, what follows a malformed header. */
  readonly payload: Uint8Array
  /** Bytes that a length field leaves over, as at the end of a short Ethernet frame. */
  readonly padding: Uint8Array
  readonly malformed: { readonly of: Protocol; readonly error: Malformed }
  /** A header of which an ICMP error, or a first fragment, holds only the beginning. */
  readonly cut: { readonly of: Protocol }
}

export type Protocol = keyof Headers

/**
 * One header of a frame, in the order of the wire. `start` and `end` enclose the header without its payload, and like the
 * offsets of the spans they count from the start of the buffer that was dissected.
 */
export interface LayerOf<P extends Protocol> {
  readonly protocol: P
  readonly header: Headers[P]
  readonly start: number
  readonly end: number
  readonly spans: readonly Span[]
  readonly checksum: Checksum | null
  /** How many tunnels the layer is inside of. */
  readonly depth: number
  /** In the packet that an ICMP error quotes. */
  readonly quoted: boolean
}

export type Layer = { readonly [P in Protocol]: LayerOf<P> }[Protocol]

export interface Checksum {
  /** absent: UDP over IPv4 sent none. partial: not all it covers is in this frame. */
  readonly verdict: 'good' | 'bad' | 'absent' | 'partial'
  readonly value: number
  /** What it should be; null where that cannot be said. */
  readonly expected: number | null
}

/** The first layer of this protocol in the frame itself, not in a packet it quotes: with VXLAN, the outer one. */
export function outermost<P extends Protocol>(layers: readonly Layer[], protocol: P): LayerOf<P> | null {
  return layers.find((layer): layer is LayerOf<P> & Layer => layer.protocol === protocol && !layer.quoted) ?? null
}

/** The last layer of this protocol in the frame itself, not in a packet it quotes: with VXLAN, the inner one. */
export function innermost<P extends Protocol>(layers: readonly Layer[], protocol: P): LayerOf<P> | null {
  return layers.findLast((layer): layer is LayerOf<P> & Layer => layer.protocol === protocol && !layer.quoted) ?? null
}
