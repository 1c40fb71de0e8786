import type { PlaceId, Step } from '../trace/step.ts'
import type { CertificateEvent } from '../trace/steps/cert.ts'
import type { TlsEvent, TlsField } from '../trace/steps/tls.ts'
import { en } from './messages/en.ts'
import { isKind } from './record.ts'
import { type FailedAlpn, failedAlpn } from './request/alpn.ts'

/** One message or alert of a handshake, as the client saw it cross the wire. */
export interface Rung {
  readonly direction: 'sent' | 'received'
  readonly name: string
  /** `plain`, `{handshake}`: whose keys seal it. */
  readonly state: string
  readonly detail: string
}

/** A TLS connection of a client, as far as a few lines tell it. */
export interface Exchange {
  readonly rungs: readonly Rung[]
  readonly alert: Extract<TlsEvent, { kind: 'tls-alert' }> | null
  /** What that alert was about, where it was about ALPN. */
  readonly alpn: FailedAlpn | null
  readonly judged: Extract<CertificateEvent, { kind: 'cert-judge' }> | null
  readonly verdict: Extract<CertificateEvent, { kind: 'cert-verdict' }> | null
}

/** The exchanges of the programs at a place, in order: each begins with its first ClientHello. */
export function exchangesOf(steps: readonly Step[], place: PlaceId): Exchange[] {
  const all: Step['event'][][] = []
  let retried = false
  for (const { place: where, event } of steps) {
    if (where !== place) continue
    const mine = event.kind.startsWith('cert-') || ('role' in event && event.role === 'client')
    if (!mine) continue
    const hello = event.kind === 'tls-message' && event.message === 'ClientHello'
    if (hello && !retried) all.push([])
    if (hello) retried = false
    if (event.kind === 'tls-message' && isRetry(event)) retried = true
    all.at(-1)?.push(event)
  }
  return all.map((events) => exchangeOf(events, steps))
}

/** Where the program that a step began runs. */
export const placeOfProgram = (steps: readonly Step[], program: string): PlaceId | null =>
  steps.find((step) => isKind(step, 'program') && step.event.program === program)?.place ?? null

function exchangeOf(events: readonly Step['event'][], steps: readonly Step[]): Exchange {
  const tls = events.filter((event): event is TlsEvent => event.kind.startsWith('tls-'))
  const alert = tls.find((event) => event.kind === 'tls-alert' && event.level === 'fatal') ?? null
  const about = alert?.kind === 'tls-alert' && alert.description === 'no_application_protocol'
  return {
    rungs: rungsOf(tls),
    alpn: about ? failedAlpn(steps.map(({ event }) => event)) : null,
    alert: alert?.kind === 'tls-alert' ? senders(alert, steps) : null,
    judged: events.find((event) => event.kind === 'cert-judge') ?? null,
    verdict: events.find((event) => event.kind === 'cert-verdict') ?? null,
  }
}

/** The messages and alerts among the events of one end. */
export function rungsOf(tls: readonly TlsEvent[]): Rung[] {
  const chosen = (subject: string): string | null => {
    const last = tls.findLast((event) => event.kind === 'tls-negotiation' && event.subject === subject)
    return last?.kind === 'tls-negotiation' ? last.chosen : null
  }
  return tls.flatMap((event, i): Rung[] => {
    if (event.kind === 'tls-alert') return [alertRung(event, recordOf(event, tls, i))]
    if (event.kind !== 'tls-message') return []
    const message = isRetry(event) ? RETRY : event.message
    const detail = detailOf({ ...event, message }, chosen)
    return [{ direction: event.direction, name: message, state: stateOf(event.epoch), detail }]
  })
}

const stateOf = (epoch: string): string => (epoch === 'plaintext' ? 'plain' : `{${epoch}}`)

function alertRung({ direction, level, code, description }: Alert, record: TlsRecord | null): Rung {
  const size = record === null || level === 'warning' ? '' : `, ${en.session.record(RECORD_HEADER + record.length)}`
  const state = record === null ? '' : stateOf(record.epoch)
  return { direction, name: `ALERT ${level} ${code}`, state, detail: `${description}${size}` }
}

const RECORD_HEADER = 5
const CERTIFICATES = ['no certificate', '1 certificate'] as const

/** The record of an alert: after one that was sent, before one that came. */
function recordOf({ direction }: Alert, tls: readonly TlsEvent[], at: number): TlsRecord | null {
  const fits = (event: TlsEvent): event is TlsRecord =>
    event.kind === 'tls-record' &&
    event.direction === direction &&
    (event.protection?.innerType ?? event.contentType) === 'alert'
  return direction === 'sent' ? (tls.slice(at).find(fits) ?? null) : (tls.slice(0, at).findLast(fits) ?? null)
}

type TlsRecord = Extract<TlsEvent, { kind: 'tls-record' }>
type Alert = Extract<TlsEvent, { kind: 'tls-alert' }>

/** Of an alert that came in, the sender's own step: it knows why. */
function senders(alert: Alert, steps: readonly Step[]): Alert {
  if (alert.direction === 'sent') return alert
  for (const { event } of steps) {
    if (event.kind !== 'tls-alert' || event.direction !== 'sent' || event.role !== 'server') continue
    if (event.code === alert.code) return event
  }
  return alert
}

type Message = Extract<TlsEvent, { kind: 'tls-message' }>

const RETRY = 'HelloRetryRequest'
/** SHA-256 of "HelloRetryRequest" in place of a random (RFC 8446 4.1.3), after header and legacy_version. */
const RETRY_RANDOM = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c'
const isRetry = ({ message, bytes }: Message): boolean =>
  message === 'ServerHello' && bytes.slice(12, 12 + RETRY_RANDOM.length) === RETRY_RANDOM

/** What a message is about, in few words. */
function detailOf({ message, bytes, fields }: Message, chosen: (subject: string) => string | null): string {
  const size = `${bytes.length / 2} bytes`
  switch (message) {
    case 'ClientHello': {
      const name = textField(fields, 'host_name')
      const told = [size, name === null ? null : `SNI ${name}`]
      if (hasField(fields, 'pre_shared_key')) told.push('offers a session')
      if (hasField(fields, 'early_data')) told.push('brings early data')
      return told.filter((part) => part !== null).join(', ')
    }
    case 'ServerHello':
      return [chosen('version'), chosen('cipher suite'), chosen('group'), resumption(fields)]
        .filter((part) => part !== null)
        .join(', ')
    case RETRY:
      return `asks for a share of ${chosen('group') ?? 'another group'}`
    case 'EncryptedExtensions':
      return [chosen('application protocol'), hasField(fields, 'early_data') ? 'takes the early data' : null]
        .filter((part) => part !== null)
        .join(', ')
    case 'Certificate': {
      const count = fields.filter(({ field }) => field === 'cert_data' || field === 'ASN.1Cert').length
      return fields.length === 0 ? size : `${CERTIFICATES[count] ?? `${count} certificates`}, ${size}`
    }
    case 'CertificateVerify':
    case 'ServerKeyExchange':
      return fields.find(({ name, field }) => field === 'signature_scheme' && name !== undefined)?.name ?? ''
    default:
      return ''
  }
}

const resumption = (fields: readonly TlsField[]): string | null =>
  hasField(fields, 'pre_shared_key') ? 'resumes' : null
const textField = (fields: readonly TlsField[], wanted: string): string | null => {
  const found = fields.find(({ field }) => field === wanted)
  return found === undefined ? null : (found.name ?? String(found.value))
}
/** An extension's type is named where it begins. */
const hasField = (fields: readonly TlsField[], extension: string): boolean =>
  fields.some(({ of, name }) => of === extension || name === extension)
