import { concat, text, utf8 } from '../../util/bytes.ts'
import { Malformed } from '../../util/malformed.ts'

export type Header = readonly [name: string, value: string]

/** RFC 7541 Appendix A; index 1 is the first. */
const STATIC: readonly Header[] = [
  ...([
    [':authority', ''],
    [':method', 'GET'],
    [':method', 'POST'],
    [':path', '/'],
    [':path', '/index.html'],
  ] as const),
  ...([
    [':scheme', 'http'],
    [':scheme', 'https'],
    [':status', '200'],
    [':status', '204'],
    [':status', '206'],
  ] as const),
  ...([
    [':status', '304'],
    [':status', '400'],
    [':status', '404'],
    [':status', '500'],
    ['accept-charset', ''],
  ] as const),
  ['accept-encoding', 'gzip, deflate'],
  ...'accept-language accept-ranges accept access-control-allow-origin age allow authorization cache-control '
    .concat(
      'content-disposition content-encoding content-language content-length content-location content-range content-type ',
      'cookie date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since ',
      'last-modified link location max-forwards proxy-authenticate proxy-authorization range referer refresh retry-after ',
      'server set-cookie strict-transport-security transfer-encoding user-agent vary via www-authenticate',
    )
    .split(' ')
    .map((name): Header => [name, '']),
]

/**
 * A header block as a peer without a dynamic table writes it: indexed where the static table has the pair, else a literal that
 * is not to be indexed, never Huffman coded (RFC 7541 6.1, 6.2.2).
 */
export function encodeHeaders(headers: readonly Header[]): Uint8Array {
  return concat(
    headers.map(([name, value]) => {
      const pair = STATIC.findIndex(([own, held]) => own === name && held === value) + 1
      if (pair > 0) return integer(pair, 7, 0x80)
      const known = STATIC.findIndex(([own]) => own === name) + 1
      return concat([integer(known, 4, 0x00), ...(known === 0 ? [literal(name)] : []), literal(value)])
    }),
  )
}

/** Reads what `encodeHeaders` writes, and literals to be indexed. Throws Malformed for Huffman codes and dynamic entries. */
export function decodeHeaders(bytes: Uint8Array): Header[] {
  const headers: Header[] = []
  let at = 0
  const number = (bits: number): number => {
    const mask = 2 ** bits - 1
    let value = octet(bytes, at++) & mask
    for (let shift = 0; value >= mask || shift > 0; shift += 7) {
      const next = octet(bytes, at++)
      value += (next & 0x7f) * 2 ** shift
      if (next < 0x80) break
    }
    return value
  }
  const string = (): string => {
    if ((octet(bytes, at) & 0x80) !== 0) throw new Malformed('hpack', 'string', 'no Huffman code', 'one', at)
    const length = number(7)
    if (at + length > bytes.length) throw new Malformed('hpack', 'string', `${length} octets`, bytes.length - at, at)
    at += length
    return text(bytes.subarray(at - length, at))
  }
  while (at < bytes.length) {
    const first = bytes[at]
    if (first >= 0x80) headers.push(entry(number(7), at))
    else {
      const index = number(first >= 0x40 ? 6 : 4)
      const name = index === 0 ? string() : entry(index, at)[0]
      headers.push([name, string()])
    }
  }
  return headers
}

function entry(index: number, at: number): Header {
  if (index < 1 || index > STATIC.length) throw new Malformed('hpack', 'index', `1 to ${STATIC.length}`, index, at)
  return STATIC[index - 1]
}

function octet(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) throw new Malformed('hpack', 'length', 'an octet more', 'none', at)
  return bytes[at]
}

/** RFC 7541 5.1, with a prefix of `bits`. */
function integer(value: number, bits: number, flags: number): Uint8Array {
  const mask = 2 ** bits - 1
  if (value < mask) return Uint8Array.of(flags | value)
  const octets = [flags | mask]
  let left = value - mask
  for (; left >= 0x80; left = Math.floor(left / 0x80)) octets.push((left % 0x80) | 0x80)
  octets.push(left)
  return Uint8Array.from(octets)
}

const literal = (value: string): Uint8Array => {
  const bytes = utf8(value)
  return concat([integer(bytes.length, 7, 0x00), bytes])
}
