import type { Rng } from '../../util/rng.ts'

/** No vowels, and nothing that could be mistaken: apimachinery's util/rand. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** What follows `generateName`: five letters. */
export function nameSuffix(rng: Rng, length = 5): string {
  let text = ''
  for (let i = 0; i < length; i++) text += ALPHABET[rng.below(ALPHABET.length)]
  return text
}

const HEX = [...'0123456789abcdef'].map((digit) => digit.charCodeAt(0))
const HYPHEN = '-'.charCodeAt(0)
/** A uid is made of its characters in one go: what is joined piece by piece stays in pieces as long as it lives. */
const characters: number[] = new Array(36).fill(HYPHEN)

/** RFC 9562 version 4, from the seed. */
export function uuid(rng: Rng): string {
  let at = 0
  for (let i = 0; i < 16; i += 4) {
    const word = rng.u32()
    for (let b = 0; b < 4; b++) {
      let byte = (word >>> (24 - 8 * b)) & 0xff
      const octet = i + b
      if (octet === 6) byte = 0x40 | (byte & 0x0f)
      if (octet === 8) byte = 0x80 | (byte & 0x3f)
      if (octet === 4 || octet === 6 || octet === 8 || octet === 10) at++
      characters[at++] = HEX[byte >> 4]
      characters[at++] = HEX[byte & 15]
    }
  }
  return String.fromCharCode(...characters)
}

/**
 * The value of `pod-template-hash` and of `controller-revision-hash`: FNV-1a of the template, in letters that cannot make a
 * bad word. Kubernetes hashes Go's own dump of the template, so the letters differ from a real cluster's.
 */
export function templateHash(template: unknown, collisions = 0): string {
  let hash = 0x811c9dc5
  const text = `${JSON.stringify(template)}${collisions === 0 ? '' : collisions}`
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return [...String(hash >>> 0)].map((digit) => ALPHABET[digit.charCodeAt(0) % ALPHABET.length]).join('')
}
