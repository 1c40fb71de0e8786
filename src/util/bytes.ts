import { type Mac, type V4, V6 } from './address.ts'
import { Malformed, Truncated } from './malformed.ts'

/** What a field held: a number for fixed-width fields, text for names, bytes for the rest (IPv6 addresses too). */
export type FieldValue = number | string | Uint8Array

/** How people write such a field: 64, 0x92d0, 10.0.0.1, fd00::1, 0a:58:0a:f4:01:02, bytes in hexadecimal, text as it is. */
export type Shape = 'decimal' | 'hex' | 'v4' | 'v6' | 'mac' | 'bytes' | 'text'

/** Where a field lies in the buffer that was read. `offset` and `length` are in bytes. */
export interface Span {
  readonly protocol: string
  readonly field: string
  readonly offset: number
  readonly length: number
  readonly value: FieldValue
  readonly shape: Shape
  /** For a field narrower than its bytes: which bits of them it is, from the first byte's highest. */
  readonly bits?: { readonly first: number; readonly count: number }
}

/** Reads and writes one protocol's bytes. `read` throws `Malformed`; `write` never fails on a value that `read` returned. */
export interface Codec<T> {
  readonly name: string
  read(r: Reader): T
  write(w: Writer, value: T): void
}

/** Reads one value that takes up all of `bytes`. Throws `Malformed`, for bytes left over too. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const r = new Reader(bytes, codec.name)
  const value = codec.read(r)
  r.done()
  return value
}

export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const w = new Writer()
  codec.write(w, value)
  return w.finish()
}

/**
 * A cursor over a window of a buffer. Every read is named, so that dissection, hex views and error offsets come for free.
 * Nothing reads outside `[start, end)`: a read past the end throws `Truncated`, which is a `Malformed`.
 */
export class Reader {
  offset: number
  /** Where the field read last began: what `fail` points at. */
  private last: number

  constructor(
    readonly bytes: Uint8Array,
    readonly protocol: string,
    readonly start = 0,
    readonly end = bytes.length,
    readonly spans: Span[] | null = null,
    /** The window holds only the beginning of what was sent, as an ICMP error quotes it: `ensure` lets lengths exceed it. */
    readonly partial = false,
  ) {
    this.offset = start
    this.last = start
  }

  get remaining(): number {
    return this.end - this.offset
  }

  u8(field: string, shape: Shape = 'decimal'): number {
    const at = this.claim(1, field)
    return this.note(field, at, 1, this.bytes[at], shape)
  }

  u16(field: string, shape: Shape = 'decimal'): number {
    const at = this.claim(2, field)
    return this.note(field, at, 2, (this.bytes[at] << 8) | this.bytes[at + 1], shape)
  }

  u24(field: string, shape: Shape = 'decimal'): number {
    const at = this.claim(3, field)
    const b = this.bytes
    return this.note(field, at, 3, (b[at] << 16) | (b[at + 1] << 8) | b[at + 2], shape)
  }

  /** Unsigned: 0 to 0xffffffff. */
  u32(field: string, shape: Shape = 'decimal'): number {
    const at = this.claim(4, field)
    return this.note(field, at, 4, this.word(at) >>> 0, shape)
  }

  /** As a signed 32-bit integer. */
  i32(field: string, shape: Shape = 'decimal'): number {
    const at = this.claim(4, field)
    return this.note(field, at, 4, this.word(at), shape)
  }

  /** 48 bits, exact in a number. */
  u48(field: string, shape: Shape = 'decimal'): number {
    const at = this.claim(6, field)
    const high = (this.bytes[at] << 8) | this.bytes[at + 1]
    return this.note(field, at, 6, high * 0x100000000 + (this.word(at + 2) >>> 0), shape)
  }

  mac(field: string): Mac {
    return this.u48(field, 'mac') as Mac
  }

  v4(field: string): V4 {
    return this.i32(field, 'v4') as V4
  }

  v6(field: string): V6 {
    const at = this.claim(16, field)
    this.note(field, at, 16, this.bytes.subarray(at, at + 16), 'v6')
    return new V6(this.word(at), this.word(at + 4), this.word(at + 8), this.word(at + 12))
  }

  /** Fields that share bytes, named with their widths from the highest bit: 8, 16, 24 or 32 bits in all. */
  bits<K extends string>(widths: Readonly<Record<K, number>>, shape: Shape = 'decimal'): Record<K, number> {
    const fields = Object.keys(widths) as K[]
    let total = 0
    for (const field of fields) total += widths[field]
    const at = this.claim(total / 8, fields[0])
    let all = 0
    for (let i = at; i < this.offset; i++) all = all * 256 + this.bytes[i]
    let first = 0
    const values = {} as Record<K, number>
    for (const field of fields) {
      const width = widths[field]
      const value = Math.floor(all / 2 ** (total - first - width)) % 2 ** width
      this.noteBits(field, at, first, width, value, shape)
      values[field] = value
      first += width
    }
    return values
  }

  /** A view of the next `length` bytes: no copy. */
  take(length: number, field: string): Uint8Array {
    const at = this.claim(length, field)
    return this.note(field, at, length, this.bytes.subarray(at, at + length), 'bytes')
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
    return new Reader(this.bytes, protocol, at, at + length, this.spans, this.partial)
  }

  /**
   * For a length field read just now: `length` bytes must follow. Returns how many do, which is fewer only in a partial window.
   */
  ensure(length: number, field: string): number {
    if (length <= this.remaining) return length
    return this.partial ? this.remaining : this.fail(field, `${length} bytes to follow`, `${this.remaining} bytes`)
  }

  /** For reads by other means: throws `Truncated` unless `length` bytes lie at `offset`. */
  need(length: number, field: string, offset = this.offset): void {
    if (offset + length > this.end) throw new Truncated(this.protocol, field, length, this.end - offset, offset)
  }

  /** Throws unless everything was read. */
  done(): void {
    if (this.remaining > 0) this.fail('end', 'no further bytes', `${this.remaining} bytes`, this.offset)
  }

  /** `offset` is where the field begins: by itself, that of the field read last. */
  fail(field: string, expected: string, got: string | number, offset = this.last): never {
    throw new Malformed(this.protocol, field, expected, got, offset)
  }

  /** Records a field that was read by other means, and returns its value. */
  note<V extends FieldValue>(field: string, offset: number, length: number, value: V, shape: Shape): V {
    this.spans?.push({ protocol: this.protocol, field, offset, length, value, shape })
    return value
  }

  private noteBits(field: string, at: number, first: number, count: number, value: number, shape: Shape): void {
    const skipped = first >> 3
    const length = ((first + count + 7) >> 3) - skipped
    const bits = { first: first & 7, count }
    this.spans?.push({ protocol: this.protocol, field, offset: at + skipped, length, value, shape, bits })
  }

  private word(at: number): number {
    const b = this.bytes
    return (b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]
  }

  private claim(length: number, field: string): number {
    const at = this.offset
    if (length < 0) this.fail(field, '0 bytes or more', length, at)
    this.need(length, field, at)
    this.offset = at + length
    this.last = at
    return at
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

  v6(address: V6): this {
    return this.u32(address.a).u32(address.b).u32(address.c).u32(address.d)
  }

  take(bytes: Uint8Array): this {
    const at = this.grow(bytes.length)
    this.buffer.set(bytes, at)
    return this
  }

  /** Appends zeros until `length - start` is a multiple of `unit`. */
  pad(unit: number, start = 0): this {
    this.grow((unit - ((this.length - start) % unit)) % unit)
    return this
  }

  patch8(offset: number, value: number): this {
    this.buffer[offset] = value
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

  /** A view of what was written so far: valid until the next write. */
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
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
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
