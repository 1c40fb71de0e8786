import { type Process, spawn } from '../../../sim/process.ts'
import type { Simulation } from '../../../sim/simulation.ts'
import { MAX_TIME, type Nanos, SECOND } from '../../../sim/time.ts'
import { SocketError } from '../error.ts'

/** Runs a program to its end and gives what it returned; fails when it is not over by `limit`. */
export function run<T>(simulation: Simulation, program: () => Process<T>, limit: Nanos = 3600 * SECOND): T {
  const task = spawn(simulation, program(), 'test')
  simulation.runWhile(() => task.outcome === null, Math.min(MAX_TIME, simulation.now + limit))
  if (task.outcome?.kind !== 'returned') throw new Error(`the program is ${task.outcome?.kind ?? 'still waiting'}`)
  return task.outcome.value
}

/** The errno a call fails with, or 'none'. */
export function errnoOf(call: () => unknown): string {
  try {
    call()
    return 'none'
  } catch (error) {
    if (error instanceof SocketError) return error.errno
    throw error
  }
}

/** As `errnoOf`, of a process. */
export function* failing(program: Process<unknown>): Process<string> {
  try {
    yield* program
    return 'none'
  } catch (error) {
    if (error instanceof SocketError) return error.errno
    throw error
  }
}
