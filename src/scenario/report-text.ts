import { en } from '../explain/messages/en.ts'
import { seconds, TimelineText } from '../explain/text/timeline.ts'
import { traceText } from '../explain/text/trace.ts'
import { formatAddress } from '../util/address.ts'
import type { TrafficSummary } from './lifecycle/traffic.ts'
import type { Outcome } from './outcome.ts'
import type { ScenarioReport, StepReport } from './run.ts'
import { titleOf } from './step-title.ts'

const { report: say } = en

/** A scenario's run as text: each step, what came of it and why, and whether it is what was expected. */
export function reportText(report: ScenarioReport): string[] {
  const { scenario, steps, failures } = report
  const bad = failures.length + steps.reduce((sum, step) => sum + step.failures.length, 0)
  const lines = report.timeline.length === 0 ? stepLines(steps) : livingLines(report)
  return [
    `${scenario.name}: ${scenario.title}`,
    ...lines,
    '',
    ...failures.map(({ field, got, expected }) => say.expected(field, got, expected)),
    bad === 0 ? say.passed(steps.length) : say.failures(bad),
  ]
}

const stepLines = (steps: readonly StepReport[]): string[] =>
  steps.flatMap((step, i) => ['', ...stepText(step, i + 1, `${milliseconds(step.began)} ms`)])

/** Steps, and between them what happened in the cluster: what a step led to stands below it. */
function livingLines({ steps, timeline, traffic }: ScenarioReport): string[] {
  const text = new TimelineText(timeline)
  const lines: string[] = []
  let next = 0
  const until = (end: number): void => {
    const before = lines.length
    for (; next < timeline.length && timeline[next].at < end; next++) lines.push(`  ${text.line(timeline[next])}`)
    if (lines.length > before) lines.splice(before, 0, '')
  }
  steps.forEach((step, i) => {
    until(step.began)
    lines.push('', ...stepText(step, i + 1, `${seconds(step.began)} s`))
  })
  until(Number.POSITIVE_INFINITY)
  if (traffic.length > 0) lines.push('', ...traffic.flatMap(trafficText))
  return lines
}

function trafficText({ client, url, made, failed, servers }: TrafficSummary): string[] {
  const { timeline: words } = en
  const head = `${client.replace(/^default\//, '')}: ${words.traffic(url, made, failed)}`
  return servers.length === 0 ? [head] : [head, `  ${words.answeredBy(servers)}`]
}

function stepText(report: StepReport, number: number, time: string): string[] {
  const { step, outcome, exchange, failures } = report
  const judged =
    step.expect === null && outcome.kind !== 'check' ? '' : `  ${failures.length === 0 ? say.ok : say.failed}`
  const head = `${number}. ${titleOf(step)}  at ${time}${judged}`
  const wrong = failures.map(({ field, got, expected }) => say.expected(field, got, expected))
  return [head, ...[...wrong, ...outcomeText(outcome), ...exchange].map((line) => (line === '' ? '' : `   ${line}`))]
}

/** What an operation came to, in a line or (a trace) many. */
export function outcomeText(outcome: Outcome): string[] {
  switch (outcome.kind) {
    case 'trace':
      return traceText(outcome.trace)
    case 'ping': {
      const times = outcome.times.map(milliseconds).join(' ')
      return [
        say.ping(outcome.sent, outcome.received) + (times === '' ? '' : `, ${say.roundTrip(times)}`),
        ...errorText(outcome.error),
      ]
    }
    case 'traceroute':
      return [
        ...outcome.via.map((via, i) => `${String(i + 1).padStart(2)}  ${via === null ? '*' : formatAddress(via)}`),
        outcome.reached ? say.reached : say.notReached,
        ...errorText(outcome.error),
      ]
    case 'connect':
      return outcome.error === null ? [say.connected] : errorText(outcome.error)
    case 'resolve':
      return [
        ...outcome.asked.map(({ name, type, rcode, answers }) => say.asked(name, type, rcode, answers)),
        ...(outcome.error === null ? [say.answer(outcome.answers)] : errorText(outcome.error)),
      ]
    case 'curl':
      return [outcome.status === null ? say.exit(outcome.exit) : say.http(outcome.status), ...errorText(outcome.error)]
    case 'tap':
      return [...outcome.lines]
    default:
      return []
  }
}

const errorText = (error: string | null): string[] => (error === null ? [] : [say.failedWith(error)])
const milliseconds = (nanos: number): string => (nanos / 1e6).toFixed(3)
