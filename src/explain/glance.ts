import type { Step, StepId } from '../trace/step.ts'
import { en } from './messages/en.ts'
import { isKind, type StepIndex } from './record.ts'

/** How far a request came: its stages in order, the last one failed if the request did. */
export type Glance = readonly {
  readonly stage: 'dns' | 'tcp' | 'tls' | 'http'
  readonly outcome: string
  readonly ok: boolean
}[]

/** Reads the stages off the steps recorded where the program ran, from its start on. */
export function glanceOf(index: StepIndex, start: StepId): Glance {
  const begin = index.step(start)
  if (begin === null) return []
  const steps = index.recorded.steps.filter((step) => step.id >= start && step.place === begin.place)
  const stages: Glance[number][] = []
  const answer = steps.findLast((step) => isKind(step, 'dns-answer'))
  if (answer !== undefined && isKind(answer, 'dns-answer')) {
    const { rcode } = answer.event
    stages.push({ stage: 'dns', outcome: rcode === 'NOERROR' ? en.session.ok : rcode, ok: rcode === 'NOERROR' })
  }
  const tcp = tcpStage(steps)
  if (tcp !== null) stages.push(tcp)
  const tls = tlsStage(steps)
  if (tls !== null) stages.push(tls)
  const response = steps.findLast((step) => isKind(step, 'http-response'))
  if (response !== undefined && isKind(response, 'http-response')) {
    stages.push({ stage: 'http', outcome: String(response.event.status), ok: true })
  } else if (steps.some((step) => isKind(step, 'http-request'))) {
    stages.push({ stage: 'http', outcome: en.session.noAnswer, ok: false })
  }
  return stages
}

function tcpStage(steps: readonly Step[]): Glance[number] | null {
  if (steps.some((step) => isKind(step, 'tcp-state') && step.event.to === 'ESTABLISHED')) {
    return { stage: 'tcp', outcome: en.session.ok, ok: true }
  }
  const failure = steps.findLast((step) => isKind(step, 'socket-error'))
  if (failure !== undefined && isKind(failure, 'socket-error'))
    return { stage: 'tcp', outcome: failure.event.errno, ok: false }
  const tried = steps.some((step) => isKind(step, 'tcp-state'))
  return tried ? { stage: 'tcp', outcome: en.session.noAnswer, ok: false } : null
}

/** Done once application data may flow; else the alert that ended it. */
function tlsStage(steps: readonly Step[]): Glance[number] | null {
  const alert = steps.findLast((step) => isKind(step, 'tls-alert') && step.event.level === 'fatal')
  if (alert !== undefined && isKind(alert, 'tls-alert'))
    return { stage: 'tls', outcome: alert.event.description, ok: false }
  const finished = steps.some((step) => isKind(step, 'tls-state') && step.event.to === 'CONNECTED')
  if (finished) return { stage: 'tls', outcome: en.session.ok, ok: true }
  const begun = steps.some((step) => isKind(step, 'tls-message'))
  return begun ? { stage: 'tls', outcome: en.session.noAnswer, ok: false } : null
}
