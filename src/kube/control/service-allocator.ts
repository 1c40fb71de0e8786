import { type Address, type AddressKey, isV4, keyOf, type V4, v6FromBigInt, v6ToBigInt } from '../../util/address.ts'
import { inPrefix, type Prefix } from '../../util/prefix.ts'
import type { Rng } from '../../util/rng.ts'
import { nameOf } from '../api/meta.ts'
import type { Service } from '../api/service.ts'

const NODE_PORTS = { first: 30_000, last: 32_767, staticBand: 86 } as const

/**
 * The API server's allocators of ClusterIPs and node ports: chance picks from the upper band of a range, the lower one being
 * left for addresses that are asked for by number (KEP-3070, KEP-3668). A Service's name decides what chance gives it.
 */
export class ServiceAllocator {
  private readonly addresses = new Set<AddressKey>()
  private readonly nodePorts = new Set<string>()

  constructor(
    private readonly serviceCIDRs: readonly Prefix[],
    private readonly rng: Rng,
    services: readonly Service[],
  ) {
    for (const { clusterIPs, ports } of services) {
      for (const address of clusterIPs) this.addresses.add(keyOf(address))
      for (const { nodePort, protocol } of ports) if (nodePort !== 0) this.nodePorts.add(`${nodePort}/${protocol}`)
    }
  }

  /** The Service with what the API server would have filled in; the same object when that is nothing. */
  complete(service: Service): Service {
    const wantsAddress = service.clusterIPs.length === 0 && !service.headless && service.type !== 'ExternalName'
    const exposed = service.type === 'NodePort' || service.type === 'LoadBalancer'
    const wantsPorts = exposed && service.ports.some(({ nodePort }) => nodePort === 0)
    if (!wantsAddress && !wantsPorts) return service
    const chance = this.rng.fork(nameOf(service.meta))
    return {
      ...service,
      clusterIPs: wantsAddress ? [this.address(this.serviceCIDRs[0], chance)] : service.clusterIPs,
      ports: wantsPorts
        ? service.ports.map((port) =>
            port.nodePort === 0 ? { ...port, nodePort: this.nodePort(port.protocol, chance) } : port,
          )
        : service.ports,
    }
  }

  private address(range: Prefix, chance: Rng): Address {
    const size = 2 ** Math.min((isV4(range.address) ? 32 : 128) - range.length, 16)
    const band = Math.min(Math.max(16, Math.floor(size / 16)), 256)
    const room = Math.max(1, size - band - 1)
    const start = chance.below(room)
    for (let i = 0; i < room; i++) {
      const address = offset(range, band + ((start + i) % room))
      if (this.addresses.has(keyOf(address)) || !inPrefix(address, range)) continue
      this.addresses.add(keyOf(address))
      return address
    }
    throw new RangeError('the Service CIDR has no address left')
  }

  private nodePort(protocol: string, chance: Rng): number {
    const first = NODE_PORTS.first + NODE_PORTS.staticBand
    const room = NODE_PORTS.last - first + 1
    const start = chance.below(room)
    for (let i = 0; i < room; i++) {
      const port = first + ((start + i) % room)
      if (this.nodePorts.has(`${port}/${protocol}`)) continue
      this.nodePorts.add(`${port}/${protocol}`)
      return port
    }
    throw new RangeError('no node port is left')
  }
}

const offset = ({ address }: Prefix, n: number): Address =>
  isV4(address) ? (((address + n) | 0) as V4) : v6FromBigInt(v6ToBigInt(address) + BigInt(n))
