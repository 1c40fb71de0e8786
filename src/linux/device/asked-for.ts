import { type Address, type V4, V6 } from '../../util/address.ts'
import { ETHERTYPE, PROTOCOL } from '../../wire/numbers.ts'

const ETHERNET = 14
const ARP_TARGET = 24
const IPV6 = 40
const SOLICITATION = 135
/** Type, code, checksum, reserved: then the target (RFC 4861 4.3). */
const NDP_TARGET = 8

/** The address whose owner an ARP request (RFC 826) or a neighbour solicitation looks for; null for any other frame. */
export function askedFor(b: Uint8Array, start: number, end: number): Address | null {
  const at = start + ETHERNET
  const type = (b[start + 12] << 8) | b[start + 13]
  if (type === ETHERTYPE.arp) return at + ARP_TARGET + 4 <= end ? (word(b, at + ARP_TARGET) as V4) : null
  const target = at + IPV6 + NDP_TARGET
  const asks =
    type === ETHERTYPE.ipv6 && target + 16 <= end && b[at + 6] === PROTOCOL.icmpv6 && b[at + IPV6] === SOLICITATION
  return asks ? new V6(word(b, target), word(b, target + 4), word(b, target + 8), word(b, target + 12)) : null
}

const word = (b: Uint8Array, at: number): number => (b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]
