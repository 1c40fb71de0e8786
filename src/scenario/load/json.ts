import type { SourcePosition } from '../../util/diagnostics.ts'
import { duplicateKeys } from './json-duplicates.ts'
import { JsonError, JsonScanner } from './json-scan.ts'
import { Lines, type Problems, type RawObject, type Source } from './source.ts'

/**
 * Objects of a JSON text: one value, values one after the other (NDJSON, `kubectl get -w -o json`), or Lists, whose
 * items come one at a time.
 */
export function* jsonObjects(source: Source, problems: Problems): Generator<RawObject> {
  const { text } = source
  const lines = new Lines(source.name, text)
  const scanner = new JsonScanner(text)
  try {
    let at = scanner.space(0)
    while (at < text.length) {
      const line = oneLine(text, at)
      const fast = line === null ? null : parseLine(text.slice(at, line))
      if (fast !== null && !isList(fast)) {
        tellDuplicates(scanner, lines, at, problems)
        yield new JsonObject(fast, scanner, lines, at)
        at = scanner.space(line!)
      } else {
        const end = scanner.skip(at)
        tellDuplicates(scanner, lines, at, problems)
        yield* objectsOf(scanner, lines, at, end)
        at = scanner.space(end)
      }
    }
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    problems.error(lines.at(error.offset), 'this is not JSON', error.expected)
  }
}

function tellDuplicates(scanner: JsonScanner, lines: Lines, at: number, problems: Problems): void {
  for (const { key, offset } of duplicateKeys(scanner, at)) {
    problems.warn(lines.at(offset), `duplicate field "${key}": this one counts`)
  }
}

/** Whether a text of unknown kind is JSON: YAML may begin with a brace too, but hardly with a brace and a quote. */
export const looksLikeJson = (text: string): boolean => /^\s*(\{\s*["}]|\[\s*\{\s*")/.test(text.slice(0, 4096))

class JsonObject implements RawObject {
  constructor(
    readonly value: unknown,
    private readonly scanner: JsonScanner,
    private readonly lines: Lines,
    private readonly start: number,
  ) {}

  at(path: readonly (string | number)[]): SourcePosition {
    return this.lines.at(path.length === 0 ? this.start : this.find(path))
  }

  /** What JSON.parse took may be nested more deeply than the scanner follows. */
  private find(path: readonly (string | number)[]): number {
    try {
      return this.scanner.find(this.start, path)
    } catch (error) {
      if (!(error instanceof JsonError)) throw error
      return this.start
    }
  }
}

/** The end of the line on which a whole object seems to stand (NDJSON), or null. */
function oneLine(text: string, at: number): number | null {
  const newline = text.indexOf('\n', at)
  const end = newline < 0 ? text.length : newline
  const last = text.charCodeAt(end - 1) === 13 ? end - 2 : end - 1
  return last > at + 1 && text[last] === '}' ? end : null
}

/** Null when it is no JSON by itself; the scanner then says why, or finds a value of several lines. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

const isList = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Array.isArray((value as { items?: unknown }).items)

function* objectsOf(scanner: JsonScanner, lines: Lines, at: number, end: number): Generator<RawObject> {
  const { text } = scanner
  if (text[at] === '[') {
    for (const element of scanner.elements(at)) yield* objectsOf(scanner, lines, element.start, element.end)
    return
  }
  if (text[at] === '{') {
    for (const member of scanner.members(at)) {
      if (member.key !== 'items' || text[member.start] !== '[') continue
      for (const item of scanner.elements(member.start)) {
        yield new JsonObject(JSON.parse(text.slice(item.start, item.end)), scanner, lines, item.start)
      }
      return
    }
  }
  yield new JsonObject(JSON.parse(text.slice(at, end)), scanner, lines, at)
}
