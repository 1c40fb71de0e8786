import { put16 } from '../../wire/fast/bytes.ts'
import * as ipv6 from '../../wire/fast/ipv6.ts'
import { Frame } from '../../wire/frame.ts'
import { PROTOCOL } from '../../wire/numbers.ts'
import type { Namespace } from '../namespace.ts'
import type { Skb } from '../skb.ts'
import { cuts, noteFragments, part } from './fragment.ts'

/** RFC 8200 4.5. */
const HEADER = 8
const MINIMUM_MTU = 1280

/**
 * `ip6_fragment`: cuts a packet to the MTU, or to the size of the fragments it came in. Only the sender of a packet may do it,
 * and whoever put its fragments together. The fragment header goes right after the IPv6 header.
 */
export function fragmentV6(namespace: Namespace, skb: Skb, deviceMtu: number, tunnel = false): Skb[] {
  const { bytes, start, end } = skb.frame
  const limit = skb.fragmentSize > 0 ? Math.max(skb.fragmentSize, MINIMUM_MTU) : deviceMtu
  const mtu = Math.min(deviceMtu, limit)
  if (end - start <= mtu) return [skb]
  const payload = end - start - ipv6.IPV6
  const lengths = cuts(skb, payload, mtu - ipv6.IPV6 - HEADER, tunnel)
  noteFragments(namespace, skb, mtu, lengths.length)
  const ident = namespace.nextIdent()
  const salt = namespace.nextIdent()
  const parts: Skb[] = []
  let from = 0
  for (const length of lengths) {
    const frame = Frame.allocate(ipv6.IPV6 + HEADER + length)
    const at = frame.put(ipv6.IPV6 + HEADER + length)
    const b = frame.bytes
    for (let i = 0; i < ipv6.IPV6; i++) b[at + i] = bytes[start + i]
    const header = at + ipv6.IPV6
    b[header] = b[at + 6]
    b[at + 6] = PROTOCOL.fragment
    put16(b, at + 4, HEADER + length)
    put16(b, header + 2, from | (from + length < payload ? 1 : 0))
    put16(b, header + 4, salt)
    put16(b, header + 6, ident)
    for (let i = 0; i < length; i++) b[header + HEADER + i] = bytes[start + ipv6.IPV6 + from + i]
    parts.push(part(skb, frame))
    from += length
  }
  return parts
}
