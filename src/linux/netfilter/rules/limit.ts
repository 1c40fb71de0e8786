import { HOUR, MINUTE, type Nanos, SECOND } from '../../../sim/time.ts'
import type { Match } from './match.ts'

type Limit = Extract<Match, { kind: 'limit' }>

const UNIT: Readonly<Record<Limit['unit'], Nanos>> = { sec: SECOND, min: MINUTE, hour: HOUR, day: 24 * HOUR }

/** `-m limit`: one token bucket a rule, of one namespace. */
export class Limits {
  private readonly buckets = new Map<Limit, { credit: number; at: Nanos }>()

  allow(limit: Limit, now: Nanos): boolean {
    const cost = UNIT[limit.unit] / limit.amount
    const cap = cost * limit.burst
    const bucket = this.buckets.get(limit) ?? { credit: cap, at: now }
    this.buckets.set(limit, bucket)
    bucket.credit = Math.min(cap, bucket.credit + (now - bucket.at))
    bucket.at = now
    if (bucket.credit < cost) return false
    bucket.credit -= cost
    return true
  }
}
