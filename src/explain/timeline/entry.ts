import type { StepId } from '../../trace/step.ts'

/** What a line of the timeline is about, so that views can pick and colour. */
export type Topic =
  | 'objects'
  | 'pod'
  | 'address'
  | 'container'
  | 'probe'
  | 'endpoints'
  | 'rules'
  | 'node'
  | 'controller'
  | 'request'

/** One line: what happened to one thing at one time. Built from the steps between `first` and `last`. */
export interface TimelineEntry {
  readonly at: number
  /** `web-v6kj9`, `svc/web`, `node/node-1`, `kube-proxy`. */
  readonly subject: string
  readonly topic: Topic
  readonly text: string
  readonly first: StepId
}

/** An entry that may still grow. */
export interface Draft {
  at: number
  subject: string
  topic: Topic
  parts: string[]
  /** Said after the parts; the latest counts. */
  tail: string
  first: StepId
  last: number
}

/** What follows within this time on the same thing joins its line: machinery at work, not something new. */
const TOGETHER = 20e6
/** Endpoints change in answer to pods, so that their lines are not to reach back before the pods'. */
const ENDPOINTS_TOGETHER = 3e6

/** Lines as they grow. */
export class Drafts {
  readonly all: Draft[] = []
  private readonly latest = new Map<string, Draft>()

  /** Adds to the line of this moment, or begins one; `key` tells two of one name apart. Nothing is said twice in a line. */
  say(at: number, step: StepId, subject: string, topic: Topic, part: string, tail = '', key = subject): Draft {
    const known = this.latest.get(key)
    if (known !== undefined && at - known.last <= (topic === 'endpoints' ? ENDPOINTS_TOGETHER : TOGETHER)) {
      if (!known.parts.includes(part)) known.parts.push(part)
      if (tail !== '') known.tail = tail
      known.last = at
      return known
    }
    const draft: Draft = { at, subject, topic, parts: [part], tail, first: step, last: at }
    this.latest.set(key, draft)
    this.all.push(draft)
    return draft
  }

  /** A line of its own, which others do not join. */
  alone(at: number, step: StepId, subject: string, topic: Topic, part: string, key = subject): Draft {
    const draft: Draft = { at, subject, topic, parts: [part], tail: '', first: step, last: at }
    this.latest.delete(key)
    this.all.push(draft)
    return draft
  }

  finish(): TimelineEntry[] {
    return this.all
      .map(({ at, subject, topic, parts, tail, first }) => {
        const text = parts.filter((part) => part !== '').join('; ')
        return { at, subject, topic, text: tail === '' ? text : `${text} · ${tail}`, first }
      })
      .sort((a, b) => a.at - b.at || a.first - b.first)
  }
}
