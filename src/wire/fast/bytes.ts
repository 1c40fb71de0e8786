/**
 * The packet path: fixed-offset reads and in-place writes over a shared buffer. Nothing here allocates, and nothing checks
 * bounds: `locate` and each protocol's `fault` say first that a header is whole.
 *
 * Readers take `(b, o)`: a buffer and where the header starts. Whatever edits takes the frame, to bump its `version`.
 */
export function u16(b: Uint8Array, o: number): number {
  return (b[o] << 8) | b[o + 1]
}

/** Signed: an int32 never leaves the machine word, where an unsigned 32-bit value may become a heap number. */
export function i32(b: Uint8Array, o: number): number {
  return (b[o] << 24) | (b[o + 1] << 16) | (b[o + 2] << 8) | b[o + 3]
}

export function put16(b: Uint8Array, o: number, value: number): void {
  b[o] = value >>> 8
  b[o + 1] = value
}

export function put32(b: Uint8Array, o: number, value: number): void {
  b[o] = value >>> 24
  b[o + 1] = value >>> 16
  b[o + 2] = value >>> 8
  b[o + 3] = value
}
