import { expect, test } from 'vitest'
import { Rng } from './rng.ts'

const draw = (rng: Rng, count: number): number[] => Array.from({ length: count }, () => rng.u32())

test('the same seed gives the same numbers, another seed others', () => {
  expect(draw(new Rng(7), 20)).toEqual(draw(new Rng('7'), 20))
  expect(draw(new Rng(7), 20)).not.toEqual(draw(new Rng(8), 20))
})

test('these very numbers, on any machine', () => {
  expect(draw(new Rng(1), 4)).toMatchInlineSnapshot(`
    [
      3558773313,
      773539915,
      1722989441,
      438276158,
    ]
  `)
})

test('a fork is a stream of its own: drawing from the parent changes nothing in it', () => {
  const parent = new Rng(7)
  const before = draw(parent.fork('tcp'), 5)
  draw(parent, 100)
  expect(draw(parent.fork('tcp'), 5)).toEqual(before)
  expect(draw(parent.fork('udp'), 5)).not.toEqual(before)
})

test('numbers stay in their ranges and fill them', () => {
  const rng = new Rng('ranges')
  const counts = new Array(10).fill(0)
  for (let i = 0; i < 10000; i++) {
    counts[rng.below(10)]++
    expect(rng.u16()).toBeLessThan(0x10000)
    const x = rng.float()
    expect(x >= 0 && x < 1).toBe(true)
  }
  // 1000 each, with a standard deviation of 30.
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(180)
  expect(rng.bytes(33).length).toBe(33)
})

test('next gives another stream each time, the same ones for the same seed', () => {
  const streams = (): number[][] => {
    const rng = new Rng(7)
    return [draw(rng.next('curl'), 5), draw(rng.next('curl'), 5), draw(rng.next('dig'), 5)]
  }
  const [first, second, third] = streams()
  expect(first).not.toEqual(second)
  expect(first).not.toEqual(third)
  expect(first).toEqual(draw(new Rng(7).fork('curl'), 5))
  expect(streams()).toEqual([first, second, third])
})
