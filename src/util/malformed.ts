/**
 * Bytes that do not say what their protocol wants them to say.
 * `offset` counts from the start of the buffer that was being read, so that it can be pointed at in a hex view.
 */
export class Malformed extends Error {
  constructor(
    readonly protocol: string,
    readonly field: string,
    readonly expected: string,
    readonly got: string | number,
    readonly offset: number,
  ) {
    super(`${protocol}.${field} at offset ${offset}: expected ${expected}, got ${got}`)
    this.name = 'Malformed'
  }
}

/** Bytes that end before what they began: with more of them the same might have been right. */
export class Truncated extends Malformed {
  constructor(
    protocol: string,
    field: string,
    readonly needed: number,
    readonly available: number,
    offset: number,
  ) {
    super(protocol, field, `${needed} bytes`, `${available} bytes`, offset)
  }
}
