/** How far the clocks of a place are ahead of UTC. */
export interface TimeZone {
  /** Milliseconds, at a moment in milliseconds since 1970. */
  offset(at: number): number
}

export const UTC: TimeZone = { offset: () => 0 }

const known = new Map<string, TimeZone | null>([
  ['', UTC],
  ['UTC', UTC],
  ['Etc/UTC', UTC],
])

/** A zone of the IANA database by its name, as it stands in the running Node's ICU; null for one it does not know. */
export function timeZone(name: string): TimeZone | null {
  let zone = known.get(name)
  if (zone === undefined) known.set(name, (zone = fromIcu(name)))
  return zone
}

function fromIcu(name: string): TimeZone | null {
  // Intl also takes offsets (`+01:00`), which Go's LoadLocation does not.
  if (!/^[A-Za-z][\w+/-]*$/.test(name)) return null
  const fields = {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  } as const
  let clock: Intl.DateTimeFormat
  try {
    clock = new Intl.DateTimeFormat('en-US', { ...fields, calendar: 'gregory', hourCycle: 'h23', timeZone: name })
  } catch {
    return null
  }
  return { offset: (at) => readClock(clock, at) - at }
}

/** What a clock there shows, read as if it were UTC. */
function readClock(clock: Intl.DateTimeFormat, at: number): number {
  const shown: Record<string, number> = {}
  for (const { type, value } of clock.formatToParts(at)) shown[type] = Number(value)
  const { year, month, day, hour, minute, second } = shown
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((at % 1000) + 1000) % 1000)
}

/** RFC 3339 with the zone's offset, as Go formats a time in a location. */
export function formatInZone(at: number, zone: TimeZone): string {
  const offset = zone.offset(at)
  const local = new Date(at + offset).toISOString().slice(0, 19)
  if (offset === 0) return `${local}Z`
  const minutes = Math.abs(offset) / 60_000
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0')
  return `${local}${offset < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
}
