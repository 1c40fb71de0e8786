/** A place in a user's file; line and column count from 1. */
export interface SourcePosition {
  readonly file: string
  readonly line: number
  readonly column: number
}

export type Severity = 'error' | 'warning' | 'note'

/** Something to tell a user about their input. */
export interface Diagnostic {
  readonly severity: Severity
  readonly at: SourcePosition | null
  /** What is wrong and what was found, in one sentence without a full stop. */
  readonly message: string
  /** What would have been right. */
  readonly expected?: string
}

/** `FILE:LINE:COL: what is wrong, expected …`, as the command line prints it. */
export function formatDiagnostic({ severity, at, message, expected }: Diagnostic): string {
  const where = at === null ? 'podwire' : `${at.file}:${at.line}:${at.column}`
  const kind = severity === 'error' ? '' : `${severity}: `
  return printable(`${where}: ${kind}${message}${expected === undefined ? '' : `, expected ${expected}`}`)
}

/** What was found in a file may hold control characters, and a terminal would obey them. */
const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)

/** Input that cannot be used: exit code 2. Holds every error found, not only the first. */
export class InputError extends Error {
  constructor(readonly diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join('\n'))
    this.name = 'InputError'
  }
}

export function inputError(message: string, expected?: string, at: SourcePosition | null = null): InputError {
  return new InputError([{ severity: 'error', at, message, expected }])
}
