import { closeSync, fchmodSync, openSync, writeFileSync } from 'node:fs'
import { type Diagnostic, formatDiagnostic, inputError } from '../util/diagnostics.ts'

/** The `apiVersion` of every JSON document that podwire prints. */
export const API_VERSION = 'podwire.dev/v1alpha1'

export function print(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`)
}

export function printJson(kind: string, document: object): void {
  process.stdout.write(`${JSON.stringify({ apiVersion: API_VERSION, kind, ...document }, null, 2)}\n`)
}

/** One document a line, for what comes as time goes. */
export function printJsonLine(kind: string, document: object): void {
  process.stdout.write(`${JSON.stringify({ apiVersion: API_VERSION, kind, ...document })}\n`)
}

/** Warnings and notes go to stderr, so that stdout stays what was asked for. */
export function warn(diagnostics: readonly Diagnostic[]): void {
  for (const diagnostic of diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`)
}

/** Writes a new file; refuses to replace one unless told to. Secrets are readable by their owner only. */
export function writeNew(
  path: string,
  content: Uint8Array | string,
  options: { force: boolean; secret?: boolean },
): void {
  try {
    const file = openSync(path, options.force ? 'w' : 'wx', options.secret ? 0o600 : 0o644)
    try {
      // A file that is replaced keeps its mode; nobody reads the secrets before it is mended.
      if (options.secret) fchmodSync(file, 0o600)
      writeFileSync(file, content)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw inputError(`${path} exists already`, 'a new file name, or --force to replace it')
    throw inputError(`cannot write ${path}: ${message}`)
  }
}

/** A reader that goes away (`| head`), or a terminal, ends the program quietly, as it does others. */
export function quietWhenPipeCloses(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'EIO') process.exit(0)
    throw error
  })
}
