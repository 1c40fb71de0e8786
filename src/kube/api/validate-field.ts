import type { FieldError } from './errors.ts'

export type Path = readonly (string | number)[]

export const at = (path: Path, message: string): FieldError => ({ path, message })

/** field.Invalid: the value as JSON, then why. */
export const invalidValue = (value: unknown, why: string): string => `Invalid value: ${JSON.stringify(value)}: ${why}`

export const required = (why = ''): string => (why === '' ? 'Required value' : `Required value: ${why}`)

export const unsupported = (value: string, words: readonly string[]): string =>
  `Unsupported value: "${value}": supported values: ${words.map((word) => `"${word}"`).join(', ')}`

export function nonNegative(value: number | null, path: Path, faults: FieldError[]): void {
  if (value !== null && value < 0) faults.push(at(path, invalidValue(value, 'must be greater than or equal to 0')))
}
