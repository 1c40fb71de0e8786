import type { JsonScanner } from './json-scan.ts'

/** A dump this long was written by a machine, which writes no key twice; a hand-written file is looked through. */
const LONGEST = 2 * 1024 * 1024

export interface Duplicate {
  readonly key: string
  /** Of the later value, the one that JSON.parse and the API server take. */
  readonly offset: number
}

/** Keys that an object of the value at `at` has more than once. */
export function* duplicateKeys(scanner: JsonScanner, at: number): Generator<Duplicate> {
  const { text } = scanner
  if (text.length > LONGEST) return
  if (text[at] === '[') {
    for (const { start } of scanner.elements(at)) yield* duplicateKeys(scanner, start)
  } else if (text[at] === '{') {
    const seen = new Set<string>()
    for (const { key, start } of scanner.members(at)) {
      if (seen.has(key)) yield { key, offset: start }
      seen.add(key)
      yield* duplicateKeys(scanner, start)
    }
  }
}
