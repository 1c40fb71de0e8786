import { type Address, type Mac, type V4, V6 } from '../../util/address.ts'
import { inPrefix, maskWord, networkOf, type Prefix } from '../../util/prefix.ts'
import { highOf, lowOf } from '../../wire/fast/ethernet.ts'
import type { NetDevice } from '../device/net-device.ts'

/** An address of a device, as `ip addr` shows it. */
export interface InterfaceAddress {
  readonly address: Address
  /** Length of the subnet it is in. */
  readonly length: number
}

export const subnetOf = ({ address, length }: InterfaceAddress): Prefix => ({
  address: networkOf(address, length),
  length,
})

/** The last address of the subnet; null where there is no room for one (RFC 3021). */
export function broadcastOf({ address, length }: InterfaceAddress): V4 | null {
  return typeof address === 'number' && length < 31 ? ((address | ~maskWord(length)) as V4) : null
}

/** RFC 4291 2.5.6, with the interface identifier made from the MAC (appendix A). */
export function linkLocal(mac: Mac): V6 {
  const high = highOf(mac) ^ 0x0200
  const low = lowOf(mac)
  return new V6(0xfe800000 | 0, 0, (high << 16) | ((low >>> 16) & 0xff00) | 0xff, (0xfe << 24) | (low & 0xffffff))
}

/** RFC 4291 2.7.1. */
export const ALL_NODES = new V6(0xff020000 | 0, 0, 0, 1)

export const isLinkLocal = (address: V6): boolean => (address.a & 0xffc00000) === (0xfe800000 | 0)
export const isMulticastV6 = (address: V6): boolean => address.a >>> 24 === 0xff
export const isMulticastV4 = (address: V4): boolean => (address & 0xf0000000) === (0xe0000000 | 0)
export const isLoopbackV4 = (address: V4): boolean => address >>> 24 === 127
export const isMulticast = (address: Address): boolean =>
  typeof address === 'number' ? isMulticastV4(address) : isMulticastV6(address)

/**
 * `inet_select_addr`: the address of a device to speak to `towards` with: of its subnet if there is one, else the first. Null
 * when the device has none of that family.
 */
export function selectOn(device: NetDevice, towards: Address): Address | null {
  let first: Address | null = null
  for (const own of device.addresses) {
    if (typeof own.address !== typeof towards) continue
    if (inPrefix(towards, subnetOf(own))) return own.address
    first ??= own.address
  }
  return typeof towards !== 'number' && isLinkLocal(towards) ? linkLocal(device.mac) : first
}
