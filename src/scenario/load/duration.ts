import * as z from 'zod'
import { HOUR, MICROSECOND, MILLISECOND, MINUTE, type Nanos, SECOND } from '../../sim/time.ts'

const UNITS: Readonly<Record<string, Nanos>> = { us: MICROSECOND, ms: MILLISECOND, s: SECOND, m: MINUTE, h: HOUR }
const DURATION = /^(\d+(\.\d+)?(us|ms|s|m|h))+$/

/** `1m30s`, `500ms`: Go's durations, as a Scenario writes them. */
export const duration = z
  .string()
  .regex(DURATION, { error: 'a duration like 500ms, 10s or 1m30s' })
  .describe('500ms, 10s, 1m30s')

/** A duration in nanoseconds. The text is one that `duration` took. */
export function durationOf(text: string): Nanos {
  let sum = 0
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(us|ms|s|m|h)/g)) sum += Number(amount) * UNITS[unit]
  return Math.round(sum)
}
