import type { Mac } from '../../util/address.ts'

/**
 * The MAC address of a device that was given none: locally administered, and the same whenever and in whatever order devices
 * are made. Linux draws these at random.
 */
export function macFor(node: string, netns: string, device: string): Mac {
  const text = `${node}\n${netns}\n${device}`
  const low = fnv(text, 0x811c9dc5)
  const high = fnv(text, 0x01000193 ^ low) & 0xffff
  return (((high & 0xfcff) | 0x0200) * 0x100000000 + low) as Mac
}

function fnv(text: string, seed: number): number {
  let hash = seed
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}
