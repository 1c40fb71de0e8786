import { put16 } from '../../wire/fast/bytes.ts'
import * as ipv4 from '../../wire/fast/ipv4.ts'
import { Frame } from '../../wire/frame.ts'
import { drop } from '../drop.ts'
import type { Namespace } from '../namespace.ts'
import type { Skb } from '../skb.ts'

const UNREACHABLE = 3
const FRAGMENTATION_NEEDED = 4

/**
 * `ip_fragment`: cuts a packet to the MTU, or to the size of the fragments it came in. Null when DF forbids it: the sender
 * has been told. `tunnel`: it leaves by a device that puts headers of its own before it.
 */
export function fragmentV4(namespace: Namespace, skb: Skb, deviceMtu: number, tunnel = false): Skb[] | null {
  const { bytes: b, start: o, end } = skb.frame
  const whole = ipv4.dontFragment(b, o)
  if (whole && (skb.pieces === null || skb.fragmentSize > deviceMtu)) {
    namespace.icmpError(skb, 4, UNREACHABLE, FRAGMENTATION_NEEDED, { why: 'too-big', mtu: deviceMtu })
    drop(namespace.kernel, namespace.place, skb, 'too-big')
    return null
  }
  const mtu = skb.fragmentSize > 0 ? Math.min(deviceMtu, skb.fragmentSize) : deviceMtu
  if (end - o <= mtu) {
    skb.fragmentSize = 0
    return [skb]
  }
  const header = ipv4.headerLength(b, o)
  const payload = end - o - header
  const lengths = cuts(skb, payload, mtu - header, tunnel)
  noteFragments(namespace, skb, mtu, lengths.length)
  const parts: Skb[] = []
  // A packet may be a fragment already: its own offset counts, and only the last piece of a last fragment is the last.
  const keep = whole && skb.fragmentSize > 0
  const offset = ipv4.fragmentOffset(b, o)
  const more = ipv4.moreFragments(b, o)
  let from = 0
  for (const length of lengths) {
    const last = from + length === payload && !more
    const word = (keep ? ipv4.DF : 0) | (last ? 0 : ipv4.MF) | ((offset + from) >> 3)
    parts.push(piece(skb, header, from, length, word))
    from += length
  }
  return parts
}

/**
 * How long the content of each fragment is, when one holds up to `room` bytes. What was put together from fragments is taken
 * apart as it came, if each still fits and needs no room before it for a tunnel's headers (the fast path of
 * `ip_do_fragment`); all but the last are else as long as can be.
 */
export function cuts({ pieces }: Skb, payload: number, room: number, tunnel: boolean): readonly number[] {
  const fit =
    !tunnel && pieces?.every((length) => length <= room) && pieces.reduce((sum, length) => sum + length, 0) === payload
  if (fit) return pieces!
  const step = room & ~7
  const lengths: number[] = []
  for (let from = 0; from < payload; from += step) lengths.push(Math.min(step, payload - from))
  return lengths
}

/** One fragment: the header, and `length` bytes of the payload from `from` on. */
function piece(skb: Skb, header: number, from: number, length: number, word: number): Skb {
  const { bytes, start } = skb.frame
  const frame = Frame.allocate(header + length)
  const at = frame.put(header + length)
  const b = frame.bytes
  for (let i = 0; i < header; i++) b[at + i] = bytes[start + i]
  for (let i = 0; i < length; i++) b[at + header + i] = bytes[start + header + from + i]
  put16(b, at + 6, word)
  // The second and later fragments keep only the options marked to be copied; none we write are (RFC 791 3.1).
  ipv4.seal(frame, at)
  return part(skb, frame)
}

/** A packet made of a part of another, on the way that the whole one took. */
export function part(skb: Skb, frame: Frame): Skb {
  const made = skb.with(frame)
  made.bridgeInput = skb.bridgeInput
  made.bridgeOutput = skb.bridgeOutput
  return made
}

export function noteFragments(namespace: Namespace, skb: Skb, mtu: number, count: number): void {
  const { recorder, simulation } = namespace.kernel
  skb.cause = recorder.on
    ? recorder.step(simulation.now, namespace.place, skb.cause, skb.packet, null, { kind: 'fragment', mtu, count })
    : recorder.skip()
}
