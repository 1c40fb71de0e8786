import type { RouteTaken } from '../../trace/steps/packet.ts'
import type { Address, V4, V6 } from '../../util/address.ts'
import { maskWord, networkOf, type Prefix } from '../../util/prefix.ts'
import type { NetDevice } from '../device/net-device.ts'

export type RouteKind = RouteTaken['kind']

/** Local holds the namespace's own addresses and their broadcasts; main is what `ip route` shows. */
export type RouteTable = 'local' | 'main'

export interface RouteSpec {
  readonly destination: Prefix
  readonly kind?: RouteKind
  readonly table?: RouteTable
  /** The next hop; absent for a connected destination. */
  readonly via?: Address | null
  readonly device?: NetDevice | null
  /** `src`: the address that sockets without one of their own take. */
  readonly source?: Address | null
  readonly metric?: number
}

/** An entry of the forwarding table; a prefix itself, that of its destination, since a cluster has many. */
export class Route implements Prefix {
  readonly address: Address
  readonly length: number
  /** The first word of the destination's mask: all there is of an IPv4 one. */
  readonly mask: number
  readonly kind: RouteKind
  readonly table: RouteTable
  readonly via: Address | null
  readonly device: NetDevice | null
  readonly source: Address | null
  readonly metric: number
  private shown: RouteTaken | null = null

  constructor(spec: RouteSpec) {
    const { address, length } = spec.destination
    this.address = networkOf(address, length)
    this.length = length
    this.mask = maskWord(length)
    this.kind = spec.kind ?? 'unicast'
    this.table = spec.table ?? 'main'
    this.via = spec.via ?? null
    this.device = spec.device ?? null
    this.source = spec.source ?? null
    this.metric = spec.metric ?? 0
  }

  get destination(): Prefix {
    return { address: this.address, length: this.length }
  }

  /** As `ip route get` prints it; one object, shared by all steps that name this route. */
  get taken(): RouteTaken {
    this.shown ??= {
      destination: this.destination,
      via: this.via,
      device: this.kind === 'local' ? 'lo' : (this.device?.name ?? ''),
      kind: this.kind,
    }
    return this.shown
  }
}

/**
 * The order of a table: the longer prefix, then by address (no two of one length overlap, so this only serves to find them),
 * then the local table (Linux keeps both in one trie and sorts aliases by table, `fib_find_alias`), then the lower metric.
 */
export function compareRoutes(a: Route, b: Route): number {
  const length = b.length - a.length
  if (length !== 0) return length
  const address = compareAddresses(a.address, b.address)
  if (address !== 0) return address
  if (a.table !== b.table) return a.table === 'local' ? -1 : 1
  return a.metric - b.metric
}

function compareAddresses(a: Address, b: Address): number {
  if (typeof a === 'number') return (a >>> 0) - ((b as V4) >>> 0)
  const [one, other] = [a.key, (b as V6).key]
  return one < other ? -1 : one > other ? 1 : 0
}
