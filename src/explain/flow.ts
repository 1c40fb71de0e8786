import { type Address, keyOf } from '../util/address.ts'
import { isErrorV4, isErrorV6 } from '../wire/fast/icmp.ts'
import { destination, hasTransport, Layout, locate, source } from '../wire/fast/layout.ts'
import { ETHERTYPE, PROTOCOL } from '../wire/numbers.ts'
import { tunnelled } from './frame-summary.ts'

/** Who talks to whom in a packet: the innermost packet inside VXLAN. For ICMP echo both ports are the id. */
export interface Flow {
  readonly protocol: number
  readonly source: Address
  readonly destination: Address
  readonly sourcePort: number
  readonly destinationPort: number
  /** What an ICMP error quotes. */
  readonly quoted: Flow | null
}

const ETHERNET = 14

/** Null for a frame that is not IP, or cut short. */
export function flowOf(frame: Uint8Array): Flow | null {
  if (frame.length < ETHERNET) return null
  const type = (frame[12] << 8) | frame[13]
  return type === ETHERTYPE.ipv4 || type === ETHERTYPE.ipv6 ? ipFlow(frame, ETHERNET) : null
}

function ipFlow(b: Uint8Array, at: number): Flow | null {
  const l = new Layout()
  if (!locate(b, at, b.length, l)) return null
  const inner = tunnelled(b, l)
  if (inner !== null) return flowOf(inner)
  const [sourcePort, destinationPort] = ports(b, l)
  return {
    protocol: l.protocol,
    source: source(b, l),
    destination: destination(b, l),
    sourcePort,
    destinationPort,
    quoted: quoteOf(b, l),
  }
}

function ports(b: Uint8Array, l: Layout): [number, number] {
  const at = l.transport
  if (!hasTransport(l) || l.end < at + 8) return [0, 0]
  if (l.protocol === PROTOCOL.icmp || l.protocol === PROTOCOL.icmpv6) {
    if (isError(b, l)) return [0, 0]
    const id = (b[at + 4] << 8) | b[at + 5]
    return [id, id]
  }
  return [(b[at] << 8) | b[at + 1], (b[at + 2] << 8) | b[at + 3]]
}

function quoteOf(b: Uint8Array, l: Layout): Flow | null {
  return hasTransport(l) && isError(b, l) && l.end >= l.transport + 8 + 20
    ? ipFlow(b.subarray(0, l.end), l.transport + 8)
    : null
}

function isError(b: Uint8Array, l: Layout): boolean {
  if (l.protocol === PROTOCOL.icmp) return isErrorV4(b[l.transport])
  return l.protocol === PROTOCOL.icmpv6 && isErrorV6(b[l.transport])
}

export function sameFlow(a: Flow, b: Flow): boolean {
  return (
    a.protocol === b.protocol &&
    keyOf(a.source) === keyOf(b.source) &&
    keyOf(a.destination) === keyOf(b.destination) &&
    a.sourcePort === b.sourcePort &&
    a.destinationPort === b.destinationPort
  )
}

export function reversed(flow: Flow): Flow {
  return {
    protocol: flow.protocol,
    source: flow.destination,
    destination: flow.source,
    sourcePort: flow.destinationPort,
    destinationPort: flow.sourcePort,
    quoted: null,
  }
}
