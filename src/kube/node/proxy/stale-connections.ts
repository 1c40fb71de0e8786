import type { Tuple } from '../../../linux/netfilter/connection.ts'
import type { Conntrack } from '../../../linux/netfilter/conntrack/conntrack.ts'
import { type Address, type Family, formatEndpoint } from '../../../util/address.ts'
import { PROTOCOL } from '../../../wire/numbers.ts'
import type { ServiceModel } from './model.ts'

/**
 * conntrack.CleanStaleEntries: a UDP client that keeps its port stays with its connection's endpoint for as long as it
 * sends, so entries of endpoints that no longer serve are deleted, and entries from the time when no rule applied. (TCP
 * notices by itself.) Services without endpoints keep theirs. How many were deleted.
 */
export function cleanStaleConnections(model: ServiceModel, family: Family, conntrack: Conntrack): number {
  const byAddress = new Map<string, ReadonlySet<string>>()
  const byNodePort = new Map<number, ReadonlySet<string>>()
  for (const { info, endpoints } of model.allPorts(family)) {
    if (info.protocol !== 'udp') continue
    const serving = endpoints.filter(({ from }) => from.ready || from.serving)
    if (serving.length === 0) continue
    const texts = new Set(serving.map(({ text }) => text))
    const add = (address: Address): unknown => byAddress.set(formatEndpoint(address, info.port), texts)
    for (const address of [info.clusterIP, ...info.externalIPs, ...info.vips]) add(address)
    if (info.nodePort !== 0) byNodePort.set(info.nodePort, texts)
  }
  if (byAddress.size === 0) return 0
  return conntrack.delete(({ family: of, protocol, original, reply }) => {
    if (of !== family || protocol !== PROTOCOL.udp) return false
    const valid = byAddress.get(destination(original)) ?? byNodePort.get(original.destinationPort)
    return valid !== undefined && !valid.has(formatEndpoint(reply.source, reply.sourcePort))
  })
}

const destination = (tuple: Tuple): string => formatEndpoint(tuple.destination, tuple.destinationPort)
