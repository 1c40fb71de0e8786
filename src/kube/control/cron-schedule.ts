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

/** Null for a line that is none. */
export function parseCron(line: string): CronSchedule | null {
  const words = (MACROS[line] ?? line).trim().split(/\s+/)
  if (words.length !== 5) return null
  const fields = words.map((word, i) => parseField(word.toLowerCase(), i))
  return fields.some((field) => field === null) ? null : { fields: fields as unknown as CronSchedule['fields'] }
}

/** The first minute after `after` (milliseconds since 1970, UTC) that matches; null when none does within five years. */
export function nextTime({ fields }: CronSchedule, after: number): number | null {
  const [minute, hour, day, month, weekday] = fields
  const limit = after + 5 * 366 * 86_400_000
  let at = (Math.floor(after / MINUTE_MS) + 1) * MINUTE_MS
  while (at < limit) {
    const date = new Date(at)
    const monthDay = day.values.has(date.getUTCDate())
    const weekDay = weekday.values.has(date.getUTCDay())
    // Where both days are restricted, either will do (crontab(5)).
    const dayMatches = day.any || weekday.any ? monthDay && weekDay : monthDay || weekDay
    if (!month.values.has(date.getUTCMonth() + 1) || !dayMatches) at = Math.floor(at / 86_400_000 + 1) * 86_400_000
    else if (!hour.values.has(date.getUTCHours())) at = Math.floor(at / 3_600_000 + 1) * 3_600_000
    else if (!minute.values.has(date.getUTCMinutes())) at += MINUTE_MS
    else return at
  }
  return null
}

function parseField(text: string, index: number): Field | null {
  const [low, high] = RANGES[index]
  const values = new Set<number>()
  for (const part of text.split(',')) {
    const match = /^(\*|\?|\w+(?:-\w+)?)(?:\/(\d+))?$/.exec(part)
    if (match === null) return null
    const [, range, step] = match
    const [from, to = step === undefined ? from : String(high)] =
      range === '*' || range === '?' ? [String(low), String(high)] : range.split('-')
    const [first, last] = [numberOf(from, index), numberOf(to, index)]
    const by = step === undefined ? 1 : Number(step)
    if (first === null || last === null || first > last || by < 1) return null
    for (let n = first; n <= last; n += by) values.add(index === 4 ? n % 7 : n)
  }
  return { values, any: text === '*' || text === '?' }
}

function numberOf(text: string, index: number): number | null {
  const names = index === 3 ? MONTHS : index === 4 ? DAYS : []
  const named = names.indexOf(text)
  if (named >= 0) return index === 3 ? named + 1 : named
  const value = /^\d+$/.test(text) ? Number(text) : -1
  const [low, high] = RANGES[index]
  return value >= low && value <= (index === 4 ? 7 : high) ? value : null
}
