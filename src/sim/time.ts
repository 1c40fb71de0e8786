/** Nanoseconds of virtual time since the scenario's start: an integer, exact up to `MAX_TIME`. */
export type Nanos = number

export const MICROSECOND = 1_000
export const MILLISECOND = 1_000_000
export const SECOND = 1_000_000_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

/** 100 days: beyond this a double could no longer count nanoseconds, so it is refused. */
export const MAX_TIME: Nanos = 100 * 24 * HOUR
