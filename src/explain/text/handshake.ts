import type { Event } from '../../trace/step.ts'
import type { CertificateEvent } from '../../trace/steps/cert.ts'
import type { TlsEvent, TlsRole } from '../../trace/steps/tls.ts'
import { rungsOf } from '../exchange.ts'
import { en } from '../messages/en.ts'
import type { CarriedRecord } from '../request/segments.ts'
import type { Names } from './alert.ts'
import { certificateText } from './certificate.ts'
import { columns } from './columns.ts'
import { helloSummary } from './hello.ts'

/** A handshake as one of both ends saw it: the ladder of messages and what was agreed on. */
export function handshakeText(
  events: readonly Event[],
  role: TlsRole,
  names: Names,
  records: readonly CarriedRecord[] = [],
): string[] {
  const tls = events.filter((event): event is TlsEvent => isTls(event) && event.role === role)
  return tls.length === 0 ? [] : [...ladder(tls, names, records), ...agreed(tls)]
}

/** The judgements of certificates among the events of one end. */
export const judgementText = (events: readonly Event[]): string[] => certificateText(events.filter(isCertificates))

export const isTls = (event: Event): event is TlsEvent => event.kind.startsWith('tls-') && 'role' in event
const isCertificates = (event: Event): event is CertificateEvent => event.kind.startsWith('cert-')

const LENGTH = 26
/** From the client to the right, whoever tells it. */
const RIGHT = `${'-'.repeat(LENGTH - 1)}>`
const LEFT = `<${'-'.repeat(LENGTH - 1)}`

function ladder(events: readonly TlsEvent[], names: Names, records: readonly CarriedRecord[]): string[] {
  const version = events.findLast((event) => event.kind === 'tls-negotiation' && event.subject === 'version')
  const title = (version?.kind === 'tls-negotiation' ? version.chosen : null) ?? en.session.tls
  const rows = [[title, names.client.padEnd(LENGTH - names.server.length) + names.server]]
  const marks: [number, string][] = []
  let sealed = false
  const shown = events.filter((event) => event.kind === 'tls-message' || event.kind === 'tls-alert')
  rungsOf(events).forEach(({ name, state, detail }, i) => {
    const event = shown[i]
    if (state.startsWith('{') && !sealed) {
      sealed = true
      marks.push([rows.length, `   ${en.session.sealedFromHere}`])
    }
    const right = (event.direction === 'sent') === (event.role === 'client')
    if (event.kind === 'tls-alert' && event.level === 'fatal')
      marks.push([rows.length, ` X  ${en.session.stops(names[right ? 'client' : 'server'])}`])
    const summary = event.kind === 'tls-message' ? helloSummary(event) : []
    const told = [bySummary(name, detail), ...segmentsOf(records, name, right ? 'client' : 'server')].filter(Boolean)
    rows.push([`${String(i + 1).padStart(2)}  ${name}`, right ? RIGHT : LEFT, state, told.join(', ')])
    for (const line of summary) marks.push([rows.length, `      ${line}`])
  })
  const lines = columns(rows)
  for (const [at, mark] of marks.reverse()) lines.splice(at, 0, mark)
  return lines
}

/** What the lines below a hello say is not said beside it. */
function bySummary(name: string, detail: string): string {
  return name === 'ServerHello' ? '' : detail.replace(/, SNI [^,]+/, '')
}

/** How many segments its record takes, where it is more than one. */
function segmentsOf(records: readonly CarriedRecord[], name: string, by: TlsRole): string[] {
  const record = records.find((one) => one.by === by && one.messages.length === 1 && one.messages[0] === name)
  const count = record?.segments.length ?? 0
  return count > 1 ? [en.session.segments(count)] : []
}

/** The last decision on each subject, with why. */
function agreed(events: readonly TlsEvent[]): string[] {
  const latest = new Map<string, string>()
  for (const event of events)
    if (event.kind === 'tls-negotiation') latest.set(event.subject, `${event.chosen ?? en.session.none}  ${event.why}`)
  return columns([...latest].map(([subject, text]) => [`   ${subject}`, text]))
}
