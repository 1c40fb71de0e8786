import { readdirSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import type { Inventory } from '../scenario/load/inventory.ts'
import { Loader } from '../scenario/load/load.ts'
import { MAX_TEXT } from '../scenario/load/source.ts'
import { InputError, inputError, type SourcePosition } from '../util/diagnostics.ts'

const EXTENSIONS = /\.(ya?ml|json|ndjson|jsonl)$/i
const STDIN = 0

/**
 * Reads what `-f` names: files, folders (their YAML and JSON files, not those of folders within, as kubectl does) and
 * `-` for standard input; then the manifests that the Scenarios among them name. Throws InputError.
 */
export function readInput(paths: readonly string[]): Inventory {
  const loader = new Loader()
  const taken = new Set<string>()
  for (const path of paths) for (const file of filesOf(path)) take(loader, file, taken, null)
  for (const scenario of loader.scenarios) {
    for (const { path, at } of scenario.manifests) {
      for (const file of filesOf(manifestPath(scenario.at.file, path, at), at)) take(loader, file, taken, at)
    }
    for (const { operation, at } of scenario.steps) {
      if (operation.name !== 'apply') continue
      for (const path of operation.with.manifests) {
        for (const file of filesOf(manifestPath(scenario.at.file, path, at), at))
          loader.addTo(operation, { name: file, text: readText(file, at) })
      }
    }
  }
  return loader.finish()
}

/** A file named twice counts once: a Scenario may be given together with its own manifests. */
function take(loader: Loader, file: string, taken: Set<string>, at: SourcePosition | null): void {
  const key = file === '-' ? '-' : resolve(file)
  if (taken.has(key)) return
  taken.add(key)
  loader.add({ name: file, text: readText(file, at) })
}

/** Manifests lie beside their Scenario or below it: a file from elsewhere must not read what its reader did not name. */
function manifestPath(scenario: string, manifest: string, at: SourcePosition): string {
  if (scenario === '-') throw inputError('a Scenario from standard input cannot name manifests', undefined, at)
  const path = join(dirname(scenario), manifest)
  const inside = relative(dirname(scenario), path)
  const real = attempt(path, at, () => relative(realpathSync(dirname(scenario)), realpathSync(path)))
  if (isAbsolute(manifest) || [inside, real].some((way) => isAbsolute(way) || /^\.\.([\\/]|$)/.test(way))) {
    throw inputError(`manifest ${manifest} lies outside the Scenario's folder`, 'a path below it', at)
  }
  return path
}

function filesOf(path: string, at: SourcePosition | null = null): string[] {
  if (path === '-') return ['-']
  const stat = attempt(path, at, () => statSync(path))
  if (stat.isCharacterDevice() || stat.isBlockDevice()) throw inputError(`${path}: this is a device`, 'a file', at)
  if (!stat.isDirectory()) return [path]
  const files = attempt(path, at, () => readdirSync(path, { withFileTypes: true }))
    .filter((entry) => !entry.isDirectory() && EXTENSIONS.test(entry.name))
    .map((entry) => join(path, entry.name))
    .sort()
  if (files.length === 0)
    throw inputError(`${path}: this folder holds no manifest`, '.yaml, .yml, .json or .ndjson files', at)
  return files
}

function readText(file: string, at: SourcePosition | null): string {
  if (file !== '-') {
    const { size } = attempt(file, at, () => statSync(file))
    if (size > MAX_TEXT) throw inputError(`${file}: ${Math.round(size / 1e6)} MB in one file`, 'at most 500 MB', at)
  }
  return decode(attempt(file, at, () => (file === '-' ? readAll(STDIN) : readFileSync(file))))
}

/** UTF-8, or UTF-16 where a byte order mark says so: PowerShell's `>` writes that. */
function decode(bytes: Uint8Array): string {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}

/** A pipe that its writer made non-blocking answers EAGAIN while it is empty: then it is asked again. */
function readAll(descriptor: number): Uint8Array {
  const chunks: Uint8Array[] = []
  for (;;) {
    const chunk = Buffer.allocUnsafe(1 << 16)
    try {
      const length = readSync(descriptor, chunk)
      if (length === 0) return Buffer.concat(chunks)
      chunks.push(chunk.subarray(0, length))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EOF') return Buffer.concat(chunks)
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'this is a folder',
  ENOTDIR: 'no such file or folder',
  ELOOP: 'too many symbolic links',
}

function attempt<T>(path: string, at: SourcePosition | null, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof InputError) throw error
    const { code = '', message } = error as NodeJS.ErrnoException
    throw inputError(`${path}: ${REASONS[code] ?? message}`, undefined, at)
  }
}
