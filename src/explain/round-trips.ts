import type { Rung } from './handshakes.ts'
import type { Opening } from './request/opening.ts'

/** The client spoke, and waited until the server answered. */
export interface RoundTrip {
  /** The rung that ended it; `tcp` for that of the SYN. */
  readonly rung: number | 'tcp'
  /** Nanoseconds of virtual time, from what the client said first until it heard the first of the answer. */
  readonly took: number
}

/** Those before the first data of the server, or before the end where there was none. A SYN that was lost begins none. */
export function roundTripsOf(opening: readonly Opening[], rungs: readonly Rung[]): RoundTrip[] {
  const answer = opening.findIndex(({ flags }) => flags === 'SYN, ACK')
  const syn = opening.slice(0, Math.max(0, answer)).findLast(({ flags, lost }) => flags === 'SYN' && lost === null)
  const trips: RoundTrip[] = syn === undefined ? [] : [{ rung: 'tcp', took: opening[answer].at - syn.at }]
  let said: number | null = null
  for (const [rung, { direction, at, event }] of rungs.entries()) {
    if (direction === 'sent') said ??= at
    else {
      if (said !== null) trips.push({ rung, took: at - said })
      said = null
      if (event.kind === 'tls-record') break
    }
  }
  return trips
}
