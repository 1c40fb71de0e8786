import type { Address } from '../../../util/address.ts'
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
  const other = connection.tuple(direction === 0 ? 1 : 0)
  if (manip === 'destination') return rewriteError(p, manip, other.source, other.sourcePort)
  const port = isIcmp(connection) ? other.sourcePort : other.destinationPort
  return rewriteError(p, manip, other.destination, port)
}

/** Gives an ICMP error another source or destination, and its quote the same at the other end. False: the quote is cut short. */
export function rewriteError(p: Packet, manip: Manip, address: Address, port: number): boolean {
  const { frame } = p.skb
  const quote = p.layout.transport + icmp.ICMP
  if (!layout.locate(frame.bytes, quote, p.layout.end, inner)) return false
  if (manip === 'source') {
    nat.setDestination(frame, inner, address)
    nat.setDestinationPort(frame, inner, port)
    nat.setSource(frame, p.layout, address)
  } else {
    nat.setSource(frame, inner, address)
    nat.setSourcePort(frame, inner, port)
    nat.setDestination(frame, p.layout, address)
  }
  writeChecksum(frame, p.layout)
  p.reload(p.skb)
  return true
}
