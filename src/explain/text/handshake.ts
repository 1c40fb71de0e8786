import type { Step } from '../../trace/step.ts'
import type { CertificateEvent } from '../../trace/steps/cert.ts'
import type { TlsEvent } from '../../trace/steps/tls.ts'
import { en } from '../messages/en.ts'
import { certificateText } from './certificate.ts'
import { columns } from './columns.ts'

/** A handshake as its client saw it: the ladder of messages, what was agreed on, and the judgement of certificates. */
export function handshakeText(steps: readonly Step[]): string[] {
  const tls = steps.map(({ event }) => event).filter(isClients)
  if (tls.length === 0) return []
  const certificates = steps.map(({ event }) => event).filter(isCertificates)
  const judged = certificates.length === 0 ? [] : ['', ...certificateText(certificates)]
  return [en.session.handshake, ...ladder(tls), ...agreed(tls), ...judged]
}

const isClients = (event: Step['event']): event is TlsEvent =>
  event.kind.startsWith('tls-') && 'role' in event && event.role === 'client'
const isCertificates = (event: Step['event']): event is CertificateEvent => event.kind.startsWith('cert-')

const LENGTH = 26
const ARROWS = { sent: `${'-'.repeat(LENGTH - 1)}>`, received: `<${'-'.repeat(LENGTH - 1)}` } as const

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
    rows.push([String(number).padStart(2), name, ARROWS[event.direction], state])
  }
  const lines = columns(rows)
  for (const [at, mark] of marks.reverse()) lines.splice(at, 0, mark)
  return lines
}

/** The last decision on each subject, with why; and an alert's rule. */
function agreed(events: readonly TlsEvent[]): string[] {
  const latest = new Map<string, string>()
  for (const event of events) {
    if (event.kind === 'tls-negotiation') latest.set(event.subject, `${event.chosen ?? en.session.none}  ${event.why}`)
    if (event.kind === 'tls-alert' && event.description !== 'close_notify')
      latest.set('alert', `${event.rule}  ${event.rfc}`)
  }
  return columns([...latest].map(([subject, text]) => [`   ${subject}`, text]))
}
