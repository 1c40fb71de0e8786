import { type Address, formatAddress, keyOf } from '../../../util/address.ts'
import { formatPrefix, inPrefix, type Prefix } from '../../../util/prefix.ts'

/** The types kube-proxy's ipvs mode makes; the parts are what a lookup takes from the packet, in order. */
export type IpSetType = 'hash:ip' | 'hash:net' | 'hash:ip,port' | 'hash:ip,port,ip' | 'hash:ip,port,net' | 'bitmap:port'

/** The parts of an entry that its set's type has. `second` is the third part: an address, or a network. */
export interface IpSetEntry {
  readonly address?: Address
  readonly network?: Prefix
  readonly protocol?: number
  readonly port?: number
  readonly second?: Address | Prefix
}

/** A set of addresses, as `ipset list` shows it. */
export class IpSet {
  private readonly exact = new Set<string>()
  /** Entries with a network, by the exact part before it. */
  private readonly networks = new Map<string, Prefix[]>()

  /** Each once. */
  readonly entries: readonly IpSetEntry[]

  constructor(
    readonly name: string,
    readonly type: IpSetType,
    entries: readonly IpSetEntry[],
    readonly family: 4 | 6 = 4,
    readonly comment = '',
  ) {
    this.entries = entries.filter((entry) => this.add(entry))
  }

  has(first: Address, protocol: number, port: number, second: Address): boolean {
    switch (this.type) {
      case 'hash:ip':
        return this.exact.has(`${keyOf(first)}`)
      case 'bitmap:port':
        return this.exact.has(`${port}`)
      case 'hash:ip,port':
        return this.exact.has(`${keyOf(first)},${protocol},${port}`)
      case 'hash:ip,port,ip':
        return this.exact.has(`${keyOf(first)},${protocol},${port},${keyOf(second)}`)
      case 'hash:net':
        return this.within('', first)
      case 'hash:ip,port,net':
        return this.within(`${keyOf(first)},${protocol},${port}`, second)
    }
  }

  /** False when it is there already. */
  private add(entry: IpSetEntry): boolean {
    const { network, second } = entry
    if (network !== undefined) return this.addNetwork('', network)
    if (second !== undefined && isPrefix(second)) return this.addNetwork(keyFor(entry), second)
    const before = this.exact.size
    return this.exact.add(keyFor(entry)).size > before
  }

  private addNetwork(key: string, network: Prefix): boolean {
    const known = this.networks.get(key) ?? []
    if (known.some((other) => formatPrefix(other) === formatPrefix(network))) return false
    this.networks.set(key, [...known, network])
    return true
  }

  private within(key: string, address: Address): boolean {
    return this.networks.get(key)?.some((network) => inPrefix(address, network)) ?? false
  }
}

/** Entries are values that many sets hold, one after the other: their keys are made once. */
const keys = new WeakMap<IpSetEntry, string>()

/** Of all parts but a network. */
function keyFor(entry: IpSetEntry): string {
  const known = keys.get(entry)
  if (known !== undefined) return known
  const { address, protocol, port, second } = entry
  const parts = [address === undefined ? null : keyOf(address), protocol, port].filter((part) => part != null)
  if (second !== undefined && !isPrefix(second)) parts.push(keyOf(second))
  const key = parts.join()
  keys.set(entry, key)
  return key
}

/** The sets of a namespace, by name. */
export type IpSets = ReadonlyMap<string, IpSet>

/** `10.96.0.10,udp:53`, as `ipset list` prints members. */
export function formatEntry(entry: IpSetEntry, protocolName: (protocol: number) => string): string {
  const { address, network, protocol, port, second } = entry
  const parts: string[] = []
  if (address !== undefined) parts.push(formatAddress(address))
  if (network !== undefined) parts.push(formatPrefix(network))
  if (port !== undefined) parts.push(protocol === undefined ? `${port}` : `${protocolName(protocol)}:${port}`)
  if (second !== undefined) parts.push(isPrefix(second) ? formatPrefix(second) : formatAddress(second))
  return parts.join(',')
}

function isPrefix(value: Address | Prefix): value is Prefix {
  return typeof value === 'object' && 'length' in value
}
