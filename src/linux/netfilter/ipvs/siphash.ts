const MASK = 0xffffffffffffffffn

/**
 * SipHash-1-3 of one 32-bit word, folded to 32 bits: what `hsiphash` of a 64-bit kernel is, with both halves of its key alike.
 * https://www.aumasson.jp/siphash/siphash.pdf
 */
export function hsiphash(word: number, key: bigint): number {
  const v = [0x736f6d6570736575n ^ key, 0x646f72616e646f6dn ^ key, 0x6c7967656e657261n ^ key, 0x7465646279746573n ^ key]
  const block = (4n << 56n) | BigInt(word >>> 0)
  v[3] ^= block
  round(v)
  v[0] ^= block
  v[2] ^= 0xffn
  for (let i = 0; i < 3; i++) round(v)
  return Number((v[0] ^ v[1] ^ v[2] ^ v[3]) & 0xffffffffn)
}

const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & MASK

function round(v: bigint[]): void {
  v[0] = (v[0] + v[1]) & MASK
  v[1] = rotate(v[1], 13n) ^ v[0]
  v[0] = rotate(v[0], 32n)
  v[2] = (v[2] + v[3]) & MASK
  v[3] = rotate(v[3], 16n) ^ v[2]
  v[0] = (v[0] + v[3]) & MASK
  v[3] = rotate(v[3], 21n) ^ v[0]
  v[2] = (v[2] + v[1]) & MASK
  v[1] = rotate(v[1], 17n) ^ v[2]
  v[2] = rotate(v[2], 32n)
}
