import type { Reader, Writer } from '../../util/bytes.ts'

/** Variable-length vectors of the presentation language (RFC 8446 3.4): a length in bytes, then the elements. */
type LengthBytes = 1 | 2 | 3

function readLength(r: Reader, size: LengthBytes, field: string): number {
  const name = `${field} length`
  const length = size === 1 ? r.u8(name) : size === 2 ? r.u16(name) : r.u24(name)
  return r.ensure(length, name)
}

/** Bounds are in bytes, as the RFCs write them: `opaque x<min..max>`. */
export function readOpaque(r: Reader, size: LengthBytes, field: string, min = 0, max = 0xffffff): Uint8Array {
  const length = readLength(r, size, field)
  if (length < min || length > max) r.fail(`${field} length`, `${min} to ${max} bytes`, `${length} bytes`)
  return r.take(length, field)
}

export function readVector<T>(
  r: Reader,
  size: LengthBytes,
  field: string,
  min: number,
  element: (r: Reader) => T,
): readonly T[] {
  const length = readLength(r, size, field)
  if (length < min) r.fail(`${field} length`, `at least ${min} bytes`, `${length} bytes`)
  const inner = r.sub(length)
  const all: T[] = []
  while (inner.remaining > 0) all.push(element(inner))
  return all
}

export function writeOpaque(w: Writer, size: LengthBytes, bytes: Uint8Array): void {
  writeLength(w, size, bytes.length)
  w.take(bytes)
}

export function writeVector<T>(w: Writer, size: LengthBytes, all: readonly T[], element: (value: T) => void): void {
  const at = w.length
  writeLength(w, size, 0)
  for (const value of all) element(value)
  const length = w.length - at - size
  if (length >= 2 ** (8 * size))
    throw new RangeError(`vector: expected less than ${2 ** (8 * size)} bytes, got ${length}`)
  if (size === 1) w.patch8(at, length)
  else if (size === 2) w.patch16(at, length)
  else w.patch24(at, length)
}

function writeLength(w: Writer, size: LengthBytes, length: number): void {
  if (length >= 2 ** (8 * size))
    throw new RangeError(`opaque: expected less than ${2 ** (8 * size)} bytes, got ${length}`)
  if (size === 1) w.u8(length)
  else if (size === 2) w.u16(length)
  else w.u24(length)
}
