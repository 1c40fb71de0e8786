import { type Address, isV4, type V4, v6FromBigInt, v6ToBigInt } from '../../util/address.ts'
import type { Prefix } from '../../util/prefix.ts'

/** The address `offset` places after the subnet's own. */
export function toAddress(subnet: Prefix, offset: number): Address {
  const { address } = subnet
  return isV4(address) ? (((address + offset) | 0) as V4) : v6FromBigInt(v6ToBigInt(address) + BigInt(offset))
}

/** How many places after the subnet's own address this one lies; beyond 2^53 it loses precision. */
export function numberOf(subnet: Prefix, address: Address): number {
  if (isV4(address)) return (address >>> 0) - ((subnet.address as V4) >>> 0)
  const base = isV4(subnet.address) ? 0n : v6ToBigInt(subnet.address)
  return Number(v6ToBigInt(address) - base)
}

/** How many subnets of `length` a prefix holds; 0 when it is longer itself. */
export const countSubnets = (whole: Prefix, length: number): number =>
  length < whole.length ? 0 : 2 ** (length - whole.length)

/** The subnet of `length` at `index` within a prefix. */
export function subnetAt(whole: Prefix, length: number, index: number): Prefix {
  const { address } = whole
  const bits = BigInt((isV4(address) ? 32 : 128) - length)
  const offset = BigInt(index) << bits
  return isV4(address)
    ? { address: ((address + Number(offset)) | 0) as V4, length }
    : { address: v6FromBigInt(v6ToBigInt(address) + offset), length }
}
