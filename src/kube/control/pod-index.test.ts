import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Labels, NO_LABELS, selects } from '../api/meta.ts'
import type { Pod } from '../api/pod.ts'
import type { PodPlace } from './endpoint-slices.ts'
import { PodIndex } from './pod-index.ts'

const word = fc.constantFrom('a', 'b', 'app', '__proto__', 'constructor')
const labels: fc.Arbitrary<Labels> = fc
  .array(fc.tuple(word, word), { maxLength: 3 })
  .map((pairs) => Object.fromEntries(pairs))
const place = fc.record({ namespace: fc.constantFrom('x', 'y'), labels }).map(({ namespace, labels }): PodPlace => {
  const meta = { namespace, name: 'pod', labels, annotations: NO_LABELS, at: null }
  return { pod: { meta } as Pod, addresses: [], zone: '' }
})

describe('PodIndex', () => {
  it('leaves out only pods that a selector does not choose, and keeps their order', () => {
    fc.assert(
      fc.property(fc.array(place), fc.array(labels), (places, selectors) => {
        const index = new PodIndex(places, selectors)
        for (const selector of selectors) {
          for (const namespace of ['x', 'y', 'z']) {
            const chosen = ({ pod }: PodPlace): boolean =>
              pod.meta.namespace === namespace && selects(selector, pod.meta.labels)
            const found = index.candidates(namespace, selector)
            expect(found.filter(chosen)).toEqual(places.filter(chosen))
            expect(found.every(({ pod }) => pod.meta.namespace === namespace)).toBe(true)
          }
        }
      }),
    )
  })
})
