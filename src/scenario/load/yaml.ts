import { type Document, isAlias, isMap, isSeq, LineCounter, type Node, type ParsedNode, parseAllDocuments } from 'yaml'
import type { SourcePosition } from '../../util/diagnostics.ts'
import { MAX_YAML, type Problems, type RawObject, type Source } from './source.ts'

/** An alias may multiply a document at most this often: what a YAML bomb does is to multiply it by millions. */
const MAX_ALIASES = 100

const TOO_DEEP = 'this YAML is nested too deeply to be read'

/**
 * Objects of a YAML text: its documents, and the items of those that are Lists. Scalars are read as the API server's
 * decoder reads them (YAML 1.1: `yes` and `on` are booleans), but dates stay strings.
 */
export function* yamlObjects(source: Source, problems: Problems): Generator<RawObject> {
  if (source.text.length > MAX_YAML) {
    const size = `${Math.round(source.text.length / 1e6)} MB of YAML`
    problems.error(
      { file: source.name, line: 1, column: 1 },
      size,
      `at most ${MAX_YAML / 1048576} MiB; -o json has no such limit`,
    )
    return
  }
  const lines = new LineCounter()
  for (const document of parse(source, lines, problems)) {
    const deep = document.errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION')
    if (deep !== undefined) {
      problems.error(position(source, lines, deep.pos[0]), TOO_DEEP)
      return
    }
    for (const { code, message, pos } of document.errors) {
      problems.error(position(source, lines, pos[0]), `${firstLine(message)} (YAML ${code})`)
    }
    if (document.errors.length > 0 || document.contents === null) continue
    for (const node of itemsOf(document)) {
      const value = plain(node, document, (message) => problems.error(startOf(source, lines, node), message))
      if (value !== undefined) yield { value, at: (path) => locate(source, lines, node, document, path) }
    }
  }
}

function parse(source: Source, lineCounter: LineCounter, problems: Problems): Document.Parsed[] {
  try {
    const documents = parseAllDocuments(source.text, {
      lineCounter,
      prettyErrors: false,
      schema: 'yaml-1.1',
      merge: true,
      logLevel: 'error',
      customTags: (tags) =>
        tags.filter((tag) => typeof tag === 'string' || (!tag.tag.endsWith(':timestamp') && tag.format !== 'TIME')),
    })
    return Array.isArray(documents) ? documents : []
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    problems.error({ file: source.name, line: 1, column: 1 }, TOO_DEEP)
    return []
  }
}

function itemsOf(document: Document.Parsed): readonly Node[] {
  const root = document.contents as ParsedNode
  if (isSeq(root)) return root.items as Node[]
  const items = isMap(root) ? root.get('items', true) : null
  return isSeq(items) ? (items.items as Node[]) : [root]
}

function plain(node: Node, document: Document.Parsed, fail: (message: string) => void): unknown {
  try {
    return node.toJS(document, { maxAliasCount: MAX_ALIASES })
  } catch (error) {
    if (error instanceof ReferenceError) fail(`aliases expand this document beyond reason: ${firstLine(error.message)}`)
    else if (error instanceof RangeError) fail(TOO_DEEP)
    else throw error
    return undefined
  }
}

function locate(
  source: Source,
  lines: LineCounter,
  root: Node,
  document: Document.Parsed,
  path: readonly (string | number)[],
): SourcePosition {
  let here = root
  for (const step of path) {
    const next: unknown = isMap(here) || isSeq(here) ? here.get(step, true) : undefined
    const resolved = isAlias(next) ? next.resolve(document) : next
    if (resolved === undefined || resolved === null || typeof resolved !== 'object') break
    here = resolved as Node
  }
  return startOf(source, lines, here)
}

const startOf = (source: Source, lines: LineCounter, node: Node): SourcePosition =>
  position(source, lines, node.range?.[0] ?? 0)

function position(source: Source, lines: LineCounter, offset: number): SourcePosition {
  const { line, col } = lines.linePos(offset)
  return { file: source.name, line: Math.max(line, 1), column: Math.max(col, 1) }
}

const firstLine = (message: string): string => message.split('\n', 1)[0].replace(/[.:]$/, '')
