import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../../util/diagnostics.ts'
import { Emulation } from '../emulation.ts'
import { load } from './load.ts'
import { MAX_TEXT, Problems } from './source.ts'
import { yamlObjects } from './yaml.ts'

// Whatever is given, a cluster is built of it or an InputError says why not. A fixed seed keeps the tests the same.
const RUNS = { seed: 20, numRuns: 150 }
const SCENARIOS = join(import.meta.dirname, '../../../scenarios')
const texts = readdirSync(SCENARIOS)
  // Not all: the seed should give the same runs when scenarios are added.
  .filter((name) => /^(0|2).*\.yaml$/.test(name))
  .map((name) => readFileSync(join(SCENARIOS, name), 'utf8'))

/** The objects of the shipped scenarios, each scenario's by themselves: what mutations begin with. */
const inputs = texts.map((text) => [...yamlObjects({ name: 's.yaml', text }, new Problems())].map((o) => o.value))

/** Builds and traces between the first and last pod; null when the input was refused with a place and a reason. */
function build(text: string, name: string): Emulation | null {
  try {
    const emulation = new Emulation(load([{ name, text }]), { recording: 'frames' })
    const { pods } = emulation.inventory
    if (pods.length === 0) return emulation
    const [from, to] = [pods[0], pods.at(-1)!].map(({ meta }) => `pod/${meta.namespace}/${meta.name}`)
    emulation.trace({ from, to, proto: 'icmp' })
    return emulation
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    expect(error.diagnostics.length).toBeGreaterThan(0)
    for (const { message } of error.diagnostics) expect(message).not.toBe('')
    return null
  }
}

const ODD = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    0,
    -1,
    65_536,
    1e300,
    true,
    [],
    {},
    [null],
    [[]],
    '10.244.1.2',
    '10.244.0.0/33',
    '::/0',
    '0.0.0.0',
    '255.255.255.255',
    'fe80::1%eth0',
    '__proto__',
    'a'.repeat(300),
    '../x',
    'None',
  ),
  fc.jsonValue({ maxDepth: 2 }),
)

/** Every place in a value, as a path. */
function places(value: unknown, path: readonly string[] = []): string[][] {
  const below =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, v]) => places(v, [...path, key]))
      : []
  return path.length === 0 ? below : [[...path], ...below]
}

const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce((within, step) => (within as Record<string, unknown>)[step], value)

/** A copy with something else at `path`; `undefined` takes the field away. */
function changed(value: unknown, [step, ...rest]: readonly string[], put: unknown): unknown {
  if (step === undefined) return put
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...(value as object) }
  const fields = copy as Record<string, unknown>
  const next = changed(fields[step], rest, put)
  if (next === undefined) delete fields[step]
  else Object.defineProperty(copy, step, { value: next, enumerable: true, configurable: true, writable: true })
  return copy
}

describe('input of any shape', () => {
  it('with fields that hold something else, or nothing, is refused with a reason or built', () => {
    // What is put is odd, or what stands elsewhere in the same object, which is built more often.
    const put = fc.oneof(fc.record({ odd: fc.option(ODD, { nil: undefined }) }), fc.record({ from: fc.nat() }))
    const mutation = fc.record({ which: fc.nat(), where: fc.nat(), put })
    const runs = { ...RUNS, numRuns: 200 }
    let built = 0
    fc.assert(
      fc.property(fc.nat(), fc.array(mutation, { minLength: 1, maxLength: 3 }), (start, mutations) => {
        const some = inputs[start % inputs.length].slice(0, 6)
        for (const { which, where, put } of mutations) {
          const i = which % some.length
          const all = places(some[i])
          if (all.length === 0) continue
          const value = 'from' in put ? at(some[i], all[put.from % all.length]) : put.odd
          some[i] = changed(some[i], all[where % all.length], value)
        }
        if (build(some.map((o) => JSON.stringify(o) ?? 'null').join('\n'), 'in.ndjson') !== null) built++
      }),
      runs,
    )
    // One in thirty: a test that only sees refusals would show nothing.
    expect(built).toBeGreaterThan(runs.numRuns / 30)
  })

  it('with characters cut out, put in or doubled is refused with a reason or built', () => {
    const edit = fc.record({
      at: fc.nat(),
      cut: fc.nat({ max: 12 }),
      put: fc.constantFrom(
        '',
        '\t',
        '\r\n',
        '---\n',
        ': ',
        '- ',
        '{',
        ']',
        '&a ',
        '*a',
        '!!binary ',
        '|',
        '"',
        '#',
        '\ufeff',
      ),
    })
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 4 }), (text, edits) => {
        let mutated = text
        for (const { at, cut, put } of edits) {
          const offset = at % mutated.length
          mutated = mutated.slice(0, offset) + put + mutated.slice(offset + cut)
        }
        build(mutated, 'in.yaml')
      }),
      RUNS,
    )
  })

  it('of random bytes and random structure is refused with a reason or built', () => {
    for (const name of ['in.yaml', 'in.json'])
      fc.assert(
        fc.property(fc.oneof(fc.string({ maxLength: 200 }), fc.json()), (text) => void build(text, name)),
        RUNS,
      )
  })

  it('of impossible size is refused before it is read', () => {
    const text = { length: MAX_TEXT + 1 } as unknown as string
    expect(() => load([{ name: 'in.json', text }])).toThrow(/MB in one file, expected at most 500 MB/)
  })
})
