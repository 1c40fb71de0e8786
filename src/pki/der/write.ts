import forge from 'node-forge'
import { bytesOf } from './values.ts'

const { asn1 } = forge
const { Class, Type } = asn1

/** A structure to be encoded: node-forge's. */
export type Asn1 = forge.asn1.Asn1

const raw = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const primitive = (type: forge.asn1.Type, value: string): Asn1 => asn1.create(Class.UNIVERSAL, type, false, value)
const constructed = (type: forge.asn1.Type, items: readonly (Asn1 | null)[]): Asn1 =>
  asn1.create(Class.UNIVERSAL, type, true, present(items))
const present = (items: readonly (Asn1 | null)[]): Asn1[] => items.filter((item) => item !== null)

/** DER. node-forge strips a redundant leading byte of an INTEGER, whatever it was given. */
export const encode = (value: Asn1): Uint8Array => new Uint8Array(Buffer.from(asn1.toDer(value).getBytes(), 'latin1'))

/** `null` items are absent OPTIONAL or DEFAULT fields. */
export const seq = (...items: readonly (Asn1 | null)[]): Asn1 => constructed(Type.SEQUENCE, items)

/** SET OF: DER sorts the encodings (X.690 11.6). */
export function setOf(...items: readonly Asn1[]): Asn1 {
  const sorted = items.map((item) => ({ item, der: asn1.toDer(item).getBytes() }))
  sorted.sort((a, b) => (a.der < b.der ? -1 : a.der > b.der ? 1 : 0))
  return constructed(
    Type.SET,
    sorted.map(({ item }) => item),
  )
}

/** Any sign; bytes are an unsigned magnitude. */
export function int(value: number | bigint | Uint8Array): Asn1 {
  return primitive(Type.INTEGER, raw(integerContent(value)))
}
export const enumerated = (value: number): Asn1 => primitive(Type.ENUMERATED, raw(integerContent(value)))
export const oid = (dotted: string): Asn1 => primitive(Type.OID, asn1.oidToDer(dotted).getBytes())
export const nul = (): Asn1 => primitive(Type.NULL, '')
export const bool = (value: boolean): Asn1 => primitive(Type.BOOLEAN, value ? '\xff' : '\x00')
export const octets = (bytes: Uint8Array): Asn1 => primitive(Type.OCTETSTRING, raw(bytes))
export const bits = (bytes: Uint8Array, unused = 0): Asn1 =>
  primitive(Type.BITSTRING, String.fromCharCode(unused) + raw(bytes))
export const utf8String = (text: string): Asn1 => primitive(Type.UTF8, Buffer.from(text, 'utf8').toString('latin1'))
export const printableString = (text: string): Asn1 => primitive(Type.PRINTABLESTRING, text)
export const ia5String = (text: string): Asn1 => primitive(Type.IA5STRING, text)

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
  return year >= 1950 && year < 2050 ? primitive(Type.UTCTIME, long.slice(2)) : generalizedTime(millis)
}

export function generalizedTime(millis: number): Asn1 {
  return primitive(Type.GENERALIZEDTIME, new Date(millis).toISOString().replace(/[-:T]|\.\d+/g, ''))
}

/** `[n] IMPLICIT` of a primitive type, its content octets given. */
export const tagged = (n: number, content: Uint8Array | string): Asn1 =>
  asn1.create(Class.CONTEXT_SPECIFIC, n, false, typeof content === 'string' ? content : raw(content))
/** `[n] EXPLICIT`, or `[n] IMPLICIT` over a SEQUENCE or SET. */
export const taggedOf = (n: number, ...items: readonly (Asn1 | null)[]): Asn1 =>
  asn1.create(Class.CONTEXT_SPECIFIC, n, true, present(items))

/** DER that is already encoded, as part of something larger. */
export function encoded(der: Uint8Array): Asn1 {
  const options = { strict: true, parseAllBytes: true, decodeBitStrings: false }
  // @types/node-forge knows only the boolean form of the second argument.
  return (asn1.fromDer as unknown as (bytes: string, options: object) => Asn1)(raw(der), options)
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
