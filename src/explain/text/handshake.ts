import type { Event, Step } from '../../trace/step.ts'
import type { CertificateEvent } from '../../trace/steps/cert.ts'
import type { TlsEvent, TlsRole } from '../../trace/steps/tls.ts'
import { en } from '../messages/en.ts'
import { alertText } from './alert.ts'
import { certificateText } from './certificate.ts'
import { columns } from './columns.ts'
import { helloSummary } from './hello.ts'

/** A handshake as its client saw it: the ladder of messages, what was agreed on, and the judgement of certificates. */
export function handshakeText(steps: readonly Step[]): string[] {
  return handshakeOf(
    steps.map(({ event }) => event),
    'client',
  )
}

/** The same as one of both ends saw it. */
export function handshakeOf(events: readonly Event[], role: TlsRole, object: string | null = null): string[] {
  const tls = events.filter((event): event is TlsEvent => isTls(event) && event.role === role)
  if (tls.length === 0) return []
  const certificates = events.filter(isCertificates)
  const judged = certificates.length === 0 ? [] : ['', ...certificateText(certificates)]
  const alert = alertText(events, role, object)
  return [
    en.session.handshake,
    ...ladder(tls),
    ...agreed(tls),
    ...judged,
    ...(alert.length === 0 ? [] : ['', ...alert]),
  ]
}

export const isTls = (event: Event): event is TlsEvent => event.kind.startsWith('tls-') && 'role' in event
const isCertificates = (event: Event): event is CertificateEvent => event.kind.startsWith('cert-')

const LENGTH = 26
/** From the client to the right, whoever tells it. */
const RIGHT = `${'-'.repeat(LENGTH - 1)}>`
const LEFT = `<${'-'.repeat(LENGTH - 1)}`

function ladder(events: readonly TlsEvent[]): string[] {
  let number = 0
  let sealed = false
  const rows: string[][] = []
  const marks: [number, string][] = []
  for (const event of events) {
    if (event.kind !== 'tls-message' && event.kind !== 'tls-alert') continue
    const plain = event.kind === 'tls-message' && event.epoch === 'plaintext'
    if (event.kind === 'tls-message' && !plain && !sealed) {
      sealed = true
      marks.push([rows.length, `   ${en.session.sealedFromHere}`])
    }
    number++
    const name = event.kind === 'tls-alert' ? `ALERT ${event.level} ${event.code} ${event.description}` : event.message
    const state = event.kind === 'tls-alert' ? '' : plain ? 'plain' : `{${event.epoch}}`
    const arrow = (event.direction === 'sent') === (event.role === 'client') ? RIGHT : LEFT
    rows.push([String(number).padStart(2), name, arrow, state])
    if (event.kind !== 'tls-message') continue
    for (const line of helloSummary(event)) marks.push([rows.length, `      ${line}`])
  }
  const lines = columns(rows)
  for (const [at, mark] of marks.reverse()) lines.splice(at, 0, mark)
  return lines
}

/** The last decision on each subject, with why. */
function agreed(events: readonly TlsEvent[]): string[] {
  const latest = new Map<string, string>()
  for (const event of events)
    if (event.kind === 'tls-negotiation') latest.set(event.subject, `${event.chosen ?? en.session.none}  ${event.why}`)
  return columns([...latest].map(([subject, text]) => [`   ${subject}`, text]))
}
