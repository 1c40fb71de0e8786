import { type Address, isV4, V6 } from '../../../util/address.ts'
import type { Rng } from '../../../util/rng.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import type { Connection, Manip } from '../connection.ts'
import type { Conntrack } from '../conntrack/conntrack.ts'
import { inverseType } from '../conntrack/icmp.ts'
import { SCTP } from '../packet.ts'
import type { PortRange } from '../rules/match.ts'
import type { AddressRange, PortChoice } from '../rules/target.ts'

/** What a NAT rule allows: struct nf_nat_range2. */
export interface NatRange {
  readonly addresses: AddressRange
  readonly ports: PortRange | null
  readonly choice: PortChoice
}

const MAX_ATTEMPTS = 128

/** A tuple of the original direction while NAT looks for a free one. */
interface Flow {
  source: Address
  destination: Address
  sourcePort: number
  destinationPort: number
}

/**
 * nf_nat_setup_info: settles one end of a new connection within `range`, such that no other connection has the same reply.
 * The old port is kept when it is free. (Unlike Linux, a second connection from one source port is not steered to the
 * mapping of the first: find_appropriate_src.)
 */
export function setupNat(connection: Connection, range: NatRange, manip: Manip, conntrack: Conntrack, rng: Rng): void {
  const { reply } = connection
  const icmp = isIcmp(connection)
  const now: Flow = {
    source: reply.destination,
    destination: reply.source,
    sourcePort: icmp ? reply.sourcePort : reply.destinationPort,
    destinationPort: icmp ? connection.original.destinationPort : reply.sourcePort,
  }
  const flow = { ...now }
  const free = (): boolean => isFree(flow, connection, conntrack)
  connection.exhausted = !unique(flow, range, manip, connection.protocol, free, rng)
  if (manip === 'source') connection.sourceDone = true
  else connection.destinationDone = true
  const changed =
    flow.source !== now.source ||
    flow.destination !== now.destination ||
    flow.sourcePort !== now.sourcePort ||
    flow.destinationPort !== now.destinationPort
  if (!changed) return
  connection.replyFree = -1
  if (manip === 'source') connection.sourceNat = true
  else connection.destinationNat = true
  reply.source = flow.destination
  reply.destination = flow.source
  if (icmp) reply.sourcePort = flow.sourcePort
  else {
    reply.sourcePort = flow.destinationPort
    reply.destinationPort = flow.sourcePort
  }
}

/**
 * __nf_nat_alloc_null_binding: no rule applies, so this end stays as it is, unless another connection has the same reply: then
 * a free port is found.
 */
export function keepAsIs(connection: Connection, manip: Manip, conntrack: Conntrack, rng: Rng): void {
  if (conntrack.replyIsFree(connection)) {
    connection.exhausted = false
    if (manip === 'source') connection.sourceDone = true
    else connection.destinationDone = true
    return
  }
  const own = manip === 'source' ? connection.reply.destination : connection.reply.source
  setupNat(connection, { addresses: { low: own, high: own }, ports: null, choice: 'keep' }, manip, conntrack, rng)
}

/** get_unique_tuple. False when every port tried was taken. */
function unique(flow: Flow, range: NatRange, manip: Manip, protocol: number, free: () => boolean, rng: Rng): boolean {
  const { addresses, ports, choice } = range
  const port = manip === 'source' || isIcmpProtocol(protocol) ? flow.sourcePort : flow.destinationPort
  const portFits = ports === null || (port >= ports.low && port <= ports.high)
  if (manip === 'source' && choice === 'keep' && portFits && inRange(flow.source, addresses) && free()) return true
  const address = pick(addresses, flow)
  if (manip === 'source') flow.source = address
  else flow.destination = address
  if (choice === 'keep') {
    if (ports !== null) {
      if (portFits && (ports.low === ports.high || free())) return true
    } else if (free()) return true
  }
  return uniquePort(flow, ports, manip, protocol, choice, free, rng)
}

/** nf_nat_l4proto_unique_tuple. */
function uniquePort(
  flow: Flow,
  ports: PortRange | null,
  manip: Manip,
  protocol: number,
  choice: PortChoice,
  free: () => boolean,
  rng: Rng,
): boolean {
  const icmp = isIcmpProtocol(protocol)
  if (!icmp && protocol !== PROTOCOL.tcp && protocol !== PROTOCOL.udp && protocol !== SCTP) return free()
  const key = icmp || manip === 'source' ? 'sourcePort' : 'destinationPort'
  const range = ports ?? (icmp ? ANY : manip === 'source' ? likeness(flow.sourcePort) : null)
  if (range === null) return free()
  const size = range.high - range.low + 1
  let attempts = Math.min(size, MAX_ATTEMPTS)
  let offset = choice !== 'keep' || manip === 'source' ? rng.u16() : 0
  for (;;) {
    for (let i = 0; i < attempts; i++, offset++) {
      flow[key] = range.low + (offset % size)
      if (free()) return true
    }
    if (attempts >= size || attempts < 16) return false
    attempts >>= 1
    offset = rng.u16()
  }
}

const ANY: PortRange = { low: 0, high: 65_535 }

/** A privileged port becomes a privileged port. */
function likeness(port: number): PortRange {
  if (port < 512) return { low: 1, high: 511 }
  return port < 1024 ? { low: 600, high: 1023 } : { low: 1024, high: 65_535 }
}

function isFree(flow: Flow, connection: Connection, conntrack: Conntrack): boolean {
  const { protocol, original, family } = connection
  if (!isIcmp(connection)) {
    return !conntrack.taken(flow.destination, flow.source, flow.destinationPort, flow.sourcePort, protocol, connection)
  }
  const answer = ((inverseType(family, original.destinationPort >> 8) ?? 0) << 8) | (original.destinationPort & 0xff)
  return !conntrack.taken(flow.destination, flow.source, flow.sourcePort, answer, protocol, connection)
}

const isIcmpProtocol = (protocol: number): boolean => protocol === PROTOCOL.icmp || protocol === PROTOCOL.icmpv6

export const isIcmp = (connection: Connection): boolean => isIcmpProtocol(connection.protocol)

function inRange(address: Address, { low, high }: AddressRange): boolean {
  return compare(address, low) >= 0 && compare(address, high) <= 0
}

/** find_best_ips_proto: spreads clients over a range; with one address there is nothing to choose. */
function pick({ low, high }: AddressRange, flow: Flow): Address {
  if (compare(low, high) === 0 || !isV4(low) || !isV4(high)) return low
  const size = (high >>> 0) - (low >>> 0) + 1
  const hash = Math.imul(wordOf(flow.source) ^ Math.imul(wordOf(flow.destination), 0x9e3779b1), 0x85ebca6b) >>> 0
  return (low + Math.floor((hash / 0x100000000) * size)) as typeof low
}

const wordOf = (address: Address): number => (isV4(address) ? address : address.d)

function compare(a: Address, b: Address): number {
  if (a instanceof V6 && b instanceof V6) return a.key < b.key ? -1 : a.key > b.key ? 1 : 0
  return a instanceof V6 ? 1 : b instanceof V6 ? -1 : (a >>> 0) - (b >>> 0)
}
