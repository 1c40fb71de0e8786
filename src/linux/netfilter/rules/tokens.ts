import { inputError, type SourcePosition } from '../../../util/diagnostics.ts'

/** The words of a rule's line, read one after the other. */
export interface Tokens {
  readonly at: SourcePosition
  /** Null at the end. */
  peek(): string | null
  /** Throws an InputError at the end. */
  next(): string
}

/** Splits at blanks; double quotes hold a word together, a backslash in them takes the next character as it is. */
export function tokens(line: string, at: SourcePosition): Tokens {
  const words: string[] = []
  const pattern = /"((?:[^"\\]|\\.)*)"|(\S+)/g
  for (const [, quoted, plain] of line.matchAll(pattern)) {
    words.push(plain ?? quoted.replace(/\\(.)/g, '$1'))
  }
  let i = 0
  return {
    at,
    peek: () => words[i] ?? null,
    next() {
      if (i === words.length) throw inputError(`the line ends after ${words[i - 1]}`, 'a value', at)
      return words[i++]
    },
  }
}
