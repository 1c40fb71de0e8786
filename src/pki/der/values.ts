import { type Element, TAG } from './read.ts'

/** X.690 11.1: TRUE is 0xff and nothing else. */
export function asBoolean(e: Element): boolean {
  const { content } = e
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) e.fail('00 or ff', hexOf(content))
  return content[0] === 0xff
}

/** Signed, minimal (X.690 8.3.2), at most `limit` bytes. */
export function asInteger(e: Element, limit = 1024): bigint {
  const { content } = e
  if (content.length === 0 || content.length > limit) e.fail(`1 to ${limit} bytes`, content.length)
  if (content.length > 1) {
    const nine = (content[0] << 1) | (content[1] >>> 7)
    if (nine === 0 || nine === 0x1ff) e.fail('the shortest form of the integer (DER)', hexOf(content))
  }
  const value = unsigned(content)
  return content[0] & 0x80 ? value - (1n << BigInt(8 * content.length)) : value
}

/** An INTEGER of 0 to `max`, as a number. */
export function asCount(e: Element, max = 0x7fffffff): number {
  const value = asInteger(e, 8)
  if (value < 0n || value > BigInt(max)) e.fail(`0 to ${max}`, String(value))
  return Number(value)
}

export function asOid(e: Element): string {
  const { content } = e
  if (content.length === 0 || content[content.length - 1] & 0x80) e.fail('whole subidentifiers', hexOf(content))
  const arcs: number[] = []
  let value = 0
  let fresh = true
  for (const byte of content) {
    if (fresh && byte === 0x80) e.fail('subidentifiers without leading zeros', hexOf(content))
    value = value * 128 + (byte & 0x7f)
    if (value > Number.MAX_SAFE_INTEGER) e.fail('subidentifiers below 2^53', hexOf(content))
    fresh = (byte & 0x80) === 0
    if (!fresh) continue
    arcs.push(value)
    value = 0
  }
  const first = Math.min(2, Math.floor(arcs[0] / 40))
  return [first, arcs[0] - 40 * first, ...arcs.slice(1)].join('.')
}

export function asNull(e: Element): null {
  if (e.content.length !== 0) e.fail('no content', `${e.content.length} bytes`)
  return null
}

/** Unused bits must be zero (X.690 11.2.1). */
export function asBits(e: Element): { readonly bytes: Uint8Array; readonly unused: number } {
  const { content } = e
  const unused = content[0]
  if (content.length === 0 || unused > 7 || (content.length === 1 && unused > 0))
    e.fail('0 to 7 unused bits', hexOf(content))
  if (unused > 0 && content[content.length - 1] & ((1 << unused) - 1))
    e.fail('unused bits of zero (DER)', hexOf(content))
  return { bytes: content.subarray(1), unused }
}

/** A BIT STRING of whole bytes: keys and signatures. */
export function asBitOctets(e: Element): Uint8Array {
  const { bytes, unused } = asBits(e)
  if (unused !== 0) e.fail('no unused bits', unused)
  return bytes
}

/** The positions that are set in a NamedBitList. */
export function asNamedBits(e: Element): number[] {
  const { bytes } = asBits(e)
  const set: number[] = []
  for (let i = 0; i < bytes.length * 8; i++) if (bytes[i >> 3] & (0x80 >> (i & 7))) set.push(i)
  return set
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')

/** DirectoryString and IA5String (RFC 5280 4.1.2.4). TeletexString is read as Latin-1, as OpenSSL does. */
export function asText(e: Element): string {
  const { content } = e
  switch (e.tag) {
    case TAG.utf8String:
      try {
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
      } catch {
        return e.fail('UTF-8', hexOf(content))
      }
    case TAG.printableString:
    case TAG.teletexString:
      return latin1(content)
    case TAG.bmpString:
      if (content.length % 2 !== 0) e.fail('whole 16-bit characters', `${content.length} bytes`)
      return Buffer.from(content).swap16().toString('utf16le')
    case TAG.universalString:
      return fromUtf32(e)
    default:
      return asIa5(e)
  }
}

/** 7-bit text under any tag (IA5String, or `[n] IMPLICIT IA5String`). */
export function asIa5(e: Element): string {
  if (e.content.some((byte) => byte > 0x7f)) e.fail('7-bit characters', hexOf(e.content))
  return latin1(e.content)
}

/**
 * Milliseconds since 1970. RFC 5280 4.1.2.5: both forms in GMT with seconds, without fractions; a two-digit year of 50 and
 * above is 19YY.
 */
export function asTime(e: Element): number {
  const text = latin1(e.content)
  const short = e.tag === TAG.utcTime
  const form = short ? 'YYMMDDHHMMSSZ' : 'YYYYMMDDHHMMSSZ'
  if (!short && e.tag !== TAG.generalizedTime) e.fail('UTCTime or GeneralizedTime', `tag 0x${e.tag.toString(16)}`)
  const match = /^(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (match === null || text.length !== form.length) return e.fail(form, JSON.stringify(text))
  const [yy, month, day, hour, minute, second] = match.slice(1).map(Number)
  const year = short ? (yy >= 50 ? 1900 + yy : 2000 + yy) : yy
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const exact = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getUTCHours() === hour
  if (!exact || minute > 59 || second > 59) e.fail('a date that exists', JSON.stringify(text))
  return date.getTime()
}

export function unsigned(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

/** Big-endian, at least `length` bytes. */
export function bytesOf(value: bigint, length = 1): Uint8Array {
  const digits = value.toString(16)
  return new Uint8Array(
    Buffer.from(digits.padStart(Math.max(2 * length, digits.length + (digits.length & 1)), '0'), 'hex'),
  )
}

function fromUtf32(e: Element): string {
  const { content } = e
  if (content.length % 4 !== 0) e.fail('whole 32-bit characters', `${content.length} bytes`)
  const view = new DataView(content.buffer, content.byteOffset, content.length)
  let out = ''
  for (let i = 0; i < content.length; i += 4) {
    const code = view.getUint32(i)
    if (code > 0x10ffff) e.fail('Unicode', code)
    out += String.fromCodePoint(code)
  }
  return out
}

const hexOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.subarray(0, 16)).toString('hex') + (bytes.length > 16 ? `… (${bytes.length} bytes)` : '')
