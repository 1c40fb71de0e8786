import { keyOf } from '../../../util/address.ts'
import * as icmp from '../../../wire/fast/icmp.ts'
import * as layout from '../../../wire/fast/layout.ts'
import { Layout } from '../../../wire/fast/layout.ts'
import * as transport from '../../../wire/fast/transport.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import type { Tuple } from '../connection.ts'
import { type Packet, SCTP } from '../packet.ts'
import { inverseType, typeAndCode } from './icmp.ts'
import type { ConntrackTable } from './table.ts'

const inner = new Layout()

/**
 * nf_conntrack_inet_error: the tuple in whose direction an ICMP error travels, found through the packet it quotes. Null when
 * the quote is cut too short, its connection is unknown, or the error goes to somebody who did not send the quoted packet.
 */
export function relatedTuple(p: Packet, table: ConntrackTable): Tuple | null {
  const { bytes } = p.skb.frame
  const quote = p.layout.transport + icmp.ICMP
  if (!layout.locate(bytes, quote, p.layout.end, inner) || inner.family !== p.family) return null
  if (inner.fragmentOffset > 0) return null
  const t = inner.transport
  if (inner.end - t < 8) return null
  let sourcePort = 0
  let destinationPort = 0
  switch (inner.protocol) {
    case PROTOCOL.tcp:
    case PROTOCOL.udp:
    case SCTP:
      // Inverted, as the answer to the quoted packet would be.
      sourcePort = transport.destinationPort(bytes, t)
      destinationPort = transport.sourcePort(bytes, t)
      break
    case PROTOCOL.icmp:
    case PROTOCOL.icmpv6: {
      const answer = inverseType(p.family, icmp.type(bytes, t))
      if (answer === undefined) return null
      sourcePort = icmp.id(bytes, t)
      destinationPort = typeAndCode(answer, icmp.code(bytes, t))
    }
  }
  const source = layout.source(bytes, inner)
  const found = table.find(layout.destination(bytes, inner), source, sourcePort, destinationPort, inner.protocol)
  if (found === null || keyOf(found.destination) !== keyOf(p.destination)) return null
  return found
}
