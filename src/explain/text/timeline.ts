import type { TimelineEntry } from '../timeline/timeline.ts'
import { pad } from './columns.ts'

/** Beyond this a name does not push the others to the right. */
const WIDEST = 40

/** `   20.004  web-jbb46  created by …`: one line an entry, in the columns of all of them. */
export class TimelineText {
  private readonly width: number
  private readonly digits: number

  constructor(entries: readonly TimelineEntry[]) {
    this.width = Math.min(WIDEST, Math.max(0, ...entries.map(({ subject }) => subject.length)))
    this.digits = Math.max(6, seconds(entries.at(-1)?.at ?? 0).length)
  }

  line({ at, subject, text }: TimelineEntry): string {
    return `${seconds(at).padStart(this.digits)}  ${pad(subject, this.width)}  ${text}`.trimEnd()
  }
}

export const seconds = (nanos: number): string => (nanos / 1e9).toFixed(3)
