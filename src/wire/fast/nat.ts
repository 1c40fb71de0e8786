import type { Address } from '../../util/address.ts'
import { neverZero, update16, update32 } from '../checksum.ts'
import type { Frame } from '../frame.ts'
import { PROTOCOL } from '../numbers.ts'
import { i32, put16, put32, u16 } from './bytes.ts'
import * as icmp from './icmp.ts'
import { putV6 } from './ipv6.ts'
import type { Layout } from './layout.ts'

/**
 * Address and port translation in place, with every checksum that covers the change (`nf_nat_manip_pkt`). It serves packets
 * quoted in ICMP errors too: what was cut off is left alone. The ICMP checksum around a quote is the caller's to renew.
 */
export function setSource(frame: Frame, l: Layout, to: Address): void {
  setAddress(frame, l, to, l.family === 4 ? 12 : 8)
}

export function setDestination(frame: Frame, l: Layout, to: Address): void {
  setAddress(frame, l, to, l.family === 4 ? 16 : 24)
}

/** TCP and UDP; for an ICMP query, its id. Other protocols have no port to change, and later fragments no header. */
export function setSourcePort(frame: Frame, l: Layout, port: number): void {
  setPort(frame, l, port, 0)
}

export function setDestinationPort(frame: Frame, l: Layout, port: number): void {
  setPort(frame, l, port, 2)
}

function setAddress(frame: Frame, l: Layout, to: Address, offset: number): void {
  if ((typeof to === 'number') !== (l.family === 4)) throw new TypeError('an address of the other family')
  const b = frame.bytes
  const at = l.network + offset
  const check = coveredBy(b, l)
  frame.version++
  if (typeof to === 'number') {
    const before = i32(b, at)
    put32(b, at, to)
    put16(b, l.network + 10, update32(u16(b, l.network + 10), before, to))
    if (check >= 0) fix32(b, l, check, before, to)
    return
  }
  if (check >= 0) {
    fix32(b, l, check, i32(b, at), to.a)
    fix32(b, l, check, i32(b, at + 4), to.b)
    fix32(b, l, check, i32(b, at + 8), to.c)
    fix32(b, l, check, i32(b, at + 12), to.d)
  }
  putV6(b, at, to)
}

function setPort(frame: Frame, l: Layout, port: number, offset: number): void {
  const b = frame.bytes
  const at = portAt(b, l, offset)
  if (at < 0) return
  const before = u16(b, at)
  frame.version++
  put16(b, at, port)
  const check = checksumAt(b, l)
  if (check >= 0) put16(b, check, sealed(l, update16(u16(b, check), before, port)))
}

/** Where the port or id to change lies, or -1. */
function portAt(b: Uint8Array, l: Layout, offset: number): number {
  if (l.fragmentOffset > 0 || l.end - l.transport < 8) return -1
  switch (l.protocol) {
    case PROTOCOL.tcp:
    case PROTOCOL.udp:
      return l.transport + offset
    case PROTOCOL.icmp:
      return icmp.isQueryV4(b[l.transport]) ? l.transport + 4 : -1
    case PROTOCOL.icmpv6:
      return icmp.isQueryV6(b[l.transport]) ? l.transport + 4 : -1
    default:
      return -1
  }
}

/** The transport checksum, when it is there to be fixed, or -1: cut off, in another fragment, or UDP's "none". */
function checksumAt(b: Uint8Array, l: Layout): number {
  if (l.fragmentOffset > 0) return -1
  const room = l.end - l.transport
  switch (l.protocol) {
    case PROTOCOL.tcp:
      return room < 20 ? -1 : l.transport + 16
    case PROTOCOL.udp:
      return room < 8 || u16(b, l.transport + 6) === 0 ? -1 : l.transport + 6
    case PROTOCOL.icmp:
    case PROTOCOL.icmpv6:
      return room < 8 ? -1 : l.transport + 2
    default:
      return -1
  }
}

/** As `checksumAt`, when it covers the addresses: ICMPv4 has no pseudo-header. */
function coveredBy(b: Uint8Array, l: Layout): number {
  return l.protocol === PROTOCOL.icmp ? -1 : checksumAt(b, l)
}

function fix32(b: Uint8Array, l: Layout, check: number, before: number, after: number): void {
  put16(b, check, sealed(l, update32(u16(b, check), before, after)))
}

function sealed(l: Layout, check: number): number {
  return l.protocol === PROTOCOL.udp ? neverZero(check) : check
}
