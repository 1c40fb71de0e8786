import { concat } from '../../util/bytes.ts'
import { context, contextOf, TAG } from './read.ts'
import { bytesOf } from './values.ts'

declare const derBrand: unique symbol

/** One element, encoded: identifier, length and content octets. */
export type Asn1 = Uint8Array & { readonly [derBrand]: true }

export const encode = (value: Asn1): Uint8Array => value

/** `null` items are absent OPTIONAL or DEFAULT fields. */
export const seq = (...items: readonly (Asn1 | null)[]): Asn1 => element(TAG.sequence, joined(items))

/** SET OF: DER sorts the encodings (X.690 11.6). */
export const setOf = (...items: readonly Asn1[]): Asn1 => element(TAG.set, joined(items.toSorted(Buffer.compare)))

/** Any sign; bytes are an unsigned magnitude. */
export const int = (value: number | bigint | Uint8Array): Asn1 => element(TAG.integer, integerContent(value))
export const enumerated = (value: number): Asn1 => element(TAG.enumerated, integerContent(value))
export const nul = (): Asn1 => element(TAG.null, new Uint8Array(0))
export const bool = (value: boolean): Asn1 => element(TAG.boolean, Uint8Array.of(value ? 0xff : 0x00))
export const octets = (bytes: Uint8Array): Asn1 => element(TAG.octetString, bytes)
export const bits = (bytes: Uint8Array, unused = 0): Asn1 =>
  element(TAG.bitString, concat([Uint8Array.of(unused), bytes]))
export const utf8String = (text: string): Asn1 => element(TAG.utf8String, Buffer.from(text, 'utf8'))
export const printableString = (text: string): Asn1 => element(TAG.printableString, Buffer.from(text, 'latin1'))
export const ia5String = (text: string): Asn1 => element(TAG.ia5String, Buffer.from(text, 'latin1'))

/** The first two arcs are one subidentifier (X.690 8.19.4). */
export function oid(dotted: string): Asn1 {
  const [top, second, ...rest] = dotted.split('.').map(Number)
  return element(TAG.oid, Uint8Array.from([40 * top + second, ...rest].flatMap(base128)))
}

/** A NamedBitList: trailing zero bits are dropped (X.690 11.2.2). */
export function namedBits(positions: readonly number[]): Asn1 {
  if (positions.length === 0) return bits(new Uint8Array(0))
  const last = Math.max(...positions)
  const bytes = new Uint8Array((last >> 3) + 1)
  for (const bit of positions) bytes[bit >> 3] |= 0x80 >> (bit & 7)
  return bits(bytes, 7 - (last & 7))
}

/** RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 (and before 1950, which UTCTime cannot say). */
export function time(millis: number): Asn1 {
  const long = new Date(millis).toISOString().replace(/[-:T]|\.\d+/g, '')
  const year = new Date(millis).getUTCFullYear()
  return year >= 1950 && year < 2050 ? element(TAG.utcTime, Buffer.from(long.slice(2))) : generalizedTime(millis)
}

export function generalizedTime(millis: number): Asn1 {
  return element(TAG.generalizedTime, Buffer.from(new Date(millis).toISOString().replace(/[-:T]|\.\d+/g, '')))
}

/** `[n] IMPLICIT` of a primitive type, its content octets given. */
export const tagged = (n: number, content: Uint8Array | string): Asn1 =>
  element(context(n), typeof content === 'string' ? Buffer.from(content, 'latin1') : content)
/** `[n] EXPLICIT`, or `[n] IMPLICIT` over a SEQUENCE or SET. */
export const taggedOf = (n: number, ...items: readonly (Asn1 | null)[]): Asn1 => element(contextOf(n), joined(items))

/** DER that is already encoded, as part of something larger. */
export const encoded = (der: Uint8Array): Asn1 => der as Asn1

const joined = (items: readonly (Asn1 | null)[]): Uint8Array => concat(items.filter((item) => item !== null))

/** The fewest octets of length possible (X.690 10.1). */
function element(tag: number, content: Uint8Array): Asn1 {
  const length = content.length < 0x80 ? [] : bytesOf(BigInt(content.length))
  const first = content.length < 0x80 ? content.length : 0x80 | length.length
  return concat([Uint8Array.of(tag, first, ...length), content]) as Asn1
}

/** Seven bits an octet, the highest first, bit 8 set in all but the last (X.690 8.19.2). */
function base128(value: number): number[] {
  const out = [value % 0x80]
  for (let rest = Math.floor(value / 0x80); rest > 0; rest = Math.floor(rest / 0x80)) out.unshift(0x80 | (rest % 0x80))
  return out
}

function integerContent(value: number | bigint | Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) return withSignByte(value)
  const big = BigInt(value)
  if (big >= 0n) return withSignByte(bytesOf(big))
  let length = 1
  while (big < -(1n << BigInt(8 * length - 1))) length++
  return bytesOf((1n << BigInt(8 * length)) + big, length)
}

function withSignByte(magnitude: Uint8Array): Uint8Array {
  let at = 0
  while (at < magnitude.length - 1 && magnitude[at] === 0) at++
  const minimal = magnitude.subarray(at)
  if (minimal.length > 0 && minimal[0] < 0x80) return minimal
  const out = new Uint8Array(minimal.length + 1)
  out.set(minimal, 1)
  return out
}
