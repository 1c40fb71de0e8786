import type { Random } from '../random.ts'

/** Values that mean nothing (RFC 8701 2), drawn for one hello. */
export interface Grease {
  readonly suite: number
  readonly group: number
  readonly version: number
  readonly extensions: readonly [number, number]
}

export function greaseValues(random: Random): Grease {
  const [suite, group, version, first, second] = [...random.bytes(5)].map((byte) => (byte & 0xf0) * 0x101 + 0x0a0a)
  return { suite, group, version, extensions: [first, second === first ? second ^ 0x1010 : second] }
}
