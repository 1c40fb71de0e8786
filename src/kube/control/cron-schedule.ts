import { type TimeZone, UTC } from './time-zone.ts'

/** One field of a cron line: the values that match, and whether it was `*`. */
interface Field {
  readonly values: ReadonlySet<number>
  readonly any: boolean
}

/** robfig/cron's standard parser: minute, hour, day of month, month, day of week. */
export interface CronSchedule {
  readonly fields: readonly [Field, Field, Field, Field, Field]
}

const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const MACROS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** Null for a line that is none. */
export function parseCron(line: string): CronSchedule | null {
  const words = (MACROS[line] ?? line).trim().split(/\s+/)
  if (words.length !== 5) return null
  const fields = words.map((word, i) => parseField(word.toLowerCase(), i))
  return fields.some((field) => field === null) ? null : { fields: fields as unknown as CronSchedule['fields'] }
}

/**
 * The first minute after `after` (milliseconds since 1970) that matches by the clocks of a time zone; null when none does
 * within five years. An hour that a zone leaps over is not run in, one that comes twice is run in twice, as with robfig/cron.
 */
export function nextTime({ fields }: CronSchedule, after: number, zone: TimeZone = UTC): number | null {
  const [minute, hour, day, month, weekday] = fields
  const limit = after + 5 * 366 * 24 * HOUR_MS
  let at = (Math.floor(after / MINUTE_MS) + 1) * MINUTE_MS
  while (at < limit) {
    const local = new Date(at + zone.offset(at))
    const monthDay = day.values.has(local.getUTCDate())
    const weekDay = weekday.values.has(local.getUTCDay())
    // Where both days are restricted, either will do (crontab(5)).
    const dayMatches = day.any || weekday.any ? monthDay && weekDay : monthDay || weekDay
    const tillHour = HOUR_MS - local.getUTCMinutes() * MINUTE_MS
    // Clocks change at night: the last hours of a day are taken one by one.
    if (!month.values.has(local.getUTCMonth() + 1) || !dayMatches)
      at += tillHour + Math.max(0, 20 - local.getUTCHours()) * HOUR_MS
    else if (!hour.values.has(local.getUTCHours())) at += tillHour
    else if (!minute.values.has(local.getUTCMinutes())) at += MINUTE_MS
    else return at
  }
  return null
}

function parseField(text: string, index: number): Field | null {
  const [low, high] = RANGES[index]
  const values = new Set<number>()
  let any = false
  for (const part of text.split(',')) {
    const match = /^(\*|\?|\w+(?:-\w+)?)(?:\/(\d+))?$/.exec(part)
    if (match === null) return null
    const [, range, step] = match
    const [from, to = step === undefined ? from : String(high)] =
      range === '*' || range === '?' ? [String(low), String(high)] : range.split('-')
    const [first, last] = [numberOf(from, index), numberOf(to, index)]
    const by = step === undefined ? 1 : Number(step)
    if (first === null || last === null || first > last || by < 1) return null
    if ((range === '*' || range === '?') && by === 1) any = true
    for (let n = first; n <= last; n += by) values.add(n)
  }
  return { values, any }
}

function numberOf(text: string, index: number): number | null {
  const names = index === 3 ? MONTHS : index === 4 ? DAYS : []
  const named = names.indexOf(text)
  if (named >= 0) return index === 3 ? named + 1 : named
  const value = /^\d+$/.test(text) ? Number(text) : -1
  const [low, high] = RANGES[index]
  return value >= low && value <= high ? value : null
}
