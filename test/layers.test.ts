import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = resolve(import.meta.dirname, '../src')

/**
 * The house, top down. A folder may import the folders above it; where a list is given, only those.
 * The most specific entry counts: `kube/node` before `kube`.
 */
const ROOMS: readonly (readonly [room: string, only?: readonly string[]])[] = [
  ['util', []],
  ['wire', ['util']],
  ['sim', ['util']],
  ['trace', ['util', 'wire']],
  ['pki', ['util', 'trace']],
  ['tls', ['util', 'trace', 'pki']],
  ['linux', ['util', 'wire', 'sim', 'trace']],
  ['app'],
  ['kube/api'],
  ['kube/control'],
  ['kube/node'],
  ['explain', ['util', 'wire', 'trace']],
  ['scenario'],
  ['export'],
  ['host'],
  ['ui'],
  ['cli'],
  ['index.ts'],
]
/** Folders that a room below may not see although they lie above it. */
const FORBIDDEN: Readonly<Record<string, readonly string[]>> = { ui: ['kube', 'linux'], host: [], cli: [] }
/** The engine has no clock, chance or I/O of its own; these folders may (scenario only to load files). */
const OUTSIDE_ENGINE = ['host', 'ui', 'cli', 'scenario']

interface Import {
  readonly from: string
  readonly to: string
  /** `import type`: gone at run time, so it may close a circle of types, but points down like any other. */
  readonly typeOnly: boolean
}

const files = sources(SRC)
const imports = files.flatMap(importsOf)

describe('imports', () => {
  it('point only down the house', () => {
    expect(imports.filter((i) => !allowed(i)).map((i) => `${i.from} -> ${i.to}`)).toEqual([])
  })

  it('form no cycle between files', () => {
    expect(cycle(imports.filter((i) => !i.typeOnly))).toEqual([])
  })

  it('name files that are in a room', () => {
    expect(files.filter((file) => roomOf(file) < 0)).toEqual([])
  })
})

describe('the engine', () => {
  const engine = files.filter(
    (file) => !OUTSIDE_ENGINE.some((room) => file.startsWith(`${room}/`)) && file !== 'index.ts',
  )

  it.each([
    ['the wall clock', /\bDate\.now\(|\bnew Date\(\)|performance\.now\(|process\.hrtime/],
    ['Math.random', /\bMath\.random\b/],
    [
      'promises',
      /\basync\b|\bawait\b|\bnew Promise\b|\bPromise\.|setTimeout\(|setInterval\(|setImmediate\(|queueMicrotask\(/,
    ],
    ['I/O', /from 'node:(fs|net|dgram|http|https|tls|child_process|os|dns|worker_threads)(\/promises)?'/],
  ])('has no %s', (_what, pattern) => {
    const found = engine.filter((file) => pattern.test(withoutComments(readFileSync(join(SRC, file), 'utf8'))))
    expect(found).toEqual([])
  })
})

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name) && !name.endsWith('.d.ts'))
    .sort()
}

function importsOf(file: string): Import[] {
  const text = withoutComments(readFileSync(join(SRC, file), 'utf8'))
  const found = text.matchAll(
    /(?:^(?:import|export)\s+(type\s)?[^'";]*?\bfrom\s+|\bimport\s*\(\s*|^import\s+)'(\.[^']+)'/gm,
  )
  const code = [...found].filter(([, , path]) => !path.endsWith('.json'))
  return code.map(([, type, path]) => ({
    from: file,
    to: relative(SRC, resolve(SRC, dirname(file), path)),
    typeOnly: type !== undefined,
  }))
}

function roomOf(file: string): number {
  return ROOMS.findIndex(([room]) => file === room || file.startsWith(`${room}/`))
}

function allowed({ from, to }: Import): boolean {
  const here = roomOf(from)
  const there = roomOf(to)
  if (here === there) return true
  if (there < 0 || there > here) return false
  const target = ROOMS[there][0]
  const only = ROOMS[here][1]
  if (only !== undefined) return only.includes(target)
  return !(FORBIDDEN[ROOMS[here][0]] ?? []).some((room) => target === room || target.startsWith(`${room}/`))
}

/** The first cycle found, as the files on it; empty when there is none. */
function cycle(edges: readonly Import[]): string[] {
  const next = new Map<string, Import[]>()
  for (const edge of edges) next.set(edge.from, [...(next.get(edge.from) ?? []), edge])
  const state = new Map<string, 'open' | 'done'>()
  const path: string[] = []
  const visit = (file: string): string[] => {
    if (state.get(file) === 'done') return []
    if (state.get(file) === 'open') return [...path.slice(path.indexOf(file)), file]
    state.set(file, 'open')
    path.push(file)
    for (const edge of next.get(file) ?? []) {
      const found = visit(edge.to)
      if (found.length > 0) return found
    }
    path.pop()
    state.set(file, 'done')
    return []
  }
  for (const file of next.keys()) {
    const found = visit(file)
    if (found.length > 0) return found
  }
  return []
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '')
}
