import { Malformed } from '../../util/malformed.ts'

/** Identifier octets (X.690 8.1.2) as they stand in DER: class, constructed bit and number in one byte. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

const CONSTRUCTED = 0x20

/** `[n]` primitive, as IMPLICIT tagging of a primitive type gives. */
export const context = (n: number): number => 0x80 | n
/** `[n]` constructed: EXPLICIT, or IMPLICIT over a SEQUENCE or SET. */
export const contextOf = (n: number): number => 0xa0 | n

/**
 * One TLV: a window on the buffer it was found in. `field` is its path (`tbsCertificate.validity`), `offset` counts from the
 * start of that buffer. Decoding is driven by the grammar that asks, so that depth is bounded by the grammar's own.
 *
 * node-forge writes our DER but does not read it: its reader keeps no offsets and accepts BER.
 */
export class Element {
  constructor(
    readonly source: Uint8Array,
    readonly protocol: string,
    readonly field: string,
    readonly tag: number,
    readonly offset: number,
    readonly start: number,
    readonly end: number,
  ) {}

  /** The content octets: a view. */
  get content(): Uint8Array {
    return this.source.subarray(this.start, this.end)
  }

  /** Identifier, length and content: a view. What signatures cover. */
  get bytes(): Uint8Array {
    return this.source.subarray(this.offset, this.end)
  }

  /** A cursor over the elements inside. */
  items(): Cursor {
    if ((this.tag & CONSTRUCTED) === 0) this.fail('constructed encoding', `tag ${tagName(this.tag)}`)
    return new Cursor(this.source, this.protocol, this.field, this.start, this.end)
  }

  /** Exactly one element inside: EXPLICIT tags. */
  only(field: string, tag: number): Element {
    const items = this.items()
    const inner = items.next(field, tag)
    items.done()
    return inner
  }

  /** The DER that an OCTET STRING or BIT STRING wraps: offsets stay those of the whole buffer. */
  wrapped(field: string, tag: number, skip = 0): Element {
    const items = new Cursor(this.source, this.protocol, this.field, this.start + skip, this.end)
    const inner = items.next(field, tag)
    items.done()
    return inner
  }

  fail(expected: string, got: string | number, offset = this.offset): never {
    throw new Malformed(this.protocol, this.field, expected, got, offset)
  }
}

/** Walks the elements between two offsets, each read under the name that the grammar gives it. */
export class Cursor {
  constructor(
    private readonly source: Uint8Array,
    private readonly protocol: string,
    private readonly path: string,
    private at: number,
    private readonly end: number,
  ) {}

  get more(): boolean {
    return this.at < this.end
  }

  /** The identifier octet that comes next; -1 at the end. */
  get tag(): number {
    return this.more ? this.source[this.at] : -1
  }

  next(field: string, tag: number): Element {
    const name = this.name(field)
    if (!this.more) throw new Malformed(this.protocol, name, tagName(tag), 'the end', this.at)
    if (this.source[this.at] !== tag) {
      throw new Malformed(this.protocol, name, tagName(tag), tagName(this.source[this.at]), this.at)
    }
    return this.any(field)
  }

  optional(field: string, tag: number): Element | null {
    return this.tag === tag ? this.next(field, tag) : null
  }

  any(field: string): Element {
    const { element, end } = readElement(this.source, this.protocol, this.name(field), this.at, this.end)
    this.at = end
    return element
  }

  /** All that follow, each of the same tag; `field` gets an index. At most `limit`. */
  each<T>(field: string, tag: number, limit: number, read: (element: Element) => T): T[] {
    const out: T[] = []
    while (this.more) {
      if (out.length === limit) this.fail(field, `at most ${limit}`, 'more')
      out.push(read(this.next(`${field}[${out.length}]`, tag)))
    }
    return out
  }

  done(): void {
    if (this.more) this.fail('end', 'no further element', tagName(this.source[this.at]))
  }

  fail(field: string, expected: string, got: string | number): never {
    throw new Malformed(this.protocol, this.name(field), expected, got, this.at)
  }

  private name(field: string): string {
    return this.path === '' ? field : `${this.path}.${field}`
  }
}

/** The one element that `source` holds, of tag `tag`; nothing may follow it. `limit` bounds the input in bytes. */
export function readDer(input: Uint8Array, protocol: string, field: string, tag: number, limit = 1 << 16): Element {
  if (input.length > limit) throw new Malformed(protocol, field, `at most ${limit} bytes`, input.length, 0)
  // A Buffer's views are Buffers, which print and compare unlike the Uint8Arrays that we promise.
  const source = new Uint8Array(input.buffer, input.byteOffset, input.length)
  const cursor = new Cursor(source, protocol, '', 0, source.length)
  const element = cursor.next(field, tag)
  cursor.done()
  return new Element(source, protocol, '', tag, 0, element.start, element.end)
}

function readElement(source: Uint8Array, protocol: string, field: string, at: number, limit: number) {
  const bad = (expected: string, got: string | number, offset: number): never => {
    throw new Malformed(protocol, field, expected, got, offset)
  }
  const tag = source[at]
  if ((tag & 0x1f) === 0x1f) bad('a tag number below 31', tagName(tag), at)
  if (at + 1 >= limit) bad('a length', 'the end', at + 1)
  let start = at + 2
  let length = source[at + 1]
  if (length === 0x80) bad('a definite length (DER)', 'an indefinite one', at + 1)
  if (length > 0x80) {
    const count = length & 0x7f
    if (count > 4) bad('a length of at most 4 bytes', count, at + 1)
    if (start + count > limit) bad(`${count} bytes of length`, `${limit - start} bytes`, start)
    length = 0
    for (let i = 0; i < count; i++) length = length * 256 + source[start + i]
    // X.690 10.1: the fewest bytes possible.
    if (length < 0x80 || length < 256 ** (count - 1)) bad('the shortest form of the length (DER)', length, at + 1)
    start += count
  }
  if (start + length > limit) bad(`${length} bytes`, `${limit - start} bytes`, start)
  const end = start + length
  return { element: new Element(source, protocol, field, tag, at, start, end), end }
}

const NAMES = new Map<number, string>(Object.entries(TAG).map(([name, tag]) => [tag, name]))

export function tagName(tag: number): string {
  const known = NAMES.get(tag)
  if (known !== undefined) return known
  if ((tag & 0xc0) === 0x80) return `[${tag & 0x1f}]`
  return `tag 0x${tag.toString(16).padStart(2, '0')}`
}
