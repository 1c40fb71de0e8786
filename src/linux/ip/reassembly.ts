import type { Timer } from '../../sim/simulation.ts'
import { SECOND } from '../../sim/time.ts'
import { type Family, formatAddress } from '../../util/address.ts'
import { put16, u16 } from '../../wire/fast/bytes.ts'
import * as ethernet from '../../wire/fast/ethernet.ts'
import * as ipv4 from '../../wire/fast/ipv4.ts'
import { destination, Layout, locate, source } from '../../wire/fast/layout.ts'
import { Frame } from '../../wire/frame.ts'
import { drop } from '../drop.ts'
import type { Namespace } from '../namespace.ts'
import type { Skb } from '../skb.ts'

/** Who collects: each has queues of its own (`enum ip_defrag_users`). */
export type DefragUser = 'conntrack-in' | 'conntrack-out' | 'local'

/** net.ipv4.ipfrag_time; net.ipv6.ip6frag_time and nf_conntrack_frag6_timeout. */
const TIMEOUT = { 4: 30 * SECOND, 6: 60 * SECOND } as const
const LARGEST = 65_535

interface Piece {
  readonly skb: Skb
  /** Of the payload, in bytes. */
  readonly from: number
  readonly to: number
}

/** The fragments of one packet so far, in order. */
interface Queue {
  readonly key: string
  readonly user: DefragUser
  readonly pieces: Piece[]
  /** Of the whole payload, once the last fragment is here. */
  length: number | null
  /** The longest fragment, and the longest of those with DF, as IP packets. */
  longest: number
  longestWhole: number
  timer: Timer | null
}

const layout = new Layout()

/** Fragments waiting for the rest of their packets: net/ipv4/ip_fragment.c, net/ipv6/reassembly.c. One for each family. */
export class Reassembly {
  private readonly queues = new Map<string, Queue>()

  constructor(
    private readonly namespace: Namespace,
    private readonly family: Family,
  ) {}

  /** Takes a fragment (`frame.start` at its IP header). Gives the last one back with the whole packet in it, or null. */
  add(skb: Skb, user: DefragUser): Skb | null {
    const { bytes: b, start: o, end } = skb.frame
    if (!locate(b, o, end, layout)) return this.refuse(skb, 'ip-header')
    const from = layout.fragmentOffset
    const to = from + layout.end - layout.transport
    if (layout.moreFragments && (to - from) % 8 !== 0) return this.refuse(skb, 'ip-header')
    if (to === from || to > LARGEST) return this.refuse(skb, 'ip-header')
    const queue = this.queueOf(b, o, user)
    if (!layout.moreFragments) {
      if (queue.length !== null && queue.length !== to) return this.discard(queue, skb)
      queue.length = to
    }
    const size = layout.end - o
    queue.longest = Math.max(queue.longest, size)
    if (this.family === 4 && ipv4.dontFragment(b, o)) queue.longestWhole = Math.max(queue.longestWhole, size)
    return this.insert(queue, { skb, from, to })
  }

  /** `inet_frag_queue_insert`: a repeated fragment is dropped, one that overlaps another ends them all (RFC 5722). */
  private insert(queue: Queue, piece: Piece): Skb | null {
    const { pieces } = queue
    let at = pieces.length
    while (at > 0 && pieces[at - 1].from > piece.from) at--
    const before = pieces[at - 1]
    const after = pieces[at]
    if (before !== undefined && before.from <= piece.from && before.to >= piece.to)
      return this.refuse(piece.skb, 'fragment-overlap')
    if ((before !== undefined && before.to > piece.from) || (after !== undefined && after.from < piece.to)) {
      return this.discard(queue, piece.skb)
    }
    pieces.splice(at, 0, piece)
    if (queue.length === null) return null
    let reached = 0
    for (const { from, to } of pieces) {
      if (from !== reached) return null
      reached = to
    }
    if (reached !== queue.length) return reached > queue.length ? this.discard(queue, null) : null
    this.end(queue)
    return this.whole(queue, piece.skb)
  }

  /** The packet, under the header of its first fragment, in place of the fragment that completed it. */
  private whole(queue: Queue, last: Skb): Skb {
    const { pieces } = queue
    const first = pieces[0].skb.frame
    locate(first.bytes, first.start, first.end, layout)
    const header = layout.transport - layout.network - (layout.fragmentHeader < 0 ? 0 : 8)
    const frame = Frame.allocate(header + queue.length!)
    const at = frame.put(header + queue.length!)
    copyHeader(first, frame, at, layout)
    for (const { skb, from, to } of pieces) {
      const { bytes, end } = skb.frame
      const start = Math.min(end, skb.frame.start + contentAt(skb.frame))
      for (let i = 0; i < to - from; i++) frame.bytes[at + header + from + i] = bytes[start + i]
    }
    if (this.family === 4) {
      put16(frame.bytes, at + 6, queue.longestWhole === queue.longest ? ipv4.DF : 0)
      ipv4.seal(frame, at)
    } else {
      put16(frame.bytes, at + 4, frame.length - 40)
    }
    last.frame = frame
    last.fragmentSize = queue.longest
    last.pieces = pieces.map(({ from, to }) => to - from)
    const { recorder, simulation } = this.namespace.kernel
    const event = { kind: 'reassemble', count: pieces.length, length: frame.length } as const
    last.cause = recorder.on
      ? recorder.step(simulation.now, this.namespace.place, last.cause, last.packet, null, event)
      : recorder.skip()
    return last
  }

  private queueOf(b: Uint8Array, o: number, user: DefragUser): Queue {
    const ident =
      layout.family === 4
        ? u16(b, o + 4)
        : (u16(b, layout.fragmentHeader + 4) << 16) | u16(b, layout.fragmentHeader + 6)
    const protocol = layout.family === 4 ? layout.protocol : 0
    const key = `${user} ${formatAddress(source(b, layout))} ${formatAddress(destination(b, layout))} ${protocol} ${ident}`
    let queue = this.queues.get(key)
    if (queue === undefined) {
      queue = { key, user, pieces: [], length: null, longest: 0, longestWhole: 0, timer: null }
      const made = queue
      queue.timer = this.namespace.kernel.simulation.timer(TIMEOUT[this.family], () => this.expire(made))
      this.queues.set(key, queue)
    }
    return queue
  }

  /**
   * `ip_expire`: the packet will never be whole. Its sender hears of it when the first fragment is here and the packet was for
   * this namespace.
   */
  private expire(queue: Queue): void {
    this.queues.delete(queue.key)
    const { namespace, family } = this
    const { skb, from } = queue.pieces[0]
    const { bytes, start, end } = skb.frame
    if (from === 0 && locate(bytes, start, end, layout) && namespace.isLocal(destination(bytes, layout))) {
      namespace.icmpError(skb, family, family === 4 ? 11 : 3, 1, { why: 'fragment-timeout' })
    }
    for (const piece of queue.pieces) drop(namespace.kernel, namespace.place, piece.skb, 'fragment-timeout')
  }

  private end(queue: Queue): void {
    queue.timer?.cancel()
    this.queues.delete(queue.key)
  }

  private discard(queue: Queue, skb: Skb | null): null {
    this.end(queue)
    for (const piece of queue.pieces) this.refuse(piece.skb, 'fragment-overlap')
    return skb === null ? null : this.refuse(skb, 'fragment-overlap')
  }

  private refuse(skb: Skb, reason: 'ip-header' | 'fragment-overlap'): null {
    drop(this.namespace.kernel, this.namespace.place, skb, reason)
    return null
  }
}

/** Where a fragment's share of the payload starts, from its IP header. */
function contentAt(frame: Frame): number {
  locate(frame.bytes, frame.start, frame.end, layout)
  return layout.transport - layout.network
}

/** The first fragment's headers, less its fragment header, and before them the Ethernet header it came under. */
function copyHeader(first: Frame, frame: Frame, at: number, l: Layout): void {
  const { bytes } = first
  const b = frame.bytes
  const link = first.headroom >= ethernet.ETHERNET ? ethernet.ETHERNET : 0
  const head = l.fragmentHeader < 0 ? l.transport - l.network : l.fragmentHeader - l.network
  for (let i = -link; i < head; i++) b[at + i] = bytes[l.network + i]
  if (l.fragmentHeader < 0) return
  const rest = l.transport - l.fragmentHeader - 8
  for (let i = 0; i < rest; i++) b[at + head + i] = bytes[l.fragmentHeader + 8 + i]
  b[at + nextHeaderAt(first, l)] = bytes[l.fragmentHeader]
}

/** The field that announced the fragment header, from the start of the IP header. */
function nextHeaderAt(frame: Frame, l: Layout): number {
  const { bytes } = frame
  let field = 6
  let at = l.network + 40
  while (at < l.fragmentHeader) {
    field = at - l.network
    at += (bytes[at + 1] + 1) << 3
  }
  return field
}
