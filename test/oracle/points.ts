import type { Recorded } from '../../src/explain/record.ts'
import type { PacketId, Step } from '../../src/trace/step.ts'
import { formatEndpoint } from '../../src/util/address.ts'
import { dissect } from '../../src/wire/dissect.ts'
import { innermost, type Layer } from '../../src/wire/layer.ts'

/** What taps saw: the steps that a capture holds, in its order. */
export const tapped = ({ steps }: Recorded): Step[] =>
  steps.filter(({ frame, event }) => frame !== null && (event.kind === 'transmit' || event.kind === 'receive'))

/**
 * A recording whose every tap has a network of its own, so that Wireshark puts streams together tap by tap in one capture: in
 * TCP's innermost IP header each address has the number of its tap added to one 16-bit word and taken from the next, which no
 * checksum sees.
 */
export function apart(recorded: Recorded): Recorded {
  const steps = tapped(recorded)
  const frames = steps.map(({ frame, place }) => renumbered(recorded.frame(frame as number), place + 1))
  return {
    steps: steps.map((step, frame) => ({ ...step, frame })),
    places: recorded.places,
    frame: (ref) => frames[ref],
  }
}

function renumbered(frame: Uint8Array, by: number): Uint8Array {
  const layers = dissect(frame)
  const segment = innermost(layers, 'tcp')
  const ip = segment === null ? null : carrier(layers, segment.start)
  if (ip === null) return frame
  const copy = frame.slice()
  const view = new DataView(copy.buffer)
  const shift = (at: number, n: number): void => view.setUint16(at, (view.getUint16(at) + n + 0xffff) % 0xffff)
  const sides = ip.protocol === 'ipv4' ? [12, 16] : [8, 24]
  for (const side of sides) {
    shift(ip.start + side, by)
    shift(ip.start + side + 2, -by)
  }
  return copy
}

const carrier = (layers: readonly Layer[], before: number): Extract<Layer, { protocol: 'ipv4' | 'ipv6' }> | null =>
  layers.findLast(
    (layer): layer is Extract<Layer, { protocol: 'ipv4' | 'ipv6' }> =>
      layer.start < before && (layer.protocol === 'ipv4' || layer.protocol === 'ipv6'),
  ) ?? null

interface Segment {
  /** Both ends, in the order of their texts. */
  readonly ends: string
  /** It takes up sequence numbers: data, SYN, FIN. */
  readonly counts: boolean
}

function segmentOf(frame: Uint8Array): Segment | null {
  const layers = dissect(frame)
  const segment = innermost(layers, 'tcp')
  const ip = segment === null ? null : carrier(layers, segment.start)
  if (segment === null || ip === null) return null
  const { header } = segment
  const ends = [
    formatEndpoint(ip.header.source, header.sourcePort),
    formatEndpoint(ip.header.destination, header.destinationPort),
  ]
  const data = layers.some((layer) => layer.protocol === 'payload' && layer.start >= segment.end)
  return { ends: ends.sort().join(' '), counts: data || (header.flags & 3) !== 0 }
}

/** How many segments of a connection were dropped before a moment. NAT gives a connection other ends: a packet that has both joins them. */
export class Losses {
  private readonly joined = new Map<string, string>()
  private readonly dropped: { readonly ends: string; readonly at: number }[] = []

  constructor(private readonly recorded: Recorded) {
    const segments = new Map<PacketId, Segment>()
    for (const step of recorded.steps) {
      const segment = step.frame === null ? null : segmentOf(recorded.frame(step.frame))
      if (segment !== null) {
        const before = segments.get(step.packet)
        if (before !== undefined) this.join(before.ends, segment.ends)
        segments.set(step.packet, segment)
      }
      const lost = step.event.kind === 'drop' ? segments.get(step.packet) : undefined
      if (lost?.counts) this.dropped.push({ ends: lost.ends, at: step.at })
    }
  }

  before(tap: Step): number {
    const connection = this.connectionOf(tap)
    return this.dropped.filter(({ ends, at }) => at <= tap.at && this.root(ends) === connection).length
  }

  /** The same text for all ends that a connection has on its way. */
  connectionOf({ frame }: Step): string {
    const ends = segmentOf(this.recorded.frame(frame as number))?.ends
    return ends === undefined ? '' : this.root(ends)
  }

  private root(ends: string): string {
    const above = this.joined.get(ends)
    return above === undefined ? ends : this.root(above)
  }

  private join(a: string, b: string): void {
    const [one, other] = [this.root(a), this.root(b)]
    if (one !== other) this.joined.set(one, other)
  }
}
