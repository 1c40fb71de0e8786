import type { PacketId, Step } from '../../trace/step.ts'
import type { TlsEvent, TlsRole } from '../../trace/steps/tls.ts'
import type { StepIndex } from '../record.ts'
import type { TlsConnection } from '../tls-connections.ts'
import { type Opening, openingOf } from './opening.ts'
import { type LostAt, lostAt, segmentOf } from './sent.ts'

/** A record of TLS as bytes of its TCP stream, and the segments that they travelled in. */
export interface CarriedRecord {
  /** Counts from 1 among the records of its sender. */
  readonly record: number
  readonly by: TlsRole
  /** What is inside, as its sender knows: `handshake`. */
  readonly contentType: string
  /** Handshake messages that it brings, whole or their beginning: `ClientHello`. */
  readonly messages: readonly string[]
  /** Of the record with its header, in the stream: the first is byte 1. */
  readonly from: number
  readonly to: number
  /** Whether each of its bytes came to the other end, in one of the packets that held it. */
  readonly arrived: boolean
  readonly segments: readonly Segment[]
}

/** Bytes that TCP sent at a stretch, once or again. */
export interface Segment {
  readonly from: number
  readonly to: number
  /** Each time they were sent, in order. */
  readonly packets: readonly {
    readonly packet: PacketId
    /** Nanoseconds of virtual time. */
    readonly at: number
    /** Of the whole IP packet, as it left. */
    readonly length: number
    readonly lost: LostAt | null
  }[]
}

/** What a connection's TLS became on the wire. */
export interface Carried {
  readonly records: readonly CarriedRecord[]
  /** How TCP opened, as the client saw it. */
  readonly opening: readonly Opening[]
  /** The client's SYN before it; null when it was not recorded. */
  readonly syn: { readonly packet: PacketId; readonly length: number } | null
  /** Packets that both ends sent with bytes of the stream, and how many of them brought bytes that were sent before. */
  readonly packets: { readonly sent: number; readonly again: number }
  /** The first record that did not come through whole, and lost packets on its way. */
  readonly lost: CarriedRecord | null
}

/** The records that both ends sent, each with its segments. An end whose steps are not there has none. */
export function carriedBy(index: StepIndex, { steps, serverSteps }: TlsConnection): Carried {
  const client = sentBy(index, steps, 'client')
  const server = sentBy(index, serverSteps, 'server')
  const records = [...recordsOf(client, steps, 'client'), ...recordsOf(server, serverSteps, 'server')]
  const lost = records.find(({ arrived, segments }) => !arrived && segments.some(({ packets }) => packets.some(isLost)))
  const all = [...client.segments, ...server.segments]
  const sent = all.reduce((sum, { packets }) => sum + packets.length, 0)
  return {
    records,
    opening: openingOf(index, steps),
    syn: client.syn,
    lost: lost ?? null,
    packets: { sent, again: sent - all.length },
  }
}

const isLost = ({ lost }: Segment['packets'][number]): boolean => lost !== null

const RECORD_HEADER = 5

function recordsOf({ segments }: Stretches, own: readonly Step[], by: TlsRole): CarriedRecord[] {
  const records: CarriedRecord[] = []
  let messages: string[] = []
  let next = 1
  for (const { event } of own) {
    if (event.kind === 'tls-message' && event.direction === 'sent') messages.push(event.message)
    if (event.kind !== 'tls-record' || event.direction !== 'sent') continue
    const [from, to] = [next, next + RECORD_HEADER + event.length - 1]
    const contentType = event.protection?.innerType ?? event.contentType
    const carries = contentType === 'handshake' ? messages : []
    const record = records.length + 1
    records.push({ record, by, contentType, messages: carries, from, to, ...travelled(segments, from, to) })
    if (contentType === 'handshake') messages = []
    next = to + 1
  }
  return records
}

function travelled(all: readonly Segment[], from: number, to: number): Pick<CarriedRecord, 'arrived' | 'segments'> {
  const segments = all.filter((one) => one.from <= to && one.to >= from)
  let next = from
  for (const { from: begin, to: end, packets } of segments)
    if (begin <= next && packets.some(({ lost }) => lost === null)) next = Math.max(next, end + 1)
  return { arrived: next > to, segments }
}

interface Stretches {
  readonly segments: readonly Segment[]
  readonly syn: Carried['syn']
}

/** What an end sent over TCP, stretch by stretch: the packets that began where it runs, from the SYN before its TLS on. */
function sentBy(index: StepIndex, own: readonly Step[], by: TlsRole): Stretches {
  const first = own.find((step) => isTls(step.event))
  if (first === undefined) return { segments: [], syn: null }
  const { connection } = first.event as TlsEvent
  const home = index.place(first)
  const stretches = new Map<string, { from: number; to: number; packets: Segment['packets'][number][] }>()
  let syn: { packet: PacketId; length: number; sequence: number } | null = null
  for (const packet of index.packets()) {
    const begin = index.ofPacket(packet)[0]
    const place = index.place(begin)
    if (place.node !== home.node || place.netns !== home.netns) continue
    const sent = segmentOf(index, packet)
    if (sent === null || (by === 'client' ? sent.source : sent.destination) !== connection) continue
    if (sent.syn) {
      // The port may have been another connection's before, and may be one's again.
      if (begin.id > first.id) break
      syn = { packet, length: sent.length, sequence: sent.sequence }
      stretches.clear()
    } else if (syn !== null && sent.bytes > 0) {
      const from = (sent.sequence - syn.sequence) | 0
      const key = `${from} ${sent.bytes}`
      const known = stretches.get(key) ?? { from, to: from + sent.bytes - 1, packets: [] }
      known.packets.push({ packet, at: begin.at, length: sent.length, lost: lostAt(index, packet) })
      stretches.set(key, known)
    }
  }
  const segments = [...stretches.values()].sort((a, b) => a.from - b.from || a.to - b.to)
  return { segments, syn: syn === null ? null : { packet: syn.packet, length: syn.length } }
}

const isTls = (event: Step['event']): event is TlsEvent => event.kind.startsWith('tls-')
