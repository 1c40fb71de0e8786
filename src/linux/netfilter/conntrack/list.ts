import { SECOND } from '../../../sim/time.ts'
import { formatAddress } from '../../../util/address.ts'
import type { Connection, Tuple } from '../connection.ts'
import { isIcmp } from '../nat/unique.ts'
import { SCTP } from '../packet.ts'
import { protocolName } from '../rules/names.ts'
import { stateName } from '../steps.ts'

/** One line of `conntrack -L`. For ICMP, `id`, `type` and `code` stand in the place of ports. */
export interface ConntrackEntry {
  readonly id: number
  readonly family: 4 | 6
  readonly protocol: number
  /** Seconds until it is forgotten, rounded down as the tool does. */
  readonly timeout: number
  /** TCP and SCTP, else empty. */
  readonly state: string
  readonly original: TupleEntry
  readonly reply: TupleEntry
  readonly unreplied: boolean
  readonly assured: boolean
  readonly mark: number
}

export interface TupleEntry {
  readonly src: string
  readonly dst: string
  readonly sport?: number
  readonly dport?: number
  readonly type?: number
  readonly code?: number
  readonly id?: number
}

/** `conntrack -L`, in the order the connections began. */
export function listConntrack(connections: Iterable<Connection>, now: number): ConntrackEntry[] {
  return Array.from(connections, (connection) => ({
    id: connection.id,
    family: connection.family,
    protocol: connection.protocol,
    timeout: Math.max(0, Math.floor((connection.expires - now) / SECOND)),
    state: stateName(connection),
    original: tupleEntry(connection.original, connection),
    reply: tupleEntry(connection.reply, connection),
    unreplied: !connection.seenReply,
    assured: connection.assured,
    mark: connection.mark,
  }))
}

/** A line as the tool prints it. */
export function formatConntrack(entry: ConntrackEntry): string {
  const { protocol, timeout, state, original, reply, unreplied, assured, mark } = entry
  const name = protocol === 58 ? 'icmpv6' : /^\d+$/.test(protocolName(protocol)) ? 'unknown' : protocolName(protocol)
  const parts = [`${name.padEnd(8)} ${protocol} ${timeout}`]
  if (state !== '') parts.push(state)
  parts.push(tupleText(original))
  if (unreplied) parts.push('[UNREPLIED]')
  parts.push(tupleText(reply))
  if (assured) parts.push('[ASSURED]')
  parts.push(`mark=${mark}`, 'use=1')
  return parts.join(' ')
}

function tupleEntry(tuple: Tuple, connection: Connection): TupleEntry {
  const addresses = { src: formatAddress(tuple.source), dst: formatAddress(tuple.destination) }
  if (isIcmp(connection)) {
    const { destinationPort, sourcePort } = tuple
    return { ...addresses, type: destinationPort >> 8, code: destinationPort & 0xff, id: sourcePort }
  }
  if (connection.protocol !== 6 && connection.protocol !== 17 && connection.protocol !== SCTP) return addresses
  return { ...addresses, sport: tuple.sourcePort, dport: tuple.destinationPort }
}

function tupleText(tuple: TupleEntry): string {
  return Object.entries(tuple)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
