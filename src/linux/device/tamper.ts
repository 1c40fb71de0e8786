import { keyOf } from '../../util/address.ts'
import { destination, hasTransport, Layout, locate, source } from '../../wire/fast/layout.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import type { Skb } from '../skb.ts'
import type { LinkFault } from './fault.ts'
import type { Link } from './link.ts'
import type { NetDevice } from './net-device.ts'

const ETHERNET = 14
const [SYN, ACK] = [2, 16]

/** Somebody on a link who changes one byte of what a server sends, once, and mends the checksum so that TCP sees nothing. */
export class Tamper implements LinkFault {
  /** Of the connection that opened since: who serves, and the sequence number of its first byte. */
  private victim: { readonly flow: string; readonly first: number } | null = null
  private done = false

  constructor(private readonly byte: number) {}

  apply(link: Link, skb: Skb, _from: NetDevice, to: NetDevice): void {
    if (!this.done) this.meddle(skb)
    link.deliver(skb, to, link.latency)
  }

  private meddle({ frame }: Skb): void {
    const { bytes, start, end } = frame
    const l = new Layout()
    if (end - start <= ETHERNET || !locate(bytes, start + ETHERNET, end, l)) return
    if (l.protocol !== PROTOCOL.tcp || !hasTransport(l) || l.end < l.transport + 20) return
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    const at = l.transport
    const flow = `${keyOf(source(bytes, l))} ${keyOf(destination(bytes, l))} ${view.getUint32(at)}`
    const sequence = view.getUint32(at + 4)
    if ((bytes[at + 13] & (SYN | ACK)) === (SYN | ACK)) {
      this.victim = { flow, first: (sequence + 1) >>> 0 }
      return
    }
    if (this.victim?.flow !== flow) return
    const payload = at + ((bytes[at + 12] >> 4) << 2)
    const target = payload + this.byte - ((sequence - this.victim.first) >>> 0)
    if (target < payload || target >= l.end) return
    this.done = true
    frame.version++
    bytes[target] ^= 1
    // RFC 1624: the word changed by this much, high byte first where it stands at an even offset.
    const even = ((target - at) & 1) === 0
    const change = (bytes[target] & 1) === 1 ? 1 : -1
    const sum = (~view.getUint16(at + 16) & 0xffff) + (even ? change * 256 : change) + 0xffff
    view.setUint16(at + 16, ~((sum & 0xffff) + (sum >>> 16)) & 0xffff)
  }
}
