import type { Address } from '../../util/address.ts'

/** A hash of both ends of a connection, an int32. `seed` makes it a keyed one. */
export function hashTuple(
  seed: number,
  local: Address,
  localPort: number,
  remote: Address,
  remotePort: number,
): number {
  const h = mix(mixAddress(mixAddress(seed, local), remote), (localPort << 16) | remotePort)
  return Math.imul(h ^ (h >>> 16), 0x85ebca6b)
}

function mixAddress(hash: number, address: Address): number {
  if (typeof address === 'number') return mix(hash, address)
  return mix(mix(mix(mix(hash, address.a), address.b), address.c), address.d)
}

/** A round of MurmurHash3. */
function mix(hash: number, word: number): number {
  const k = Math.imul(word, 0xcc9e2d51)
  const h = hash ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}
