import type { Step } from '../../trace/step.ts'
import type { KubeEvent } from '../../trace/steps/kube.ts'
import { timeline as say } from '../messages/en-timeline.ts'
import type { Draft, Drafts } from './entry.ts'

type Probe = Extract<KubeEvent, { kind: 'probe' }>

interface Streak {
  ok: boolean
  /** Failures in a row, and the line that tells of them. */
  failures: number
  since: number
  line: Draft | null
}

/** Probes are told of when their answer changes; those that fail in a row share a line. */
export class ProbeStreaks {
  private readonly streaks = new Map<string, Streak>()

  constructor(private readonly drafts: Drafts) {}

  take(step: Step, event: Probe, subject: string, node: string): void {
    const { pod, container, probe, ok, detail, count, threshold, asked } = event
    const key = `${pod.uid}/${container}/${probe}`
    const known = this.streaks.get(key)
    if (ok) {
      if (known?.ok !== true) {
        this.drafts.say(step.at, step.id, subject, 'probe', this.passes(event, node, known !== undefined), '', pod.uid)
      }
      this.streaks.set(key, { ok, failures: 0, since: step.at, line: null })
      return
    }
    if (known?.ok === false && known.line !== null && count > 1) {
      known.failures++
      known.line.parts = [say.probeFailed(probe, asked, known.failures, threshold, detail, step.at - known.since)]
      return
    }
    const line = this.drafts.alone(step.at, step.id, subject, 'probe', '', pod.uid)
    line.parts = [say.probeFailed(probe, asked, count, threshold, detail, 0)]
    this.streaks.set(key, { ok, failures: count, since: step.at, line })
  }

  /** What is asked, and by whom, is said of the first container of a name that is asked so. */
  private passes({ container, probe, asked, count, threshold }: Probe, node: string, again: boolean): string {
    if (again) return say.probeAgain(probe, count, threshold)
    const key = `${container}/${probe}/${/^\S+(?: https?)?/.exec(asked)?.[0]}`
    if (this.shown.has(key)) return say.probePasses(probe)
    this.shown.add(key)
    return say.probeFirst(probe, asked, node)
  }

  private readonly shown = new Set<string>()
}
