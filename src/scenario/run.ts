import type { CarriedRecord } from '../explain/request/segments.ts'
import { type TimelineEntry, timelineOf } from '../explain/timeline/timeline.ts'
import type { Nanos } from '../sim/time.ts'
import { formatAddress, parseAddress, sameAddress } from '../util/address.ts'
import { type Diagnostic, inputError, type SourcePosition } from '../util/diagnostics.ts'
import { formatTarget } from './directory.ts'
import type { Emulation } from './emulation.ts'
import { judgeLife } from './lifecycle/judge.ts'
import type { TrafficSummary } from './lifecycle/traffic.ts'
import { durationOf } from './load/duration.ts'
import type { Scenario, ScenarioStep } from './load/scenario-kind.ts'
import type { FinalExpectation } from './load/scenario-schema.ts'
import { perform } from './operations.ts'
import { type Failure, judge, type Outcome } from './outcome.ts'
import { handshakesSince } from './tls/operations.ts'

/** One step as it went. */
export interface StepReport {
  readonly step: ScenarioStep
  /** When it began, in nanoseconds of virtual time. */
  readonly began: Nanos
  readonly ended: Nanos
  readonly outcome: Outcome
  /** Of a request over https: its handshake, in a few lines read from the record. */
  readonly exchange: readonly string[]
  /** Records of TLS that never came through, with the hop where their segments ended. */
  readonly lost: readonly CarriedRecord[]
  /** Empty when everything expected of it held. */
  readonly failures: readonly Failure[]
}

export interface ScenarioReport {
  readonly scenario: Scenario
  readonly seed: number
  readonly steps: readonly StepReport[]
  /** Expectations of the whole that did not hold. */
  readonly failures: readonly (Failure & { readonly at: SourcePosition })[]
  readonly ok: boolean
  /** What lived and died meanwhile; empty for a cluster that stands still. */
  readonly timeline: readonly TimelineEntry[]
  readonly traffic: readonly TrafficSummary[]
}

/** Runs a scenario's timeline and judges what it expects. The emulation must be fresh and made for this scenario. */
export function runScenario(emulation: Emulation, scenario: Scenario): ScenarioReport {
  const steps = scenario.steps.map((step) => runStep(emulation, step))
  const failures = scenario.expect.flatMap((expected) =>
    judgeEnd(emulation, expected).map((failure) => ({ ...failure, at: expected.at })),
  )
  const ok = failures.length === 0 && steps.every((report) => report.failures.length === 0)
  const { life, recorder, seed } = emulation
  const timeline = life === null ? [] : timelineOf(recorder)
  return { scenario, seed, steps, failures, ok, timeline, traffic: life?.traffic.summaries ?? [] }
}

/** Plays a scenario up to a moment and judges nothing; null: to its end, and what it expects to come by a time. */
export function playUntil(emulation: Emulation, scenario: Scenario, at: Nanos | null): void {
  if (at === null) {
    runScenario(emulation, scenario)
    return
  }
  emulation.playTo(at, () => {
    for (const step of scenario.steps) {
      if ((step.start ?? emulation.now) > at) break
      runStep(emulation, step)
    }
  })
}

/** Failures as diagnostics, at the step or expectation in the file. */
export function failuresOf(report: ScenarioReport): Diagnostic[] {
  const diagnostic = ({ field, expected, got }: Failure, at: SourcePosition): Diagnostic => ({
    severity: 'error',
    at,
    message: `${field} is ${got}`,
    expected,
  })
  return [
    ...report.steps.flatMap(({ step, failures }) => failures.map((failure) => diagnostic(failure, step.at))),
    ...report.failures.map((failure) => diagnostic(failure, failure.at)),
  ]
}

/** One step, at its time. Throws InputError when that has passed, or when the step names what is not there. */
export function runStep(emulation: Emulation, step: ScenarioStep): StepReport {
  if (step.start !== null) {
    if (step.start < emulation.now) {
      throw inputError(
        'this step begins before the step above it is over',
        `at: ${seconds(emulation.now)} or later`,
        step.at,
      )
    }
    emulation.advance(step.start - emulation.now)
  } else if (emulation.now === 0) {
    // The first step of a cluster that lives waits until there is something to act on.
    emulation.life?.settle()
  }
  const began = emulation.now
  const before = emulation.recorder.steps.length
  const outcome = perform(emulation, step.operation, step.at)
  const { lines: exchange, lost } = handshakesSince(emulation, before, step.operation.name)
  const expected = step.expect === null ? [] : judge(outcome, step.expect)
  const failures = outcome.kind === 'check' ? outcome.failures : expected
  return { step, began, ended: emulation.now, outcome, exchange, lost, failures }
}

const seconds = (time: Nanos): string => `${Math.ceil(time / 1e6) / 1e3}s`

/** Waits until `by` where that is still to come, then judges: by the store where the cluster lives, else by its plan. */
function judgeEnd(emulation: Emulation, { by, ...expected }: FinalExpectation & { at: SourcePosition }): Failure[] {
  const until = by === undefined ? 0 : durationOf(by)
  if (until > emulation.now) emulation.advance(until - emulation.now)
  return emulation.life === null ? judgePlace(emulation, expected) : judgeLife(emulation, expected, expected.at)
}

function judgePlace({ directory, cluster }: Emulation, expected: FinalExpectation & { at: SourcePosition }): Failure[] {
  if (expected.pod === undefined || (expected.node === undefined && expected.address === undefined)) return []
  const [namespace, name] = expected.pod.includes('/') ? expected.pod.split('/') : ['default', expected.pod]
  const target = directory.resolve({ kind: 'pod', namespace, name, port: null }, expected.at)
  if (target.kind !== 'pod') throw new Error(`a pod became ${formatTarget(target)}`)
  const failures: Failure[] = []
  const { pod } = target
  if (expected.node !== undefined && expected.node !== pod.node) {
    failures.push({ field: `node of ${expected.pod}`, expected: expected.node, got: pod.node })
  }
  const wanted = expected.address === undefined ? null : parseAddress(expected.address)
  if (wanted !== null && !cluster.addressesOf(pod).some((own) => sameAddress(own, wanted))) {
    const got = cluster.addressesOf(pod).map(formatAddress).join(', ') || 'nothing'
    failures.push({ field: `address of ${expected.pod}`, expected: expected.address!, got })
  }
  return failures
}
