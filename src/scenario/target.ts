import { nameOf } from '../kube/api/meta.ts'
import type { Namespace } from '../linux/namespace.ts'
import { type Address, familyOf, formatAddress } from '../util/address.ts'
import { inputError, type SourcePosition } from '../util/diagnostics.ts'
import type { Cluster } from './cluster.ts'
import { formatTarget, type Target } from './directory.ts'
import type { Host } from './host.ts'

const HTTP = 80
/** Where classic traceroute begins; nobody listens there. */
const UDP_PROBE = 33_434
const SSH = 22

interface World {
  readonly cluster: Cluster
}

/** Where a program on behalf of an endpoint runs. `text` is what the user wrote. */
export function hostOfTarget({ cluster }: World, target: Target, text: string, at: SourcePosition | null): Host {
  switch (target.kind) {
    case 'node':
      return cluster.node(target.node)
    case 'external':
      return cluster.external()
    case 'pod': {
      const host = cluster.pod(target.pod)
      if (host !== null) return host
      const why = cluster.sandboxError(target.pod) ?? `it is ${target.pod.phase}`
      throw inputError(`Pod ${nameOf(target.pod.meta)} has no network: ${why}`, undefined, at)
    }
    default:
      throw inputError(`nothing can be sent from ${text}`, 'a pod, node/NAME or external', at)
  }
}

/** The address to send to: of a family that the sender speaks, IPv4 before IPv6. */
export function addressOfTarget(world: World, target: Target, from: Namespace, at: SourcePosition | null): Address {
  if (target.kind === 'address') return target.address
  const candidates = addressesOfTarget(world, target, at)
  const spoken = new Set(from.devices.flatMap((device) => device.addresses.map((own) => familyOf(own.address))))
  const chosen = candidates.find((address) => spoken.has(familyOf(address)))
  if (chosen !== undefined) return chosen
  const list = candidates.map(formatAddress).join(', ')
  throw inputError(`${formatTarget(target)} has ${list}, of a family that the sender has no address of`, undefined, at)
}

function addressesOfTarget(
  { cluster }: World,
  target: Exclude<Target, { kind: 'address' }>,
  at: SourcePosition | null,
): readonly Address[] {
  switch (target.kind) {
    case 'external':
      return cluster.plan.lan.gateway
    case 'node':
      return cluster.plan.nodes.get(target.node)!.addresses
    case 'service': {
      const { clusterIPs, meta, headless, type } = target.service
      if (clusterIPs.length > 0) return clusterIPs
      const why = headless ? 'it is headless' : type === 'ExternalName' ? 'it is a DNS name' : 'none was given'
      throw inputError(`Service ${nameOf(meta)} has no ClusterIP: ${why}`, undefined, at)
    }
    case 'pod': {
      const addresses = cluster.addressesOf(target.pod)
      if (addresses.length > 0) return addresses
      const why = cluster.sandboxError(target.pod) ?? `it is ${target.pod.phase}`
      throw inputError(`Pod ${nameOf(target.pod.meta)} has no address: ${why}`, undefined, at)
    }
  }
}

/** The port to try when none was given: the first that the target declares. */
export function defaultPort(target: Target, proto: 'tcp' | 'udp'): number {
  const wanted = proto.toUpperCase()
  const fallback = proto === 'udp' ? UDP_PROBE : HTTP
  switch (target.kind) {
    case 'pod':
      return target.pod.ports.find(({ protocol }) => protocol === wanted)?.port ?? fallback
    case 'service':
      return target.service.ports.find(({ protocol }) => protocol === wanted)?.port ?? fallback
    case 'node':
      return proto === 'tcp' ? SSH : fallback
    default:
      return fallback
  }
}
