import type { Address } from '../../../util/address.ts'
import * as icmp from '../../../wire/fast/icmp.ts'
import * as layout from '../../../wire/fast/layout.ts'
import * as transport from '../../../wire/fast/transport.ts'
import type { Packet } from '../packet.ts'

/** Who sent the packet that an ICMP error quotes, and to whom. */
export interface QuotedFlow {
  readonly protocol: number
  readonly source: Address
  readonly sourcePort: number
  readonly destination: Address
  readonly destinationPort: number
}

const inner = new layout.Layout()

/** Null when the quote is cut short, or a later fragment's. */
export function quotedFlow(p: Packet): QuotedFlow | null {
  const { bytes } = p.skb.frame
  if (!layout.locate(bytes, p.layout.transport + icmp.ICMP, p.layout.end, inner) || inner.family !== p.family)
    return null
  if (inner.fragmentOffset > 0 || inner.end - inner.transport < 4) return null
  return {
    protocol: inner.protocol,
    source: layout.source(bytes, inner),
    sourcePort: transport.sourcePort(bytes, inner.transport),
    destination: layout.destination(bytes, inner),
    destinationPort: transport.destinationPort(bytes, inner.transport),
  }
}
