import * as icmp from '../../../wire/fast/icmp.ts'
import * as layout from '../../../wire/fast/layout.ts'
import { Layout } from '../../../wire/fast/layout.ts'
import * as nat from '../../../wire/fast/nat.ts'
import { writeChecksum } from '../../../wire/fast/transport.ts'
import type { Connection, Direction, Manip } from '../connection.ts'
import type { Packet } from '../packet.ts'
import { isIcmp } from './unique.ts'

/** Whether packets of a direction have this address rewritten: for replies it undoes what was done to the other one. */
export function translates(connection: Connection, direction: Direction, manip: Manip): boolean {
  return (manip === 'source') === (direction === 0) ? connection.sourceNat : connection.destinationNat
}

/** nf_nat_packet: rewrites one address and port so that the packet is the inverse of the other direction's tuple. */
export function translate(p: Packet, connection: Connection, direction: Direction, manip: Manip): void {
  const { frame } = p.skb
  const other = connection.tuple(direction === 0 ? 1 : 0)
  const id = isIcmp(connection)
  if (manip === 'source') {
    nat.setSource(frame, p.layout, other.destination)
    nat.setSourcePort(frame, p.layout, id ? other.sourcePort : other.destinationPort)
  } else {
    nat.setDestination(frame, p.layout, other.source)
    nat.setDestinationPort(frame, p.layout, other.sourcePort)
  }
  p.reload(p.skb)
}

const inner = new Layout()

/**
 * nf_nat_icmp_reply_translation: an ICMP error about a translated packet. The quote becomes what its sender had sent, and the
 * error comes from, or goes to, the address that the sender knows.
 */
export function translateError(p: Packet, connection: Connection, direction: Direction, manip: Manip): boolean {
  const { frame } = p.skb
  const quote = p.layout.transport + icmp.ICMP
  if (!layout.locate(frame.bytes, quote, p.layout.end, inner)) return false
  const other = connection.tuple(direction === 0 ? 1 : 0)
  const id = isIcmp(connection)
  if (manip === 'source') {
    nat.setDestination(frame, inner, other.destination)
    nat.setDestinationPort(frame, inner, id ? other.sourcePort : other.destinationPort)
    nat.setSource(frame, p.layout, other.destination)
  } else {
    nat.setSource(frame, inner, other.source)
    nat.setSourcePort(frame, inner, other.sourcePort)
    nat.setDestination(frame, p.layout, other.source)
  }
  writeChecksum(frame, p.layout)
  p.reload(p.skb)
  return true
}
