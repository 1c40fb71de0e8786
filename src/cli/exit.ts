import { formatDiagnostic, InputError } from '../util/diagnostics.ts'
import { Malformed } from '../util/malformed.ts'

/** What a shell sees: 0 it did what was asked; 1 an expectation failed or the packet did not arrive; 2 bad input. */
export const EXIT = { ok: 0, failed: 1, badInput: 2 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Prints what is wrong with the input to stderr. Anything else is a bug in podwire, and is thrown on with its stack. */
export function report(error: unknown): ExitCode {
  if (error instanceof InputError) {
    for (const diagnostic of error.diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`)
    return EXIT.badInput
  }
  if (error instanceof Malformed) {
    process.stderr.write(`podwire: ${error.message}\n`)
    return EXIT.badInput
  }
  throw error
}
