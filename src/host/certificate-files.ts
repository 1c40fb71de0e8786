import { readFileSync } from 'node:fs'
import type { MalformedBlock } from '../pki/load/load.ts'
import { inputError, type SourcePosition } from '../util/diagnostics.ts'
import { Malformed } from '../util/malformed.ts'

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'this is a folder, not a file',
}

/** Reads a file and loads it with one of pki's loaders; `-` is standard input. Throws `InputError` that names file and line. */
export function loadFile<T>(file: string, load: (bytes: Uint8Array) => T): T {
  const bytes = readFile(file)
  try {
    return load(bytes)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    const offset = error.protocol === 'pem' ? error.offset : (error as Partial<MalformedBlock>).block?.offset
    if (offset === undefined) throw inputError(`${file}: ${error.message}`)
    throw inputError(error.message, undefined, positionOf(file, bytes, offset))
  }
}

/** Throws `InputError`. */
export function readFile(file: string): Uint8Array {
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    throw inputError(`${file}: ${REASONS[code] ?? message}`)
  }
}

function positionOf(file: string, bytes: Uint8Array, offset: number): SourcePosition {
  const lines = Buffer.from(bytes.subarray(0, offset)).toString('latin1').split('\n')
  return { file, line: lines.length, column: lines[lines.length - 1].length + 1 }
}
