import { text } from '../util/bytes.ts'
import { inputError } from '../util/diagnostics.ts'
import { readFile } from './certificate-files.ts'

/** For the help of an option that takes one. */
export const PASSWORD_SOURCES = 'env:NAME, file:PATH, stdin, or pass:PASSWORD, which others on the machine can see'

/**
 * A password from where openssl takes it (openssl-passphrase-options), so that it need not stand in the list of processes. Of a file and
 * of standard input the first line counts. Throws `InputError`, which never repeats what may be the password itself.
 */
export function passwordFrom(source: string, env: NodeJS.ProcessEnv = process.env): string {
  const [, how, what] = /^(env|file|pass):(.*)$/s.exec(source) ?? [null, source, '']
  switch (how) {
    case 'pass':
      return what
    case 'env': {
      const value = env[what]
      if (value === undefined) throw inputError(`--password: there is no environment variable ${what}`)
      return value
    }
    case 'file':
      return firstLine(readFile(what))
    case 'stdin':
      return firstLine(readFile('-'))
    default:
      throw inputError('--password: this is no source of a password', PASSWORD_SOURCES)
  }
}

/** Asked for when it is needed, and read once: standard input comes only once. Null where no source was given. */
export function lazyPassword(source: string | undefined): (() => string) | null {
  if (source === undefined) return null
  let known: string | null = null
  return () => (known ??= passwordFrom(source))
}

const firstLine = (bytes: Uint8Array): string => text(bytes).split(/\r?\n/, 1)[0]
