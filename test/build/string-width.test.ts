import module from 'node:module'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import stringWidth from 'string-width'
import { expect, it } from 'vitest'
import { ONE_CELL } from '../../src/util/one-cell.ts'

// As the bundle has it: CommonJS, with the real string-width behind it.
const file = join(import.meta.dirname, '../../node_modules/.cache/string-width.cjs')
const entry = join(import.meta.dirname, '../../.build/string-width.mjs')
buildSync({ entryPoints: [entry], outfile: file, bundle: true, platform: 'node', format: 'cjs' })
const { default: light } = module.createRequire(import.meta.url)(file) as { default: typeof stringWidth }

const characters = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter((c) =>
  ONE_CELL.test(c),
)

it('each character that is said to take one cell takes one cell, alone and beside any other', () => {
  expect(characters).toContain('─')
  for (const one of characters) {
    expect([one, stringWidth(one)]).toEqual([one, 1])
    expect([one, stringWidth(characters.join(one))]).toEqual([one, 2 * characters.length - 1])
  }
})

it('loads the real one for nothing but what needs it', () => {
  const { Segmenter } = Intl
  let made = 0
  const counting = class extends Segmenter {
    constructor() {
      super()
      made++
    }
  }
  const become = (value: typeof Segmenter): object => Object.defineProperty(Intl, 'Segmenter', { value })
  become(counting)
  for (const text of ['', 'web', '── web ──', '\u001b[1m→ web\u001b[0m']) light(text)
  expect(made).toBe(0)
  light('가')
  expect(made).toBe(1)
  become(Segmenter)
})

it.each([
  '',
  'web',
  '── web ──',
  '\u001b[1m── web ──\u001b[0m',
  '가나다',
  '\u1100\u1161',
  '👩‍💻 web',
  '▶️',
  '▶',
  '가 →',
  'e\u0301',
  '\t',
  '3️⃣',
])('%j is as wide as string-width has it', (text) => {
  expect(light(text)).toBe(stringWidth(text))
  expect(light(text, { ambiguousIsNarrow: false })).toBe(stringWidth(text, { ambiguousIsNarrow: false }))
  expect(light(text, { countAnsiEscapeCodes: true })).toBe(stringWidth(text, { countAnsiEscapeCodes: true }))
})
