import { type Codec, Reader, type Span } from '../util/bytes.ts'
import { Malformed, Truncated } from '../util/malformed.ts'
import { arp } from './arp.ts'
import { dns } from './dns/message.ts'
import { ethernet } from './ethernet.ts'
import { icmp } from './icmp.ts'
import { icmpv6 } from './icmpv6.ts'
import { ipv4 } from './ipv4.ts'
import { ipv6 } from './ipv6.ts'
import type { Checksum, Headers, Layer, Protocol } from './layer.ts'
import { ETHERTYPE, PORT, PROTOCOL } from './numbers.ts'
import { tcp } from './tcp.ts'
import { udp } from './udp.ts'
import { type Carrier, carrierOf, headerVerdict, transportVerdict } from './verdict.ts'
import { vxlan } from './vxlan.ts'

/**
 * A whole frame as layers: into VXLAN (UDP 8472 and 4789), ICMP quotes and DNS. Never throws: a malformed header becomes a
 * layer that says so, and what follows it is payload. `from` says where the bytes begin.
 */
export function dissect(bytes: Uint8Array, from: 'ethernet' | 'ip' = 'ethernet'): Layer[] {
  const dissector = new Dissector(bytes)
  const window = { start: 0, end: bytes.length, partial: false }
  if (from === 'ethernet') dissector.ethernet(window)
  else dissector.ip(window)
  return dissector.layers
}

/** Bytes to read; partial when their sender's length fields may point beyond them. */
interface Window {
  readonly start: number
  readonly end: number
  readonly partial: boolean
}

/** What was read of a window: the header, what it carries, and what no length field claims. */
interface Reading<P extends Protocol> {
  readonly header: Headers[P]
  readonly payload: Window
  readonly rest: Window
}

/** Tunnels in tunnels and quotes in quotes, beyond which bytes are payload: nobody sends them, and recursion must end. */
const MAX_NESTING = 8

class Dissector {
  readonly layers: Layer[] = []
  private depth = 0
  private quoted = false
  private nesting = 0

  constructor(private readonly bytes: Uint8Array) {}

  ethernet(window: Window): void {
    const read = this.read('ethernet', ethernet, window)
    if (read === null) return
    switch (read.header.etherType) {
      case ETHERTYPE.ipv4:
        this.ipv4(read.payload)
        break
      case ETHERTYPE.ipv6:
        this.ipv6(read.payload)
        break
      case ETHERTYPE.arp:
        this.leaf('arp', arp, read.payload)
        break
      default:
        this.raw('payload', read.payload)
    }
  }

  ip(window: Window): void {
    if (window.start < window.end && this.bytes[window.start] >> 4 === 6) this.ipv6(window)
    else this.ipv4(window)
  }

  private ipv4(window: Window): void {
    const read = this.read('ipv4', ipv4, window, (end) => headerVerdict(this.bytes, window.start, end))
    if (read === null) return
    const { protocol, fragmentOffset, moreFragments } = read.header
    this.transport(protocol, read.payload, carrierOf(this.bytes, window, read.header), fragmentOffset, moreFragments)
    this.raw('padding', read.rest)
  }

  private ipv6(window: Window): void {
    const read = this.read('ipv6', ipv6, window)
    if (read === null) return
    const { protocol, extensions } = read.header
    const fragment = extensions.findLast((extension) => extension.kind === 'fragment')
    const carrier = carrierOf(this.bytes, window, read.header)
    this.transport(protocol, read.payload, carrier, fragment?.offset ?? 0, fragment?.more ?? false)
    this.raw('padding', read.rest)
  }

  private transport(protocol: number, payload: Window, carrier: Carrier, offset: number, more: boolean): void {
    // Only the first fragment begins with the transport header, and it alone does not hold all that the header counts.
    const window = { ...payload, partial: payload.partial || more }
    switch (offset > 0 ? PROTOCOL.noNextHeader : protocol) {
      case PROTOCOL.udp:
        this.udp(window, carrier)
        break
      case PROTOCOL.tcp:
        this.tcp(window, carrier)
        break
      case PROTOCOL.icmp:
        this.icmp('icmp', icmp, window, carrier)
        break
      case PROTOCOL.icmpv6:
        this.icmp('icmpv6', icmpv6, window, carrier)
        break
      default:
        this.raw('payload', payload)
    }
  }

  private udp(window: Window, carrier: Carrier): void {
    const read = this.read('udp', udp, window, () => transportVerdict(this.bytes, window, PROTOCOL.udp, carrier))
    if (read === null) return
    const { sourcePort, destinationPort } = read.header
    if (destinationPort === PORT.vxlanLinux || destinationPort === PORT.vxlan) this.vxlan(read.payload)
    else if (sourcePort === PORT.dns || destinationPort === PORT.dns) this.leaf('dns', dns, read.payload)
    else this.raw('payload', read.payload)
    this.raw('padding', read.rest)
  }

  private tcp(window: Window, carrier: Carrier): void {
    const read = this.read('tcp', tcp, window, () => transportVerdict(this.bytes, window, PROTOCOL.tcp, carrier))
    if (read !== null) this.raw('payload', read.payload)
  }

  private icmp<P extends 'icmp' | 'icmpv6'>(
    protocol: P,
    codec: Codec<Headers[P]>,
    window: Window,
    carrier: Carrier,
  ): void {
    const number = PROTOCOL[protocol]
    const read = this.read(protocol, codec, window, () => transportVerdict(this.bytes, window, number, carrier))
    if (read === null) return
    if ('quoted' in read.header) this.quote(read.payload)
    else this.raw('payload', read.payload)
  }

  private quote(window: Window): void {
    const outer = this.quoted
    this.quoted = true
    this.nest(window, () => this.ip({ ...window, partial: true }))
    this.quoted = outer
  }

  private vxlan(window: Window): void {
    const read = this.read('vxlan', vxlan, window)
    if (read === null) return
    this.depth++
    this.nest(read.payload, () => this.ethernet(read.payload))
    this.depth--
  }

  private nest(window: Window, inside: () => void): void {
    if (window.start === window.end) return
    this.nesting++
    if (this.nesting > MAX_NESTING) this.raw('payload', window)
    else inside()
    this.nesting--
  }

  private leaf<P extends Protocol>(protocol: P, codec: Codec<Headers[P]>, window: Window): void {
    const read = this.read(protocol, codec, window)
    if (read !== null) this.raw('padding', read.rest)
  }

  /** Reads one header and adds its layer. Null when it is malformed or cut short: then the rest is payload. */
  private read<P extends Protocol>(
    protocol: P,
    codec: Codec<Headers[P]>,
    window: Window,
    verdict: (headerEnd: number) => Checksum | null = () => null,
  ): Reading<P> | null {
    const spans: Span[] = []
    const r = new Reader(this.bytes, codec.name, window.start, window.end, spans, window.partial)
    try {
      const header = codec.read(r)
      const last = spans.at(-1)
      const carries = last !== undefined && (last.field === 'payload' || last.field === 'quoted')
      if (carries) spans.pop()
      const start = carries ? last.offset : r.offset
      const payload = { start, end: carries ? start + last.length : start, partial: window.partial }
      this.add(protocol, header, window.start, start, spans, verdict(start))
      return { header, payload, rest: { start: r.offset, end: window.end, partial: window.partial } }
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      this.broken(protocol, error, window, spans)
      return null
    }
  }

  private broken(of: Protocol, error: Malformed, window: Window, spans: readonly Span[]): void {
    const end = spans.reduce((far, { offset, length }) => Math.max(far, offset + length), window.start)
    // Only what the window's own end took away was cut off; a structure that overruns its own bounds is wrong.
    const cut = window.partial && error instanceof Truncated && error.offset + error.available === window.end
    if (cut) this.add('cut', { of }, window.start, end, spans, null)
    else this.add('malformed', { of, error }, window.start, end, spans, null)
    this.raw('payload', { ...window, start: end })
  }

  private raw(protocol: 'payload' | 'padding', { start, end }: Window): void {
    if (start < end) this.add(protocol, this.bytes.subarray(start, end), start, end, [], null)
  }

  private add<P extends Protocol>(
    protocol: P,
    header: Headers[P],
    start: number,
    end: number,
    spans: readonly Span[],
    checksum: Checksum | null,
  ): void {
    const { depth, quoted } = this
    this.layers.push({ protocol, header, start, end, spans, checksum, depth, quoted } as Layer)
  }
}
