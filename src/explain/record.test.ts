import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Step } from '../trace/step.ts'
import { StepIndex } from './record.ts'

/** Steps with ascending ids, gaps among them as where recording was off, each caused by an earlier one or by none. */
const record: fc.Arbitrary<Step[]> = fc
  .array(fc.tuple(fc.constantFrom(1, 1, 1, 2, 7), fc.nat(), fc.nat(8)), { maxLength: 60 })
  .map((drawn) => {
    const steps: Step[] = []
    for (const [gap, chance, packet] of drawn) {
      const id = (steps.at(-1)?.id ?? 0) + gap
      const cause = chance % id
      steps.push({ id, at: 0, place: 0, cause, packet, frame: null, event: { kind: 'transmit' } })
    }
    return steps
  })

const indexOf = (steps: readonly Step[]): StepIndex =>
  new StepIndex({ steps, places: [], frame: () => new Uint8Array() })

describe('StepIndex', () => {
  it('finds a step by its id, whatever gaps there are', () => {
    fc.assert(
      fc.property(record, (steps) => {
        const index = indexOf(steps)
        for (let id = -1; id <= (steps.at(-1)?.id ?? 0) + 2; id++) {
          expect(index.step(id)).toBe(steps.find((step) => step.id === id) ?? null)
        }
      }),
    )
  })

  it('knows the packets that a packet led to, in the order they began', () => {
    fc.assert(
      fc.property(record, (steps) => {
        const index = indexOf(steps)
        const descends = (packet: number, from: number): boolean => {
          for (let at = index.parent(packet); at !== 0; at = index.parent(at)) if (at === from) return true
          return false
        }
        for (const packet of index.packets()) {
          expect(index.descendants(packet)).toEqual([...index.packets()].filter((other) => descends(other, packet)))
        }
      }),
    )
  })

  it('takes in steps as they are added', () => {
    fc.assert(
      fc.property(record, fc.nat(), (steps, cut) => {
        const growing = steps.slice(0, cut % (steps.length + 1))
        const index = indexOf(growing)
        for (const { packet } of growing) index.ofPacket(packet)
        growing.push(...steps.slice(growing.length))
        for (const { packet } of steps) expect(index.ofPacket(packet)).toEqual(indexOf(steps).ofPacket(packet))
      }),
    )
  })
})
