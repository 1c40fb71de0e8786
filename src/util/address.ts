import { IPv6 } from 'ip-num'

declare const v4Brand: unique symbol
declare const macBrand: unique symbol

/** An IPv4 address as a signed 32-bit integer, network byte order: its own Map key, and no allocation. */
export type V4 = number & { readonly [v4Brand]: true }

/** A MAC address as a 48-bit integer. */
export type Mac = number & { readonly [macBrand]: true }

/** An IPv6 address: four 32-bit words (signed) and a key for Maps. Build with `v6` or `v6FromWords`. */
export class V6 {
  readonly key: string
  constructor(
    readonly a: number,
    readonly b: number,
    readonly c: number,
    readonly d: number,
  ) {
    this.key = `${hex(a)}${hex(b)}${hex(c)}${hex(d)}`
  }
  toJSON(): string {
    return formatAddress(this)
  }
}

export type Address = V4 | V6
export type Family = 4 | 6
/** What a Map of addresses of either family is keyed by. */
export type AddressKey = number | string

export const isV4 = (address: Address): address is V4 => typeof address === 'number'
export const familyOf = (address: Address): Family => (typeof address === 'number' ? 4 : 6)
export const keyOf = (address: Address): AddressKey => (typeof address === 'number' ? address : address.key)
export const sameAddress = (a: Address, b: Address): boolean => a === b || keyOf(a) === keyOf(b)

/** `null` when the text is not a dotted quad: each part 0 to 255, no leading zeros (RFC 6943 3.1.1). */
export function parseV4(text: string): V4 | null {
  let value = 0
  let part = -1
  let dots = 0
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 46
    if (code === 46) {
      if (part < 0 || dots > 3) return null
      value = (value << 8) | part
      part = -1
      dots++
    } else {
      if (code < 48 || code > 57 || part === 0) return null
      part = (part < 0 ? 0 : part * 10) + (code - 48)
      if (part > 255) return null
    }
  }
  return dots === 4 ? (value as V4) : null
}

/** `null` when the text is not an IPv6 address (RFC 4291 2.2). Zone indices are not addresses. */
export function parseV6(text: string): V6 | null {
  if (!text.includes(':') || !/^[0-9a-fA-F:.]+$/.test(text) || /:::|::.*::/.test(text)) return null
  try {
    return v6FromBigInt(IPv6.fromString(withoutEmbeddedV4(text)).getValue())
  } catch {
    return null
  }
}

export const parseAddress = (text: string): Address | null => parseV4(text) ?? parseV6(text)

/** For constants in code and tests: throws on anything that is no address. */
export function v4(text: string): V4 {
  const address = parseV4(text)
  if (address === null) throw new Error(`not an IPv4 address: ${text}`)
  return address
}

export function v6(text: string): V6 {
  const address = parseV6(text)
  if (address === null) throw new Error(`not an IPv6 address: ${text}`)
  return address
}

export function address(text: string): Address {
  return parseV4(text) ?? v6(text)
}

export function formatV4(a: number): string {
  return `${a >>> 24}.${(a >>> 16) & 255}.${(a >>> 8) & 255}.${a & 255}`
}

/** RFC 5952: lower case, the longest run of zeros (the first of equals, never a single one) as `::`. */
export function formatV6({ a, b, c, d }: V6): string {
  const groups = [a, b, c, d].flatMap((word) => [(word >>> 16) & 0xffff, word & 0xffff])
  let best = -1
  let bestLength = 1
  for (let i = 0; i < 8; i++) {
    let length = 0
    while (i + length < 8 && groups[i + length] === 0) length++
    if (length > bestLength) [best, bestLength] = [i, length]
  }
  const text = (part: number[]): string => part.map((g) => g.toString(16)).join(':')
  return best < 0 ? text(groups) : `${text(groups.slice(0, best))}::${text(groups.slice(best + bestLength))}`
}

export const formatAddress = (a: Address): string => (typeof a === 'number' ? formatV4(a) : formatV6(a))

/** `10.0.0.1:80`, `[fd00::1]:80`. */
export const formatEndpoint = (a: Address, port: number): string =>
  typeof a === 'number' ? `${formatV4(a)}:${port}` : `[${formatV6(a)}]:${port}`

export function v6FromBigInt(value: bigint): V6 {
  const word = (shift: bigint): number => Number((value >> shift) & 0xffffffffn) | 0
  return new V6(word(96n), word(64n), word(32n), word(0n))
}

export function v6ToBigInt({ a, b, c, d }: V6): bigint {
  return [a, b, c, d].reduce((value, word) => (value << 32n) | BigInt(word >>> 0), 0n)
}

export function parseMac(text: string): Mac | null {
  return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text) ? (Number.parseInt(text.replaceAll(':', ''), 16) as Mac) : null
}

export function mac(text: string): Mac {
  const value = parseMac(text)
  if (value === null) throw new Error(`not a MAC address: ${text}`)
  return value
}

export function formatMac(value: Mac): string {
  return value
    .toString(16)
    .padStart(12, '0')
    .replace(/..(?!$)/g, '$&:')
}

export const BROADCAST = 0xffffffffffff as Mac
export const NO_MAC = 0 as Mac
/** The group bit is the lowest of the first byte (IEEE 802). */
export const isMulticastMac = (value: Mac): boolean => (Math.floor(value / 0x10000000000) & 1) === 1

/** `::ffff:1.2.3.4` to `::ffff:102:304`. */
function withoutEmbeddedV4(text: string): string {
  const at = text.lastIndexOf(':') + 1
  if (!text.includes('.')) return text
  const tail = parseV4(text.slice(at))
  if (tail === null) throw new Error(`not an IPv4 tail: ${text}`)
  return `${text.slice(0, at)}${(tail >>> 16).toString(16)}:${(tail & 0xffff).toString(16)}`
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
