import type { Node } from '../kube/api/node.ts'
import { countSubnets, toAddress } from '../kube/node/arithmetic.ts'
import { type Address, type AddressKey, type Family, familyOf, isV4, keyOf } from '../util/address.ts'
import { inputError } from '../util/diagnostics.ts'
import { formatPrefix, inPrefix, networkOf, type Prefix, parsePrefix, prefix } from '../util/prefix.ts'
import type { DataPath } from './data-path.ts'
import type { ClusterSettings } from './load/scenario-schema.ts'
import { say } from './sentences.ts'

/** The nodes' network: one Ethernet, one IPv4 subnet and, for dual-stack, one IPv6 subnet, and what is beyond the cluster. */
export interface Lan {
  /** One a family; the nodes' addresses carry its length. */
  readonly subnets: readonly Prefix[]
  /** Further subnets in which nodes have addresses: on-link too. */
  readonly beside: readonly Prefix[]
  /** By node name, one a family. */
  readonly addresses: ReadonlyMap<string, readonly Address[]>
  /** `laptop`: the nodes' gateway and the client outside the cluster. */
  readonly gateway: readonly Address[]
}

const DEFAULT = prefix('192.168.56.0/24')
const DEFAULT_V6 = prefix('fd00:192:168:56::/64')
/** The first node of a lab is .10, as Vagrantfiles like it. */
export const FIRST_NODE = 10

export function planLan(nodes: readonly Node[], settings: ClusterSettings, path: DataPath, assumed: string[]): Lan {
  const given = nodes.flatMap((node) => node.addresses)
  const wanted = settings.nodeCIDR?.split(',').map((text) => parsePrefix(text.trim())!) ?? []
  const families = familiesOf(path, given)
  const subnets = families.map((family) => subnetFor(family, given, wanted))
  const beside = strangers(given, subnets)
  if (beside.length > 0) assumed.push(say.severalSubnets(beside.length + 1))
  const used = new Set<AddressKey>(given.map(keyOf))
  const gateway = subnets.map((subnet) => freeAddress(subnet, 1, used))
  const lacking = nodes.filter((node) => node.addresses.length === 0)
  if (lacking.some((node) => node.meta.at !== null || node.inferred))
    assumed.push(say.inferredAddresses(lacking.length))
  const addresses = new Map(
    nodes.map((node) => {
      const own = subnets.map((subnet) => {
        const known = node.addresses.find((address) => familyOf(address) === familyOf(subnet.address))
        return known ?? freeAddress(subnet, FIRST_NODE, used)
      })
      return [node.meta.name, own] as const
    }),
  )
  return { subnets, beside, addresses, gateway }
}

function familiesOf(path: DataPath, given: readonly Address[]): Family[] {
  const families: Family[] = []
  for (const family of [4, 6] as const) {
    const pods = path.podCIDRs.some((range) => familyOf(range.address) === family)
    if (pods || given.some((address) => familyOf(address) === family)) families.push(family)
  }
  return families
}

/** The setting; else the default, if all given addresses fit; else the smallest subnet round them, /16 to /24 (or /64). */
function subnetFor(family: Family, given: readonly Address[], wanted: readonly Prefix[]): Prefix {
  const set = wanted.find((subnet) => familyOf(subnet.address) === family)
  if (set !== undefined) return set
  const own = given.filter((address) => familyOf(address) === family)
  const usual = family === 4 ? DEFAULT : DEFAULT_V6
  if (own.length === 0 || own.every((address) => inPrefix(address, usual))) return usual
  const [longest, shortest] = family === 4 ? [24, 16] : [64, 48]
  for (let length = longest; length >= shortest; length--) {
    const subnet = { address: networkOf(own[0], length), length }
    if (own.every((address) => inPrefix(address, subnet))) return subnet
  }
  return { address: networkOf(own[0], longest), length: longest }
}

function strangers(given: readonly Address[], subnets: readonly Prefix[]): Prefix[] {
  const found: Prefix[] = []
  for (const address of given) {
    if ([...subnets, ...found].some((subnet) => inPrefix(address, subnet))) continue
    const length = isV4(address) ? 24 : 64
    found.push({ address: networkOf(address, length), length })
  }
  return found
}

/** The first free address from the `from`th on. */
export function freeAddress(subnet: Prefix, from: number, used: Set<AddressKey>): Address {
  const usable = countSubnets(subnet, isV4(subnet.address) ? 32 : 128) - 2
  for (let i = 0; i < usable; i++) {
    const address = toAddress(subnet, ((from - 1 + i) % usable) + 1)
    if (used.has(keyOf(address))) continue
    used.add(keyOf(address))
    return address
  }
  throw inputError(`the nodes' network ${formatPrefix(subnet)} has no address left`)
}
