/** A time as callers give it: milliseconds since 1970, or ISO 8601 / RFC 3339 text. */
export type Moment = number | string

/** Throws `RangeError` for text that names no time. */
export function millisOf(moment: Moment): number {
  const millis = typeof moment === 'number' ? moment : Date.parse(moment)
  if (!Number.isFinite(millis)) throw new RangeError(`time: expected RFC 3339, got ${JSON.stringify(moment)}`)
  return millis
}

/** `2026-02-27T09:00:00Z`: certificates know whole seconds. */
export const isoSeconds = (millis: number): string => `${new Date(millis).toISOString().slice(0, -5)}Z`

export const HOUR = 3_600_000
export const DAY = 24 * HOUR
