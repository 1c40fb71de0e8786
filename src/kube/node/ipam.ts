import { type Address, type AddressKey, familyOf, formatAddress, keyOf } from '../../util/address.ts'
import { formatPrefix, inPrefix, type Prefix } from '../../util/prefix.ts'
import { numberOf, toAddress } from './arithmetic.ts'

/** One range of host-local's `ranges`; what is left out is filled in as the plugin does. */
export interface RangeConfig {
  readonly subnet: Prefix
  /** Default: the first address after the network's own. */
  readonly rangeStart?: Address
  /** Default: the last address; for IPv4 the one before the broadcast address. */
  readonly rangeEnd?: Address
  /** Default: the first address after the network's own. Never given to a pod. */
  readonly gateway?: Address
}

export type Allocation =
  | { readonly kind: 'address'; readonly address: Address; readonly gateway: Address; readonly subnet: Prefix }
  | { readonly kind: 'refused'; readonly message: string }

/** What host-local keeps in /var/lib/cni/networks: it outlives pods and reboots. */
export interface IpamState {
  readonly lastReserved: Address | null
  readonly reserved: readonly (readonly [owner: string, address: Address])[]
}

/** A range as numbers: for IPv6 the offset from the subnet, so that all fit a double. */
interface Range {
  readonly subnet: Prefix
  readonly gateway: Address
  readonly start: number
  readonly end: number
  readonly skip: ReadonlySet<number>
}

/**
 * The host-local IPAM plugin with one set of ranges, all of one family: round robin from the last address reserved, so
 * that a pod that is replaced gets the next address and not its predecessor's.
 * Source: containernetworking/plugins, plugins/ipam/host-local. Exclusions are an addition of ours.
 */
export class HostLocal {
  private readonly ranges: readonly Range[]
  private readonly owners = new Map<AddressKey, string>()
  private readonly addresses = new Map<string, Address>()
  private last: { readonly range: number; readonly offset: number } | null = null
  private lastReserved: Address | null = null
  private readonly capacity: number

  constructor(
    configs: readonly RangeConfig[],
    private readonly exclusions: readonly Prefix[] = [],
  ) {
    this.ranges = configs.map(toRange)
    this.capacity = this.ranges.reduce((sum, { start, end }) => sum + end - start + 1, 0)
  }

  /** The next free address for `owner`, which must not hold one already (CNI: ADD is not repeated). */
  allocate(owner: string): Allocation {
    const held = this.addresses.get(owner)
    if (held !== undefined) {
      return refused(`${formatAddress(held)} has been allocated to ${owner}, duplicate allocation is not allowed`)
    }
    // A full set is known without walking; else the walk passes only over addresses in use, gateways and exclusions.
    let left = this.owners.size < this.capacity ? this.capacity : 0
    for (let at = this.after(this.last); left > 0; ) {
      const range = this.ranges[at.range]
      const address = toAddress(range.subnet, at.offset)
      if (this.isFree(range, at.offset, address)) return this.take(owner, address, at)
      const passed = this.excluded(range, at.offset, address)
      left -= passed
      at = this.after({ range: at.range, offset: at.offset + passed - 1 })
    }
    return refused(`no IP addresses available in range set: ${this.toString()}`)
  }

  /** Takes a certain address: one that a dump gives. */
  reserve(owner: string, address: Address): Allocation {
    const index = this.ranges.findIndex((range) => inPrefix(address, range.subnet) && within(range, address))
    if (index < 0) return refused(`${formatAddress(address)} is not in range set ${this.toString()}`)
    const range = this.ranges[index]
    if (keyOf(address) === keyOf(range.gateway))
      return refused(`requested ip ${formatAddress(address)} is subnet's gateway`)
    const other = this.owners.get(keyOf(address))
    if (other !== undefined) {
      return refused(
        `requested IP address ${formatAddress(address)} is not available in range set ${this.toString()}: ${other} has it`,
      )
    }
    return this.take(owner, address, { range: index, offset: numberOf(range.subnet, address) })
  }

  release(owner: string): void {
    const address = this.addresses.get(owner)
    if (address === undefined) return
    this.addresses.delete(owner)
    this.owners.delete(keyOf(address))
  }

  ownerOf(address: Address): string | null {
    return this.owners.get(keyOf(address)) ?? null
  }

  get state(): IpamState {
    return { lastReserved: this.lastReserved, reserved: [...this.addresses] }
  }

  restore({ lastReserved, reserved }: IpamState): void {
    for (const [owner, address] of reserved) this.reserve(owner, address)
    const index = lastReserved === null ? -1 : this.ranges.findIndex((range) => inPrefix(lastReserved, range.subnet))
    if (lastReserved === null || index < 0) return
    this.lastReserved = lastReserved
    this.last = { range: index, offset: numberOf(this.ranges[index].subnet, lastReserved) }
  }

  toString(): string {
    return this.ranges
      .map(({ subnet, start, end }) => [start, end].map((n) => formatAddress(toAddress(subnet, n))).join('-'))
      .join(',')
  }

  private take(owner: string, address: Address, at: { range: number; offset: number }): Allocation {
    const { gateway, subnet } = this.ranges[at.range]
    this.owners.set(keyOf(address), owner)
    this.addresses.set(owner, address)
    this.last = at
    this.lastReserved = address
    return { kind: 'address', address, gateway, subnet }
  }

  private isFree(range: Range, offset: number, address: Address): boolean {
    return (
      !range.skip.has(offset) &&
      !this.owners.has(keyOf(address)) &&
      !this.exclusions.some((exclusion) => inPrefix(address, exclusion))
    )
  }

  private after(at: { readonly range: number; readonly offset: number } | null): { range: number; offset: number } {
    if (at === null) return { range: 0, offset: this.ranges[0].start }
    if (at.offset < this.ranges[at.range].end) return { range: at.range, offset: at.offset + 1 }
    const range = (at.range + 1) % this.ranges.length
    return { range, offset: this.ranges[range].start }
  }

  /** How many addresses of the range from `offset` on to pass over: 1, or what an exclusion has left. */
  private excluded(range: Range, offset: number, address: Address): number {
    const exclusion = this.exclusions.find((prefix) => inPrefix(address, prefix))
    if (exclusion === undefined) return 1
    const bits = (familyOf(address) === 4 ? 32 : 128) - exclusion.length
    const end = numberOf(range.subnet, exclusion.address) + 2 ** bits - 1
    return Math.max(1, Math.min(end, range.end) - offset + 1)
  }
}

function toRange(config: RangeConfig): Range {
  const { subnet } = config
  const family = familyOf(subnet.address)
  const bits = (family === 4 ? 32 : 128) - subnet.length
  if (bits < 2) throw new RangeError(`Network ${formatPrefix(subnet)} too small to allocate from`)
  const gateway = config.gateway ?? toAddress(subnet, 1)
  for (const address of [gateway, config.rangeStart, config.rangeEnd]) {
    if (address !== undefined && !inPrefix(address, subnet)) {
      throw new RangeError(`${formatAddress(address)} not in network ${formatPrefix(subnet)}`)
    }
  }
  const last = Math.min(2 ** bits - (family === 4 ? 2 : 1), Number.MAX_SAFE_INTEGER)
  const start = config.rangeStart === undefined ? 1 : numberOf(subnet, config.rangeStart)
  const end = config.rangeEnd === undefined ? last : Math.min(last, numberOf(subnet, config.rangeEnd))
  if (start > end) throw new RangeError(`range of ${formatPrefix(subnet)} ends before it starts`)
  // The network address can be named as rangeStart, yet is nobody's.
  return { subnet, gateway, start: Math.max(start, 1), end, skip: new Set([numberOf(subnet, gateway)]) }
}

function within(range: Range, address: Address): boolean {
  const offset = numberOf(range.subnet, address)
  return offset >= range.start && offset <= range.end
}

const refused = (message: string): Allocation => ({ kind: 'refused', message })

/** The address a subnet's gateway has unless told otherwise. */
export const gatewayOf = (subnet: Prefix): Address => toAddress(subnet, 1)
