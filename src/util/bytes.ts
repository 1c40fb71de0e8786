import { Malformed } from './malformed.ts'

/** What a field held: numbers for fixed-width fields, bytes for the rest. */
export type FieldValue = number | Uint8Array

/** Where a field lies in the buffer that was read. `offset` and `length` are in bytes. */
export interface Span {
  readonly protocol: string
  readonly field: string
  readonly offset: number
  readonly length: number
  readonly value: FieldValue
}

/** Reads and writes one protocol's bytes. `read` throws `Malformed`; `write` never fails on a value that `read` returned. */
export interface Codec<T> {
  readonly name: string
  read(r: Reader): T
  write(w: Writer, value: T): void
}

/**
 * A cursor over a window of a buffer. Every read is named, so that dissection, hex views and error offsets come for free.
 * Nothing reads outside `[start, end)`: a read past the end throws `Malformed`.
 */
export class Reader {
  offset: number

  constructor(
    readonly bytes: Uint8Array,
    readonly protocol: string,
    readonly start = 0,
    readonly end = bytes.length,
    readonly spans: Span[] | null = null,
  ) {
    this.offset = start
  }

  get remaining(): number {
    return this.end - this.offset
  }

  u8(field: string): number {
    const at = this.claim(1, field)
    return this.note(field, at, 1, this.bytes[at])
  }

  u16(field: string): number {
    const at = this.claim(2, field)
    return this.note(field, at, 2, (this.bytes[at] << 8) | this.bytes[at + 1])
  }

  u24(field: string): number {
    const at = this.claim(3, field)
    const b = this.bytes
    return this.note(field, at, 3, (b[at] << 16) | (b[at + 1] << 8) | b[at + 2])
  }

  /** Unsigned: 0 to 0xffffffff. */
  u32(field: string): number {
    const at = this.claim(4, field)
    return this.note(field, at, 4, this.word(at) >>> 0)
  }

  /** As a signed 32-bit integer, the shape of a V4 address. */
  i32(field: string): number {
    const at = this.claim(4, field)
    return this.note(field, at, 4, this.word(at))
  }

  /** 48 bits, exact in a number: the shape of a Mac. */
  u48(field: string): number {
    const at = this.claim(6, field)
    const high = (this.bytes[at] << 8) | this.bytes[at + 1]
    return this.note(field, at, 6, high * 0x100000000 + (this.word(at + 2) >>> 0))
  }

  /** A view of the next `length` bytes: no copy. */
  take(length: number, field: string): Uint8Array {
    const at = this.claim(length, field)
    const view = this.bytes.subarray(at, at + length)
    this.spans?.push({ protocol: this.protocol, field, offset: at, length, value: view })
    return view
  }

  /** A view of everything that is left. */
  rest(field: string): Uint8Array {
    return this.take(this.remaining, field)
  }

  skip(length: number, field: string): void {
    this.claim(length, field)
  }

  /** A reader of the next `length` bytes for an inner structure; this reader moves past them. */
  sub(length: number, protocol = this.protocol, field = protocol): Reader {
    const at = this.claim(length, field)
    return new Reader(this.bytes, protocol, at, at + length, this.spans)
  }

  /** Throws unless everything was read. */
  done(): void {
    if (this.remaining > 0) this.fail('end', 'no further bytes', `${this.remaining} bytes`)
  }

  fail(field: string, expected: string, got: string | number, offset = this.offset): never {
    throw new Malformed(this.protocol, field, expected, got, offset)
  }

  private word(at: number): number {
    const b = this.bytes
    return (b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]
  }

  private claim(length: number, field: string): number {
    const at = this.offset
    if (length < 0 || at + length > this.end) this.fail(field, `${length} bytes`, `${this.end - at} bytes`)
    this.offset = at + length
    return at
  }

  private note(field: string, offset: number, length: number, value: number): number {
    this.spans?.push({ protocol: this.protocol, field, offset, length, value })
    return value
  }
}

/** Appends big-endian fields to a buffer that grows. */
export class Writer {
  private buffer: Uint8Array
  length = 0

  constructor(capacity = 128) {
    this.buffer = new Uint8Array(capacity)
  }

  u8(value: number): this {
    const at = this.grow(1)
    this.buffer[at] = value
    return this
  }

  u16(value: number): this {
    const at = this.grow(2)
    this.buffer[at] = value >>> 8
    this.buffer[at + 1] = value
    return this
  }

  u24(value: number): this {
    return this.u8(value >>> 16).u16(value & 0xffff)
  }

  u32(value: number): this {
    return this.u16((value >>> 16) & 0xffff).u16(value & 0xffff)
  }

  u48(value: number): this {
    return this.u16(Math.floor(value / 0x100000000)).u32(value >>> 0)
  }

  take(bytes: Uint8Array): this {
    const at = this.grow(bytes.length)
    this.buffer.set(bytes, at)
    return this
  }

  /** Overwrites two bytes written before, for lengths and checksums known only at the end. */
  patch16(offset: number, value: number): this {
    this.buffer[offset] = value >>> 8
    this.buffer[offset + 1] = value
    return this
  }

  patch24(offset: number, value: number): this {
    this.buffer[offset] = value >>> 16
    return this.patch16(offset + 1, value & 0xffff)
  }

  /** A view of what was written so far. */
  view(start = 0, end = this.length): Uint8Array {
    return this.buffer.subarray(start, end)
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.buffer.slice(0, this.length)
  }

  private grow(count: number): number {
    const at = this.length
    this.length = at + count
    if (this.length > this.buffer.length) {
      const wider = new Uint8Array(Math.max(this.length, this.buffer.length * 2))
      wider.set(this.buffer)
      this.buffer = wider
    }
    return at
  }
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const all = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** White space is allowed between digits, as RFCs print vectors. Throws on anything else. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '')
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) throw new Error(`not hexadecimal: ${text.slice(0, 40)}`)
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
export const utf8 = (text: string): Uint8Array => encoder.encode(text)
export const text = (bytes: Uint8Array): string => decoder.decode(bytes)
