import type { ServiceChoice } from '../explain/trace.ts'
import type { Service, ServicePort } from '../kube/api/service.ts'
import type { Address } from '../util/address.ts'
import { familyOf, formatAddress, sameAddress } from '../util/address.ts'
import type { Target } from './directory.ts'
import type { Emulation } from './emulation.ts'
import type { Host } from './host.ts'
import { decideProxy, nodeNamespace } from './proxy-decision.ts'

/** A Service at an address and port, and the node whose rules choose among its endpoints. */
interface Entry {
  readonly service: Service
  readonly node: string
  readonly nodePort: boolean
}

/**
 * The endpoints among which the rules choose, before any packet is sent: session affinity remembers. For an address of a Service
 * the sender's node chooses, for a NodePort the node that has the address. Null for what is no Service, and for senders outside
 * the cluster that do not name a node.
 */
export function serviceChoice(
  emulation: Emulation,
  sender: Host,
  target: Target,
  to: Address,
  port: number,
  protocol: 'tcp' | 'udp' | 'icmp',
): ServiceChoice | null {
  if (protocol === 'icmp') return null
  const entry = entryOf(emulation, sender.namespace.node, target, to, port, protocol)
  const source = entry === null ? null : sourceAt(emulation, sender, entry.node, to)
  if (entry === null || source === null) return null
  const { service, node, nodePort } = entry
  const { destinations } = decideProxy(emulation, { node, source, destination: to, port, protocol })
  const own = nodeNamespace(emulation, node).fibs.lookup(to)
  const ready = destinations.length > 0 ? 0 : readyAt(emulation, service, to, port, protocol)
  return {
    ...(nodePort && { nodePortOf: node }),
    ...(!nodePort && own?.kind === 'local' && { device: own.device!.name }),
    namespace: service.meta.namespace,
    name: service.meta.name,
    address: formatAddress(to),
    port,
    endpoints: destinations.map(({ address, port: at, probability }) => ({
      address: formatAddress(address),
      port: at,
      node: emulation.facts.owner(address)?.node ?? '',
      probability: Number(probability.toFixed(4)),
    })),
    ...(ready > 0 && { withheld: ready }),
    seed: emulation.seed,
  }
}

/** How many ready endpoints a port of a Service has, or a node port. */
function readyAt({ services }: Emulation, { meta }: Service, to: Address, port: number, protocol: string): number {
  for (const { service, info, endpoints } of services.model.allPorts(familyOf(to))) {
    const own = service.meta.name === meta.name && service.meta.namespace === meta.namespace
    if (own && info.protocol === protocol && (info.port === port || info.nodePort === port))
      return endpoints.filter(({ from }) => from.ready).length
  }
  return 0
}

function entryOf(
  { cluster }: Emulation,
  sender: string,
  target: Target,
  to: Address,
  port: number,
  protocol: 'tcp' | 'udp',
): Entry | null {
  const { nodes } = cluster.plan
  const speaks = (one: ServicePort): boolean => one.protocol.toLowerCase() === protocol
  const serves = ({ ports }: Service): boolean => ports.some((one) => one.port === port && speaks(one))
  if (target.kind === 'service') {
    const { service } = target
    return nodes.has(sender) && serves(service) ? { service, node: sender, nodePort: false } : null
  }
  const owner = [...nodes.values()].find(({ addresses }) => addresses.some((address) => sameAddress(address, to)))
  for (const service of cluster.services?.all ?? []) {
    if (owner !== undefined) {
      if (service.ports.some((one) => one.nodePort === port && speaks(one)))
        return { service, node: owner.name, nodePort: true }
    } else if (nodes.has(sender) && serves(service) && addressesOf(service).some((own) => sameAddress(own, to))) {
      return { service, node: sender, nodePort: false }
    }
  }
  return null
}

const addressesOf = ({ clusterIPs, externalIPs, ingress }: Service): readonly Address[] => [
  ...clusterIPs,
  ...externalIPs,
  ...ingress.map(({ address }) => address),
]

/** The sender's address as a node sees it: a pod's packet to another node leaves with the address of its own (flannel's masquerade). */
function sourceAt(emulation: Emulation, { namespace }: Host, node: string, to: Address): Address | null {
  const within = emulation.cluster.plan.nodes.has(namespace.node) && namespace.node !== node
  const route = (within ? nodeNamespace(emulation, namespace.node) : namespace).route(to, null)
  return typeof route === 'string' ? null : route.source
}
