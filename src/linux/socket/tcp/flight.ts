import type { Nanos } from '../../../sim/time.ts'
import { after, before } from './sequence.ts'

/** A segment sent and not acknowledged yet. */
export interface InFlight {
  seq: number
  /** The sequence number after it. */
  end: number
  /** SYN and FIN, when it carries them. */
  readonly flags: number
  sentAt: Nanos
  /** Counts transmissions of the connection: which of two was sent later, when both were at one instant. */
  order: number
  transmissions: number
  /** The peer says it has it, out of order (RFC 2018). */
  sacked: boolean
  /** Taken to be lost, and not sent again since. */
  lost: boolean
}

/** The retransmission queue (RFC 9293 3.8), with the SACK scoreboard on it. */
export class Flight {
  readonly segments: InFlight[] = []
  /** The highest sequence number selectively acknowledged; meaningless while `sackedCount` is 0. */
  highestSacked = 0
  sackedCount = 0

  get empty(): boolean {
    return this.segments.length === 0
  }

  get head(): InFlight {
    return this.segments[0]
  }

  get tail(): InFlight {
    return this.segments[this.segments.length - 1]
  }

  /** RFC 6675's pipe, in segments: what is thought to be on its way. */
  get pipe(): number {
    let count = 0
    for (const segment of this.segments) if (!segment.sacked && !segment.lost) count++
    return count
  }

  add(segment: InFlight): void {
    this.segments.push(segment)
  }

  /** Removes and returns what `ack` covers; a segment covered in part keeps the rest. */
  acknowledge(ack: number): InFlight[] {
    const { segments } = this
    let count = 0
    while (count < segments.length && !after(segments[count].end, ack)) count++
    const gone = segments.splice(0, count)
    for (const segment of gone) if (segment.sacked) this.sackedCount--
    if (segments.length > 0 && before(segments[0].seq, ack)) segments[0].seq = ack
    return gone
  }

  /** Marks what the blocks cover; returns what is newly marked. */
  select(edges: readonly number[]): InFlight[] {
    const fresh: InFlight[] = []
    for (const segment of this.segments) {
      if (segment.sacked || !isCovered(segment, edges)) continue
      segment.sacked = true
      segment.lost = false
      if (this.sackedCount++ === 0 || after(segment.end, this.highestSacked)) this.highestSacked = segment.end
      fresh.push(segment)
    }
    return fresh
  }

  /** After a timeout nothing is on its way any more (RFC 5681 3.1); what was selectively acknowledged still is. */
  markAllLost(): void {
    for (const segment of this.segments) segment.lost = !segment.sacked
  }

  nextLost(): InFlight | null {
    for (const segment of this.segments) if (segment.lost) return segment
    return null
  }

  /** Cuts a segment in two, the first with `length` bytes: the path takes less than it did. A FIN stays with the second. */
  split(segment: InFlight, length: number): void {
    const middle = (segment.seq + length) | 0
    const at = this.segments.indexOf(segment)
    const second = { ...segment, seq: middle }
    this.segments.splice(at, 1, { ...segment, end: middle, flags: 0 }, second)
    if (segment.sacked) this.sackedCount++
  }

  clear(): void {
    this.segments.length = 0
    this.sackedCount = 0
  }
}

function isCovered({ seq, end }: InFlight, edges: readonly number[]): boolean {
  for (let i = 0; i + 1 < edges.length; i += 2) {
    if (!before(seq, edges[i]) && !after(end, edges[i + 1])) return true
  }
  return false
}
