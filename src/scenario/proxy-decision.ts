import { explainService, type ProxyDecision } from '../kube/node/proxy/explain.ts'
import type { ProtocolName } from '../kube/node/proxy/service-port.ts'
import type { Device } from '../linux/device/device.ts'
import type { Namespace } from '../linux/namespace.ts'
import type { NetfilterStack } from '../linux/netfilter/stack.ts'
import { type Address, familyOf, formatAddress } from '../util/address.ts'
import { inputError } from '../util/diagnostics.ts'
import type { Emulation } from './emulation.ts'

/** `podwire proxy explain`: the first packet of a connection, on one node. */
export interface ProxyRequest {
  readonly node: string
  readonly source: Address
  readonly destination: Address
  readonly port: number
  readonly protocol: ProtocolName
}

/** What becomes of it, and the device that it came in by: null when the node itself sends it. */
export interface LocatedDecision extends ProxyDecision {
  readonly input: string | null
}

/** Walks the rules that the emulated node has, along every branch of chance. Throws InputError for a node that is not there. */
export function decideProxy(emulation: Emulation, request: ProxyRequest): LocatedDecision {
  const { source, destination, port, protocol } = request
  const namespace = nodeNamespace(emulation, request.node)
  if (familyOf(source) !== familyOf(destination)) {
    const mixed = `${formatAddress(source)} and ${formatAddress(destination)} are of different families`
    throw inputError(mixed, 'a source and a destination of one')
  }
  const stack = netfilterOf(namespace)
  const family = familyOf(destination)
  const input = inputOf(namespace, source)
  const query = { source, destination, port, protocol, input }
  const decision = explainService(stack.ruleSet(family), query, stack, stack.nftTables(family), stack.ipvs)
  return { ...decision, input: input?.name ?? null }
}

/** The namespace of a node, `node-1` or `node/node-1`, built if need be. Throws InputError when there is no such node. */
export function nodeNamespace(emulation: Emulation, name: string): Namespace {
  const target = emulation.directory.resolve({ kind: 'node', name: name.replace(/^node\//, ''), port: null })
  if (target.kind !== 'node') throw new Error(`a node was asked for, got ${target.kind}`)
  return emulation.cluster.node(target.node).namespace
}

/** Every node of a cluster has one. */
export const netfilterOf = (namespace: Namespace): NetfilterStack => namespace.netfilter as NetfilterStack

/** The device that leads to the sender, as fib_validate_source finds it: a pod of the node comes by its bridge. */
function inputOf(namespace: Namespace, source: Address): Device | null {
  const route = namespace.fibs.lookup(source)
  return route === null || route.kind === 'local' ? null : route.device
}
