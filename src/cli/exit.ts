import { formatDiagnostic, InputError } from '../util/diagnostics.ts'
import { Malformed } from '../util/malformed.ts'

/** What a shell sees: 0 it did what was asked; 1 an expectation failed or the packet did not arrive; 2 bad input. */
export const EXIT = { ok: 0, failed: 1, badInput: 2 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Not among the codes above, so that no script takes a bug for a verdict (EX_SOFTWARE of sysexits.h). */
const BUG = 70

/** Prints what is wrong with the input to stderr. Anything else is a bug in podwire, and is told with its stack. */
export function report(error: unknown): ExitCode | typeof BUG {
  if (error instanceof InputError) {
    for (const diagnostic of error.diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`)
    return EXIT.badInput
  }
  if (error instanceof Malformed) {
    process.stderr.write(`podwire: ${error.message}\n`)
    return EXIT.badInput
  }
  process.stderr.write(`podwire: this is a bug in podwire: ${error instanceof Error ? error.stack : String(error)}\n`)
  return BUG
}
