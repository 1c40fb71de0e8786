import { formatEndpoint } from '../util/address.ts'
import { dissect } from '../wire/dissect.ts'
import { innermost, type Layer, type LayerOf } from '../wire/layer.ts'
import type { Tcp } from '../wire/tcp.ts'
import type { Captured } from './capture-file.ts'

const SYN = 2
/** Segments that wait for one that is missing, each way: beyond it the capture is taken to have lost it. */
const MAX_WAITING = 4096

/** Bytes that one end of a TCP connection sent, in order and once. */
export interface StreamBytes {
  /** `10.244.1.2:40000`. */
  readonly from: string
  readonly to: string
  /** Which connection: ports may be used again. */
  readonly stream: number
  /** Nanoseconds since 1970. */
  readonly at: bigint
  readonly bytes: Uint8Array
}

interface Direction {
  /** Null before anything was seen. */
  next: number | null
  /** Of the SYN, where it was seen. */
  initial: number | null
  readonly waiting: Map<number, Uint8Array>
}

interface Connection {
  readonly stream: number
  readonly directions: Map<string, Direction>
}

/**
 * The TCP payloads of a capture put together: what was seen twice (at several taps, inside and outside a tunnel, retransmitted)
 * counts once, what came out of order waits. Looks into VXLAN.
 */
export function tcpStreams(packets: Iterable<Captured>): StreamBytes[] {
  const connections = new Map<string, Connection>()
  const out: StreamBytes[] = []
  let streams = 0
  for (const { at, bytes, from: begins } of packets) {
    if (begins === null) continue
    const layers = dissect(bytes, begins)
    const segment = innermost(layers, 'tcp')
    if (segment === null) continue
    const ip = carrierOf(layers, segment.start)
    if (ip === null) continue
    const { header } = segment
    const payload = layers.find((layer) => layer.protocol === 'payload' && layer.start >= segment.end)
    const [from, to] = [
      formatEndpoint(ip.header.source, header.sourcePort),
      formatEndpoint(ip.header.destination, header.destinationPort),
    ]
    const key = [from, to].sort().join(' ')
    let connection = connections.get(key)
    if (connection === undefined || restarts(connection, from, header)) {
      connection = { stream: streams++, directions: new Map() }
      connections.set(key, connection)
    }
    const data = payload?.protocol === 'payload' ? payload.header : NOTHING
    for (const piece of arrived(connection, from, header, data))
      out.push({ from, to, stream: connection.stream, at, bytes: piece })
  }
  return out
}

const NOTHING = new Uint8Array(0)

/** The IP header right before the segment: the inner one of a tunnel. */
function carrierOf(layers: readonly Layer[], before: number): LayerOf<'ipv4'> | LayerOf<'ipv6'> | null {
  const found = layers.findLast(({ protocol, start }) => start < before && (protocol === 'ipv4' || protocol === 'ipv6'))
  return found?.protocol === 'ipv4' || found?.protocol === 'ipv6' ? found : null
}

/** A SYN with another sequence number than the one seen begins a new connection between the same ports. */
function restarts({ directions }: Connection, from: string, { flags, sequence }: Tcp): boolean {
  const own = directions.get(from)
  return (flags & SYN) !== 0 && own !== undefined && own.initial !== null && own.initial !== sequence
}

/** How far `b` lies beyond `a`, in sequence space. */
const distance = (a: number, b: number): number => (b - a) | 0

function arrived({ directions }: Connection, from: string, { flags, sequence }: Tcp, data: Uint8Array): Uint8Array[] {
  let own = directions.get(from)
  if (own === undefined) {
    own = { next: null, initial: null, waiting: new Map() }
    directions.set(from, own)
  }
  const first = (sequence + ((flags & SYN) === 0 ? 0 : 1)) >>> 0
  if ((flags & SYN) !== 0) own.initial = sequence
  own.next ??= first
  if (data.length === 0) return []
  const old = own.waiting.get(first)
  if (old === undefined || old.length < data.length) own.waiting.set(first, data)
  if (own.waiting.size > MAX_WAITING) own.waiting.clear()
  return ready(own)
}

function ready(own: Direction): Uint8Array[] {
  const out: Uint8Array[] = []
  for (let progress = true; progress; ) {
    progress = false
    for (const [start, data] of own.waiting) {
      const seen = distance(start, own.next!)
      if (seen < 0) continue
      own.waiting.delete(start)
      if (seen >= data.length) continue
      out.push(data.subarray(seen))
      own.next = (start + data.length) >>> 0
      progress = true
    }
  }
  return out
}
