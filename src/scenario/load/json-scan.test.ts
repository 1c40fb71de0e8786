import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type JsonError, JsonScanner } from './json-scan.ts'

const end = (text: string): number => {
  const scanner = new JsonScanner(text)
  return scanner.space(scanner.skip(0))
}

describe('JsonScanner', () => {
  it('agrees with JSON.parse on what is JSON', () => {
    fc.assert(fc.property(fc.json(), (text) => void expect(end(text)).toBe(text.length)))
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 3 }),
        fc.nat(),
        fc.constantFrom('', ',', '}', '"', '1', '\\', 'x'),
        (text, n, put) => {
          const broken = text.slice(0, n % text.length) + put + text.slice((n % text.length) + 1)
          let valid = true
          try {
            JSON.parse(broken)
          } catch {
            valid = false
          }
          if (valid) expect(end(broken)).toBe(broken.length)
          else expect(() => expect(end(broken)).toBe(broken.length)).toThrow()
        },
      ),
    )
  })

  it('says where and what was expected', () => {
    const fault = (text: string): JsonError | null => {
      try {
        new JsonScanner(text).skip(0)
        return null
      } catch (error) {
        return error as JsonError
      }
    }
    expect(fault('{"a": 1,, "b": 2}')).toMatchObject({ offset: 8, expected: 'a property name in double quotes' })
    expect(fault('{"a" 1}')).toMatchObject({ offset: 5, expected: "':'" })
    expect(fault('[1 2]')).toMatchObject({ offset: 3, expected: "',' or ']'" })
    expect(fault('"abc')).toMatchObject({ offset: 4 })
    expect(fault('[01]')).toMatchObject({ offset: 2 })
    expect(fault('['.repeat(100_000))).toMatchObject({ expected: 'at most 200 levels of nesting' })
  })

  it('finds the value a path leads to, or the nearest one above it', () => {
    const text = '{"a": {"b": [10, {"c\\n": "x"}]}, "d": null}'
    const scanner = new JsonScanner(text)
    expect(text.slice(scanner.find(0, ['a', 'b', 1, 'c\n']))).toMatch(/^"x"/)
    expect(text.slice(scanner.find(0, ['a', 'b', 7, 'c']))).toMatch(/^\[10/)
    expect(text.slice(scanner.find(0, ['d', 'e']))).toMatch(/^null/)
    expect([...scanner.members(0)].map((m) => text.slice(m.start, m.end))[1]).toBe('null')
  })
})
