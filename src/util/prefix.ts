import { type Address, type Family, formatAddress, isV4, parseAddress, type V4, V6 } from './address.ts'

/** A range of addresses that share `length` leading bits. `address` has no bit set beyond them. */
export interface Prefix {
  readonly address: Address
  readonly length: number
}

export const bitsOf = (family: Family): number => (family === 4 ? 32 : 128)

/** `10.244.1.0/24`. `null` for anything else: a bad address, a length out of range, host bits set. */
export function parsePrefix(text: string): Prefix | null {
  const parsed = parseInterfaceAddress(text)
  if (parsed === null) return null
  const network = networkOf(parsed.address, parsed.length)
  return formatAddress(network) === formatAddress(parsed.address) ? parsed : null
}

/** `192.168.56.11/24`: host bits may be set. */
export function parseInterfaceAddress(text: string): Prefix | null {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text)
  if (match === null) return null
  const address = parseAddress(match[1])
  const length = Number(match[2])
  if (address === null || length > (isV4(address) ? 32 : 128)) return null
  return { address, length }
}

/** For constants in code and tests: throws. */
export function prefix(text: string): Prefix {
  const value = parsePrefix(text)
  if (value === null) throw new Error(`not a CIDR: ${text}`)
  return value
}

export const formatPrefix = (p: Prefix): string => `${formatAddress(p.address)}/${p.length}`

export function networkOf(address: Address, length: number): Address {
  if (isV4(address)) return (address & maskWord(length)) as V4
  const { a, b, c, d } = address
  return new V6(a & maskWord(length), b & maskWord(length - 32), c & maskWord(length - 64), d & maskWord(length - 96))
}

/** The first `bits` bits set, of 32; outside 0 to 32 it saturates. */
export function maskWord(bits: number): number {
  if (bits <= 0) return 0
  return bits >= 32 ? -1 : -1 << (32 - bits)
}

export function inPrefix(address: Address, p: Prefix): boolean {
  const n = p.address
  if (isV4(address)) return isV4(n) && ((address ^ n) & maskWord(p.length)) === 0
  if (isV4(n)) return false
  return (
    ((address.a ^ n.a) & maskWord(p.length)) === 0 &&
    ((address.b ^ n.b) & maskWord(p.length - 32)) === 0 &&
    ((address.c ^ n.c) & maskWord(p.length - 64)) === 0 &&
    ((address.d ^ n.d) & maskWord(p.length - 96)) === 0
  )
}

export const overlaps = (p: Prefix, q: Prefix): boolean => inPrefix(p.address, q) || inPrefix(q.address, p)
