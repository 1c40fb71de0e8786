import { NodeIpam } from '../kube/node/node-ipam.ts'
import { type Address, familyOf, keyOf, parseAddress } from '../util/address.ts'
import { inPrefix } from '../util/prefix.ts'
import { FIRST_NODE, freeAddress } from './lan.ts'
import { type ClusterPlan, inferredNode, type NodePlan } from './plan.ts'

/** Plans a node that joins later and enters it in the plan. A message when there is no address or range left for it. */
export function joinNode(plan: ClusterPlan, name: string, wanted: string | undefined): NodePlan | string {
  const used = new Set([...plan.lan.gateway, ...[...plan.nodes.values()].flatMap((node) => node.addresses)].map(keyOf))
  const given = wanted === undefined ? null : parseAddress(wanted)
  if (given !== null && used.has(keyOf(given))) return `${wanted} belongs to another machine`
  const addresses: Address[] = plan.lan.subnets.map((subnet) =>
    given !== null && familyOf(given) === familyOf(subnet.address) ? given : freeAddress(subnet, FIRST_NODE, used),
  )
  const known = [plan.lan.subnets, plan.lan.beside].flat()
  if (given !== null && !known.some((subnet) => inPrefix(given, subnet)))
    return `${wanted} is not on the nodes' network`
  const ipam = new NodeIpam(plan.path.podCIDRs)
  for (const node of plan.nodes.values()) ipam.occupy(node.podCIDRs)
  const podCIDRs = ipam.allocate()
  if (typeof podCIDRs === 'string') return `Node ${name}: ${podCIDRs}`
  const node: NodePlan = { name, record: inferredNode(name), addresses, podCIDRs, pods: [] }
  plan.nodes.set(name, node)
  return node
}
