import { type Address, V6 } from '../util/address.ts'

/**
 * The Internet checksum (RFC 1071). A "sum" is the ones' complement sum folded to 16 bits; a "checksum" is its complement,
 * as it stands in a header. A header whose checksum is right sums to 0xffff.
 */

/**
 * Ones' complement sum of `[start, end)`, at most 64 KiB; an odd last byte is padded with zero. `seed` is a sum to continue
 * from. Upper and lower bytes are added apart, eight at a time, which is twice as fast on a full segment.
 */
export function sum(bytes: Uint8Array, start: number, end: number, seed = 0): number {
  let upper = 0
  let lower = 0
  let i = start
  for (; i + 7 < end; i += 8) {
    upper += bytes[i] + bytes[i + 2] + bytes[i + 4] + bytes[i + 6]
    lower += bytes[i + 1] + bytes[i + 3] + bytes[i + 5] + bytes[i + 7]
  }
  for (; i + 1 < end; i += 2) {
    upper += bytes[i]
    lower += bytes[i + 1]
  }
  if (i < end) upper += bytes[i]
  return fold(seed + upper * 256 + lower)
}

/** The checksum over `[start, end)`, whose own field must hold zero. */
export function checksum(bytes: Uint8Array, start: number, end: number, seed = 0): number {
  return ~sum(bytes, start, end, seed) & 0xffff
}

/** RFC 793 and RFC 768: addresses, protocol and the length of the transport header and its payload. */
export function pseudoV4(source: number, destination: number, protocol: number, length: number): number {
  return fold(words(source) + words(destination) + protocol + words(length))
}

/** RFC 8200 8.1. */
export function pseudoV6(source: V6, destination: V6, protocol: number, length: number): number {
  return fold(wordsV6(source) + wordsV6(destination) + protocol + words(length))
}

/** Both addresses must be of one family. */
export function pseudo(source: Address, destination: Address, protocol: number, length: number): number {
  if (typeof source === 'number' && typeof destination === 'number') {
    return pseudoV4(source, destination, protocol, length)
  }
  if (source instanceof V6 && destination instanceof V6) return pseudoV6(source, destination, protocol, length)
  throw new TypeError('a pseudo-header takes two addresses of one family')
}

/** RFC 1624 equation 3: the checksum after a 16-bit word changed from `before` to `after`. */
export function update16(check: number, before: number, after: number): number {
  return ~fold((~check & 0xffff) + (~before & 0xffff) + after) & 0xffff
}

/** As `update16` for a 32-bit word, at an even offset. */
export function update32(check: number, before: number, after: number): number {
  return ~fold((~check & 0xffff) + words(~before) + words(after)) & 0xffff
}

/** RFC 768: a UDP checksum of zero means "none", so one that computes to zero is sent as all ones. */
export function neverZero(check: number): number {
  return check === 0 ? 0xffff : check
}

function fold(total: number): number {
  let folded = total
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16)
  return folded
}

function words(value: number): number {
  return (value >>> 16) + (value & 0xffff)
}

function wordsV6({ a, b, c, d }: V6): number {
  return words(a) + words(b) + words(c) + words(d)
}
