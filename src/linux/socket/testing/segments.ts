import { Segment } from '../tcp/segment.ts'
import { isTcp, type Sent, type TestIp } from './hosts.ts'

const NAMES = ['F', 'S', 'R', 'P', 'A'] as const

/** A sent TCP segment, read; `at` in nanoseconds. */
export interface Shown {
  readonly at: number
  /** As tcpdump writes flags, with A for ACK: `SA`, `PA`. */
  readonly flags: string
  readonly segment: Segment
}

export function show({ at, bytes }: Sent): Shown {
  const segment = new Segment(bytes, 0, bytes.length)
  return { at, flags: NAMES.filter((_, bit) => segment.flags & (1 << bit)).join(''), segment }
}

/** The TCP segments a host has sent, from the `skip`th on. */
export const segments = (host: TestIp, skip = 0): Shown[] => host.sent.filter(isTcp).slice(skip).map(show)
export const flagsOf = (host: TestIp, skip = 0): string[] => segments(host, skip).map(({ flags }) => flags)
