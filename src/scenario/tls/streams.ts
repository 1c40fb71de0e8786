import { tunnelled } from '../../explain/frame-summary.ts'
import { isKind, type Recorded } from '../../explain/record.ts'
import type { StepId } from '../../trace/step.ts'
import { formatEndpoint } from '../../util/address.ts'
import { concat } from '../../util/bytes.ts'
import { destination, hasTransport, Layout, locate, source } from '../../wire/fast/layout.ts'
import { PROTOCOL } from '../../wire/numbers.ts'

/** A TCP connection as a tap sees it: the bytes of both directions, put in order. */
export interface TappedStream {
  /** Who sent the SYN, or spoke first. */
  readonly client: string
  readonly server: string
  readonly sent: Uint8Array
  readonly received: Uint8Array
}

interface Half {
  readonly from: string
  readonly to: string
  first: number | null
  opens: boolean
  readonly segments: Map<number, Uint8Array>
}

const ETHERNET = 14

/** The TCP connections in the frames recorded at a device from a step on. A tunnel's packets are looked into. */
export function streamsAt(recorded: Recorded, device: (place: number) => boolean, from: StepId): TappedStream[] {
  const halves = new Map<string, Half>()
  for (const step of recorded.steps) {
    if (step.id < from || step.frame === null || !device(step.place)) continue
    if (isKind(step, 'transmit') || isKind(step, 'receive')) take(halves, recorded.frame(step.frame))
  }
  return [...halves.values()].flatMap((half) => {
    if (!half.opens) return []
    // Where a Service's address is translated back beside the tap, answers come from another address than was asked.
    const back = halves.get(`${half.to} ${half.from}`) ?? [...halves.values()].find(({ to }) => to === half.from)
    return [
      { client: half.from, server: half.to, sent: joined(half), received: back ? joined(back) : new Uint8Array(0) },
    ]
  })
}

function take(halves: Map<string, Half>, frame: Uint8Array): void {
  const l = new Layout()
  if (frame.length <= ETHERNET || !locate(frame, ETHERNET, frame.length, l)) return
  const inner = tunnelled(frame, l)
  if (inner !== null) {
    take(halves, inner)
    return
  }
  if (l.protocol !== PROTOCOL.tcp || !hasTransport(l) || l.end < l.transport + 20) return
  const view = new DataView(frame.buffer, frame.byteOffset + l.transport, l.end - l.transport)
  const ends = [
    formatEndpoint(source(frame, l), view.getUint16(0)),
    formatEndpoint(destination(frame, l), view.getUint16(2)),
  ]
  const key = ends.join(' ')
  let half = halves.get(key)
  if (half === undefined)
    halves.set(key, (half = { from: ends[0], to: ends[1], first: null, opens: false, segments: new Map() }))
  const flags = view.getUint8(13)
  const [syn, ack] = [(flags & 2) !== 0, (flags & 16) !== 0]
  const sequence = view.getUint32(4)
  if (syn) {
    half.first = (sequence + 1) >>> 0
    half.opens = !ack
  }
  const payload = frame.subarray(l.transport + ((view.getUint8(12) >> 4) << 2), l.end)
  if (payload.length > 0) half.segments.set(sequence, payload.slice())
}

/** In the order of sequence numbers; what a retransmission brings again counts once. */
function joined({ first, segments }: Half): Uint8Array {
  if (first === null) return new Uint8Array(0)
  const parts: Uint8Array[] = []
  let next = 0
  const ordered = [...segments].map(([at, bytes]) => [(at - first) >>> 0, bytes] as const).sort((a, b) => a[0] - b[0])
  for (const [at, bytes] of ordered) {
    if (at > next || at + bytes.length <= next) continue
    parts.push(bytes.subarray(next - at))
    next = at + bytes.length
  }
  return concat(parts)
}
