import type { Step } from '../../trace/step.ts'
import type { KubeEvent } from '../../trace/steps/kube.ts'
import { timeline as say } from '../messages/en-timeline.ts'
import type { Draft, Drafts } from './entry.ts'

type Request = Extract<KubeEvent, { kind: 'request' }>

/** Requests that failed: those in a row of one client, and for one reason, share a line. */
export class FailedRequests {
  private readonly open = new Map<string, { readonly reason: string; count: number; line: Draft; since: number }>()

  constructor(private readonly drafts: Drafts) {}

  take(step: Step, { status, error, began, url }: Request, client: string): void {
    const key = `${client} ${url}`
    if (status !== null && status < 500) {
      this.open.delete(key)
      return
    }
    // curl's times differ by milliseconds from one request to the next.
    const reason =
      error === '' ? say.status(status ?? 0) : error.replace(/ after \d+ ms/, '').replace(/: Couldn't connect.*/, '')
    const known = this.open.get(key)
    if (known?.reason === reason) {
      known.count++
      known.line.parts = [say.requestsFailed(known.count, reason, began - known.since)]
      return
    }
    const line = this.drafts.alone(began, step.id, client.replace(/^default\//, ''), 'request', '')
    line.parts = [say.requestsFailed(1, reason, 0)]
    this.open.set(key, { reason, count: 1, line, since: began })
  }
}
