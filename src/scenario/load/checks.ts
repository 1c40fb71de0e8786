import { type Meta, nameOf } from '../../kube/api/meta.ts'
import type { Node } from '../../kube/api/node.ts'
import { isLive, type Pod } from '../../kube/api/pod.ts'
import { type Address, type AddressKey, familyOf, formatAddress, keyOf } from '../../util/address.ts'
import type { SourcePosition } from '../../util/diagnostics.ts'
import { formatPrefix, inPrefix, overlaps, type Prefix } from '../../util/prefix.ts'
import { checkIngresses } from './ingress-checks.ts'
import type { Inventory } from './inventory.ts'
import { checkServices } from './service-checks.ts'
import type { Problems } from './source.ts'

/** Messages about the same thing are summed up beyond this many. */
const SHOWN = 5

/** What is wrong between objects that are each right by themselves. */
export function checkInventory(inventory: Omit<Inventory, 'diagnostics'>, problems: Problems): void {
  checkNodes(inventory.nodes, problems)
  checkPods(inventory.pods, inventory.nodes, problems)
  checkServices(inventory, problems)
  checkIngresses(inventory, problems)
  for (const { apiVersion, kind, count, names } of inventory.skipped) {
    const which =
      count <= 3 && names.some((name) => name !== '') ? ` (${names.filter((name) => name !== '').join(', ')})` : ''
    problems.note(null, `skipped ${count} ${kind} of ${apiVersion}${which}: this kind is not modelled`)
  }
}

function checkNodes(nodes: readonly Node[], problems: Problems): void {
  const owners = new Owners('InternalIP', problems)
  const ranges: { node: Node; range: Prefix }[] = []
  for (const node of nodes) {
    for (const address of node.addresses) owners.claim(address, 'Node', node.meta)
    for (const range of node.podCIDRs) {
      if (node.podCIDRs.some((other) => other !== range && familyOf(other.address) === familyOf(range.address))) {
        problems.error(
          node.meta.at,
          `Node ${node.meta.name} has two pod ranges of one family`,
          'one IPv4 and one IPv6 range',
        )
      }
      ranges.push({ node, range })
    }
  }
  checkOverlaps(ranges, problems)
  checkRangesAgainstNodes(ranges, nodes, problems)
}

/** Sorted by their first address, ranges that overlap are neighbours, or have only such between them. */
function checkOverlaps(ranges: { node: Node; range: Prefix }[], problems: Problems): void {
  const sorted = ranges
    .map((entry) => ({ ...entry, key: sortKey(entry.range.address) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.range.length - b.range.length))
  let wide = sorted[0]
  for (const entry of sorted.slice(1)) {
    if (wide.node !== entry.node && overlaps(wide.range, entry.range)) {
      const [first, second] = [wide, entry].map(({ node, range }) => `${formatPrefix(range)} of ${node.meta.name}`)
      problems.warn(entry.node.meta.at, `pod ranges overlap: ${first} and ${second}`)
    } else {
      wide = entry
    }
  }
}

function sortKey(address: Address): string {
  return typeof address === 'number' ? `4${(address >>> 0).toString(16).padStart(8, '0')}` : `6${address.key}`
}

function checkRangesAgainstNodes(
  ranges: readonly { node: Node; range: Prefix }[],
  nodes: readonly Node[],
  problems: Problems,
): void {
  const addresses = nodes.flatMap((node) => node.addresses.map((address) => ({ address, node })))
  if (ranges.length * addresses.length > 1e6) return
  for (const { node, range } of ranges) {
    const inside = addresses.find(({ address }) => inPrefix(address, range))
    if (inside === undefined) continue
    const whose = `${formatAddress(inside.address)} of Node ${inside.node.meta.name}`
    problems.warn(
      node.meta.at,
      `the pod range ${formatPrefix(range)} of Node ${node.meta.name} contains the address ${whose}`,
    )
  }
}

function checkPods(pods: readonly Pod[], nodes: readonly Node[], problems: Problems): void {
  const byName = new Map(nodes.map((node) => [node.meta.name, node]))
  const owners = new Owners('address', problems)
  for (const node of nodes) for (const address of node.addresses) owners.hold(address, 'Node', node.meta)
  const outside = new Summary(problems, (n) => `${n} more pods have addresses outside their node's range`)
  for (const pod of pods) {
    if (pod.hostNetwork || !isLive(pod)) continue
    const ranges = byName.get(pod.node)?.podCIDRs ?? []
    for (const address of pod.addresses) {
      owners.claim(address, 'Pod', pod.meta)
      const own = ranges.filter((range) => familyOf(range.address) === familyOf(address))
      if (own.length === 0 || own.some((range) => inPrefix(address, range))) continue
      const where = `${own.map(formatPrefix).join(', ')} of Node ${pod.node}`
      outside.warn(pod.meta.at, `Pod ${nameOf(pod.meta)} has ${formatAddress(address)}, outside the pod range ${where}`)
    }
  }
  owners.finish()
  outside.finish()
}

/** Who has which address; tells of the second one to claim it. */
class Owners {
  private readonly known = new Map<AddressKey, Claim>()
  private readonly summary: Summary

  constructor(
    private readonly what: string,
    problems: Problems,
  ) {
    this.summary = new Summary(problems, (n) => `${n} more objects claim the ${what} of another`)
  }

  /** As `claim`, yet of a second holder nothing is said. */
  hold(address: Address, kind: string, meta: Meta): Claim | null {
    const key = keyOf(address)
    const other = this.known.get(key)
    if (other === undefined) this.known.set(key, { kind, meta })
    return other ?? null
  }

  claim(address: Address, kind: string, meta: Meta): void {
    const other = this.hold(address, kind, meta)
    if (other === null) return
    const [mine, theirs] = [`${kind} ${nameOf(meta)}`, `${other.kind} ${nameOf(other.meta)}`]
    this.summary.warn(meta.at, `${mine} has the ${this.what} ${formatAddress(address)}, which ${theirs} has too`)
  }

  finish(): void {
    this.summary.finish()
  }
}

interface Claim {
  readonly kind: string
  readonly meta: Meta
}

class Summary {
  private count = 0

  constructor(
    private readonly problems: Problems,
    private readonly rest: (more: number) => string,
  ) {}

  warn(at: SourcePosition | null, message: string): void {
    if (++this.count <= SHOWN) this.problems.warn(at, message)
  }

  finish(): void {
    if (this.count > SHOWN) this.problems.warn(null, this.rest(this.count - SHOWN))
  }
}
