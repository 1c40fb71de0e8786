import { type Address, type AddressKey, isV4, keyOf, sameAddress } from '../../util/address.ts'
import { bitsOf, type Prefix, parseInterfaceAddress } from '../../util/prefix.ts'
import type { NetDevice } from '../device/net-device.ts'
import { Route } from '../route/route.ts'
import { broadcastOf, type InterfaceAddress, subnetOf } from './address.ts'

/** Kernel routes of IPv6 have a metric where those of IPv4 have none. */
const METRIC = { 4: 0, 6: 256 } as const

/** Gives a device an address. Returns the routes that come with it: none when it had the address. */
export function assign(device: NetDevice, given: string | Prefix): readonly Route[] {
  const own = typeof given === 'string' ? parseInterfaceAddress(given) : given
  if (own === null) throw new Error(`address of ${device.name}: expected ADDRESS/LENGTH, got ${given}`)
  if (device.addresses.some(({ address }) => sameAddress(address, own.address))) return []
  device.addresses = device.addresses.concat(own)
  return routesNow(device, own)
}

/** Makes the addresses of a device exactly these: the routes that come, and the addresses that went. */
export function reassign(
  device: NetDevice,
  wanted: readonly InterfaceAddress[],
): { readonly added: readonly Route[]; readonly gone: readonly InterfaceAddress[] } {
  const before = new Set<AddressKey>(device.addresses.map(({ address }) => keyOf(address)))
  const after = new Set<AddressKey>(wanted.map(({ address }) => keyOf(address)))
  const gone = device.addresses.filter(({ address }) => !after.has(keyOf(address)))
  const added = wanted.filter(({ address }) => !before.has(keyOf(address)))
  device.addresses = [...device.addresses.filter(({ address }) => after.has(keyOf(address))), ...added]
  return { added: added.flatMap((own) => routesNow(device, own)), gone }
}

/** While a device is down, packets to its address are delivered all the same, but nothing leaves by it. */
const routesNow = (device: NetDevice, own: InterfaceAddress): readonly Route[] =>
  device.up ? routesOf(device, own) : routesOf(device, own).filter(({ kind }) => kind === 'local')

/** Takes an address away; null when the device did not have it. */
export function withdraw(device: NetDevice, address: Address): InterfaceAddress | null {
  const own = device.addresses.find((known) => sameAddress(known.address, address))
  if (own === undefined) return null
  device.addresses = device.addresses.filter((known) => known !== own)
  return own
}

/** `fib_add_ifaddr`: the address itself, its subnet, and the subnet's broadcast address. */
export function routesOf(device: NetDevice, own: InterfaceAddress): readonly Route[] {
  const { address, length } = own
  const family = isV4(address) ? 4 : 6
  const bits = bitsOf(family)
  const source = address
  const routes = [new Route({ destination: { address, length: bits }, kind: 'local', table: 'local', device, source })]
  if (length < bits) routes.push(new Route({ destination: subnetOf(own), device, source, metric: METRIC[family] }))
  const broadcast = broadcastOf(own)
  if (broadcast !== null) {
    const destination = { address: broadcast, length: bits }
    routes.push(new Route({ destination, kind: 'broadcast', table: 'local', device, source }))
  }
  return routes
}
