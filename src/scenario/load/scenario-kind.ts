import type { z } from 'zod'
import type { Nanos } from '../../sim/time.ts'
import type { SourcePosition } from '../../util/diagnostics.ts'
import { nearest } from '../../util/near.ts'
import { durationOf } from './duration.ts'
import type { ObjectReader } from './fields.ts'
import {
  type ClusterSettings,
  EXPECTABLE,
  type FinalExpectation,
  OPERATIONS,
  type OperationName,
  type ScenarioSpec,
  type StepExpectation,
  type StepSpec,
  scenarioSchema,
} from './scenario-schema.ts'

/** What a step does: `{ name: 'ping', ping: { from, to, … } }`. */
export type Operation = {
  [K in OperationName]: { readonly name: K; readonly with: NonNullable<StepSpec[K]> }
}[OperationName]

export interface ScenarioStep {
  readonly at: SourcePosition
  /** null: when the step before is over. */
  readonly start: Nanos | null
  readonly label: string
  readonly operation: Operation
  readonly expect: StepExpectation | null
}

/** A Scenario as it was read: its operations checked in form, its endpoints not yet looked up. */
export interface Scenario {
  readonly at: SourcePosition
  readonly name: string
  readonly title: string
  readonly description: string
  readonly seed: number
  readonly cluster: ClusterSettings
  readonly manifests: readonly { readonly path: string; readonly at: SourcePosition }[]
  readonly steps: readonly ScenarioStep[]
  readonly expect: readonly (FinalExpectation & { readonly at: SourcePosition })[]
}

export function readScenario(reader: ObjectReader): Scenario | null {
  // A Scenario or two: to compile each schema (new Function) takes longer than to interpret it.
  const parsed = scenarioSchema.safeParse(reader.raw.value, { jitless: true })
  if (!parsed.success) {
    for (const issue of parsed.error.issues) report(reader, issue)
    return null
  }
  const { metadata, spec } = parsed.data
  const here = (...path: (string | number)[]): SourcePosition => reader.raw.at(['spec', ...path])
  return {
    at: reader.raw.at([]),
    name: metadata.name,
    title: spec.title,
    description: spec.description ?? '',
    seed: spec.seed,
    cluster: spec.cluster,
    manifests: spec.manifests.map((path, i) => ({ path, at: here('manifests', i) })),
    steps: readSteps(reader, spec),
    expect: spec.expect.map((entry, i) => ({ ...entry, at: here('expect', i) })),
  }
}

function readSteps(reader: ObjectReader, spec: ScenarioSpec): ScenarioStep[] {
  let latest = 0
  return spec.steps.flatMap((step, i) => {
    const path = ['spec', 'steps', i]
    const names = OPERATIONS.filter((name) => step[name] !== undefined)
    if (names.length !== 1) {
      const found = names.length === 0 ? 'does nothing' : `does several things (${names.join(', ')})`
      reader.fail(path, `step ${i + 1} ${found}: it takes one of ${OPERATIONS.join(', ')}`)
      return []
    }
    const [name] = names
    const start = step.at === undefined ? null : durationOf(step.at)
    if (start !== null && start < latest) reader.fail([...path, 'at'], `step ${i + 1} begins before the step above it`)
    latest = Math.max(latest, start ?? 0)
    checkExpectation(reader, [...path, 'expect'], name, step.expect)
    const operation = { name, with: step[name] } as Operation
    return [{ at: reader.raw.at(path), start, label: step.name ?? '', operation, expect: step.expect ?? null }]
  })
}

function checkExpectation(
  reader: ObjectReader,
  path: (string | number)[],
  name: OperationName,
  expect: StepExpectation | undefined,
): void {
  for (const key of Object.keys(expect ?? {}) as (keyof StepExpectation)[]) {
    if (EXPECTABLE[name].includes(key)) continue
    const can =
      EXPECTABLE[name].length === 0 ? 'nothing can be expected of it' : `one of ${EXPECTABLE[name].join(', ')}`
    reader.fail([...path, key], `${name} cannot be expected to have "${key}": ${can}`)
  }
}

function report(reader: ObjectReader, issue: z.core.$ZodIssue): void {
  const path = issue.path.filter((part) => typeof part !== 'symbol')
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) reader.fail([...path, key], unknownField(path, key))
    return
  }
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
  const name = dotted(path)
  const message = issue.message.replace(/^Invalid \w+: /, '')
  reader.fail(path, missing ? `${name}: Required value` : `${name}: ${message}`)
}

function unknownField(path: readonly (string | number)[], key: string): string {
  const inStep = path.length === 3 && path[1] === 'steps'
  const near = inStep ? nearest(key, OPERATIONS) : []
  const hint =
    near.length > 0 ? `: did you mean ${near.join(' or ')}?` : inStep ? `: steps are ${OPERATIONS.join(', ')}` : ''
  return `unknown field "${dotted([...path, key])}"${hint}`
}

const dotted = (path: readonly (string | number)[]): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '')
