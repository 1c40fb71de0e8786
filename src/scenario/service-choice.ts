import type { ServiceChoice } from '../explain/trace.ts'
import type { Address } from '../util/address.ts'
import { formatAddress } from '../util/address.ts'
import type { Host } from './cluster.ts'
import type { Target } from './directory.ts'
import type { Emulation } from './emulation.ts'
import { decideProxy, nodeNamespace } from './proxy-decision.ts'

/**
 * The endpoints among which the rules of the sender's node choose, before any packet is sent: session affinity remembers. Null
 * for what is no Service, and for senders outside the cluster, whose machine has no such rules.
 */
export function serviceChoice(
  emulation: Emulation,
  source: Host,
  target: Target,
  to: Address,
  port: number,
  protocol: 'tcp' | 'udp' | 'icmp',
): ServiceChoice | null {
  const { node } = source.namespace
  if (target.kind !== 'service' || protocol === 'icmp' || !emulation.cluster.plan.nodes.has(node)) return null
  const route = source.namespace.route(to, null)
  if (typeof route === 'string') return null
  const { destinations } = decideProxy(emulation, { node, source: route.source, destination: to, port, protocol })
  const { namespace, name } = target.service.meta
  const own = nodeNamespace(emulation, node).fibs.lookup(to)
  return {
    ...(own?.kind === 'local' && { device: own.device!.name }),
    namespace,
    name,
    address: formatAddress(to),
    port,
    endpoints: destinations.map(({ address, port: at, probability }) => ({
      address: formatAddress(address),
      port: at,
      node: emulation.facts.owner(address)?.node ?? '',
      probability: Number(probability.toFixed(4)),
    })),
  }
}
