import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByName } from './by-name.ts'

const word = fc.constantFrom('', 'a', 'b', 'a/b', '__proto__')

describe('ByName', () => {
  it('keeps what a Map of pairs keeps, in its order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word, fc.nat())), (entries) => {
        const found = new ByName<number>()
        const plain = new Map<string, number>()
        for (const [namespace, name, value] of entries) {
          const key = JSON.stringify([namespace, name])
          expect(found.set({ namespace, name }, value)).toBe(plain.has(key))
          plain.set(key, value)
        }
        expect(found.values()).toEqual([...plain.values()])
        expect(found.size).toBe(plain.size)
        for (const [namespace, name] of entries) {
          expect(found.get(namespace, name)).toBe(plain.get(JSON.stringify([namespace, name])))
        }
        expect(found.get('c', 'a')).toBeNull()
        expect(found.get('a', 'c')).toBeNull()
      }),
    )
  })
})
