import type { Step } from '../../trace/step.ts'
import type { KubeEvent } from '../../trace/steps/kube.ts'
import { timeline as say } from '../messages/en-timeline.ts'
import type { Draft, Drafts } from './entry.ts'

type Request = Extract<KubeEvent, { kind: 'request' }>

/** Failures further apart than this are told of one by one. */
const APART = 10e9

interface Group {
  readonly since: number
  readonly reason: string
  readonly line: Draft
  last: number
  failed: number
}

/** Requests that failed: those of one client that lie close together, and for one reason, share a line. */
export class FailedRequests {
  private readonly open = new Map<string, Group>()

  constructor(private readonly drafts: Drafts) {}

  take(step: Step, { status, error, began, url }: Request, client: string): void {
    const key = `${client} ${url}`
    const known = this.open.get(key)
    if (status !== null && status < 500) return
    const reason = reasonOf(status, error)
    if (known !== undefined && known.reason === reason && began - known.last <= APART) {
      known.failed++
      known.last = began
      known.line.parts = [say.requestsFailed(known.failed, reason, began - known.since)]
      return
    }
    const line = this.drafts.alone(began, step.id, client.replace(/^default\//, ''), 'request', '')
    line.parts = [say.requestsFailed(1, reason, 0)]
    this.open.set(key, { since: began, reason, line, last: began, failed: 1 })
  }
}

/** curl's words without its milliseconds, which differ from one request to the next. */
function reasonOf(status: number | null, error: string): string {
  if (error === '') return say.status(status ?? 0)
  return error.replace(/ after \d+ ms/, '').replace(/: Couldn't connect.*/, '')
}
