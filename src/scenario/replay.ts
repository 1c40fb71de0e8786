import type { Nanos } from '../sim/time.ts'
import { SECOND } from '../sim/time.ts'
import type { SourcePosition } from '../util/diagnostics.ts'
import type { Emulation } from './emulation.ts'
import type { Lifecycle } from './lifecycle/lifecycle.ts'
import { durationOf } from './load/duration.ts'
import type { Operation, Scenario } from './load/scenario-kind.ts'
import { perform } from './operations.ts'
import { runStep } from './run.ts'

/** Something the user did at a moment of virtual time, so that it can be done again. */
export interface RecordedAction {
  readonly at: Nanos
  readonly operation: Operation
}

/** How long an action is watched for what comes of it, at most. */
const AFTERMATH: Nanos = 90 * SECOND
const QUIET: Nanos = 3 * SECOND

/**
 * Plays a scenario from the start, with the user's actions at their times among its steps, and then until everything has come
 * to rest. The emulation must be fresh. An action that falls into a step is carried out when the step is over. Throws
 * InputError when a step or an action names what is not there.
 */
export function replay(emulation: Emulation, scenario: Scenario | null, actions: readonly RecordedAction[]): void {
  const pending = [...actions].sort((a, b) => a.at - b.at)
  const actUntil = (time: Nanos): void => {
    while (pending.length > 0 && pending[0].at <= time) act(emulation, pending.shift()!)
  }
  for (const step of scenario?.steps ?? []) {
    actUntil(step.start ?? emulation.now)
    runStep(emulation, step)
  }
  const awaited = (scenario?.expect ?? []).map(({ by }) => (by === undefined ? 0 : durationOf(by)))
  const end = Math.max(emulation.now, ...awaited)
  actUntil(end)
  if (end > emulation.now) emulation.advance(end - emulation.now)
  if (scenario === null) emulation.life?.settle()
  actUntil(Number.POSITIVE_INFINITY)
  if (actions.length > 0 && emulation.life !== null) comeToRest(emulation, emulation.life)
}

function act(emulation: Emulation, { at, operation }: RecordedAction): void {
  if (at > emulation.now) emulation.advance(at - emulation.now)
  perform(emulation, operation, BY_HAND)
}

/** Where an action comes from that no file asked for. */
export const BY_HAND: SourcePosition = { file: 'what was done by hand', line: 1, column: 1 }

function comeToRest(emulation: Emulation, life: Lifecycle): void {
  const end = emulation.now + AFTERMATH
  do emulation.advance(SECOND)
  while (emulation.now < end && !(life.isSettled && life.store.list('Pod').every(isStaying)))
  emulation.advance(QUIET)
}

const isStaying = ({ meta }: { readonly meta: { readonly deletionTimestamp: Nanos | null } }): boolean =>
  meta.deletionTimestamp === null
