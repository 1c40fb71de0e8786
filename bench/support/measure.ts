import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

/**
 * Milliseconds that a piece of work took: by the wall clock, and of processor time in all threads of this process. On a
 * machine with nothing else to do the wall clock shows no more than the latter, so that goals are judged by it.
 */
export interface Span {
  readonly wall: number
  readonly cpu: number
}

export function timed<T>(work: () => T): Span & { readonly value: T } {
  const begun = process.cpuUsage()
  const start = performance.now()
  const value = work()
  const wall = performance.now() - start
  const { user, system } = process.cpuUsage(begun)
  return { wall, cpu: (user + system) / 1000, value }
}

/** The middle of several runs. */
export function typical(times: number, work: () => unknown): Span {
  const runs = Array.from({ length: times }, () => timed(work))
  return { wall: median(runs.map((run) => run.wall)), cpu: median(runs.map((run) => run.cpu)) }
}

/** Bytes in use once nothing is left to collect: what one collection frees may hold the last reference to more. */
export function settled(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let last = Number.POSITIVE_INFINITY; ; ) {
    collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    if (heapUsed + arrayBuffers >= last * 0.999) return heapUsed + arrayBuffers
    last = heapUsed + arrayBuffers
  }
}

/** Bytes that one of these weighs: of ten that are kept, so that what the measuring itself leaves behind does not show. */
export function weight(make: () => unknown): number {
  const kept = [make()]
  const before = settled()
  for (let i = 0; i < 10; i++) kept.push(make())
  return (settled() - before) / (kept.length - 1)
}

/** One line of a bench: what, figure, and whether a goal was met. */
export function line(what: string, got: number, unit: string, goal?: number, note = ''): void {
  const judged = goal === undefined ? '' : `  goal ${round(goal)} ${unit}: ${got <= goal ? 'met' : 'MISSED'}`
  console.log(`${what.padEnd(56)}${`${round(got)} ${unit}`.padStart(10)}${note}${judged}`)
}

/** Processor time, with the wall clock's beside it. */
export function time(what: string, { cpu, wall }: Span, goal?: number): void {
  line(what, cpu, 'ms', goal, `  (${round(wall)} on the wall)`.padEnd(22))
}

const round = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))
