import { Rng } from '../src/util/rng.ts'
import type { How } from '../test/support/tamper/conversation.ts'
import { COURSES } from '../test/support/tamper/courses.ts'
import { type Recorded, recorded, trial } from '../test/support/tamper/trial.ts'

/** Records to change: `PODWIRE_SOAK=1000000 npm run bench -- soak` is the long run. */
const RECORDS = Number(process.env.PODWIRE_SOAK ?? 20_000)
const SEED = process.env.PODWIRE_SEED ?? 'soak'
/** Records changed in one conversation, each in a fork of it: so the handshake before them runs once. */
const FORKS = 250

/**
 * Mutated records: in a conversation (a handshake, lines each way, a key update, a close) one record was flipped, overwritten,
 * cut, lost, repeated, swapped or forged, and the end that met it, in the state in which it met it, must do what the oracle has
 * from the RFCs: the right alert at the right moment, or none where there is nothing to complain of. Nothing may be heard but
 * what was said. What is otherwise is told with the seed that shows it, and the run fails.
 */
export function run(): void {
  const outcomes = new Map<string, number>()
  const wrong: string[] = []
  const begun = performance.now()
  for (let i = 0; i < RECORDS; i++) {
    const conversation = Math.floor(i / FORKS)
    if (i % FORKS === 0) current = begin(`${SEED} ${conversation}`, conversation)
    try {
      const outcome = trial(current!, new Rng(`${SEED} ${conversation} ${i % FORKS}`))
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    } catch (error) {
      wrong.push(`PODWIRE_SEED=${SEED}, record ${i}: ${error instanceof Error ? error.message : error}`)
    }
    if ((i + 1) % 50_000 === 0) console.log(`${i + 1} records, ${wrong.length} wrong, ${seconds(begun)} s`)
  }
  const { size } = outcomes
  console.log(
    `${RECORDS} mutated records, ${seconds(begun)} s: ${wrong.length} not as the RFCs have it, ${size} ways to end`,
  )
  for (const [outcome, count] of [...outcomes].sort((a, b) => b[1] - a[1]))
    console.log(`  ${outcome.padEnd(28)} ${count}`)
  for (const line of wrong.slice(0, 50)) console.log(line)
  if (wrong.length > 0) process.exitCode = 1
}

let current: Recorded | null = null

/** Every fourth conversation is traced to its end: steps are made on other roads than bytes. */
function begin(seed: string, n: number): Recorded {
  const rng = new Rng(seed)
  const how: How = {
    course: COURSES[rng.below(COURSES.length)],
    clientAuth: rng.below(2) === 0,
    resumed: rng.below(3) === 0,
    alpn: rng.below(2) === 0,
  }
  return recorded(how, seed, n % 4 === 0)
}

const seconds = (begun: number): string => ((performance.now() - begun) / 1000).toFixed(0)
