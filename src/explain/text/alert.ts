import type { Event } from '../../trace/step.ts'
import type { CertificateError } from '../../trace/steps/cert.ts'
import type { TlsEvent, TlsKnown, TlsRole } from '../../trace/steps/tls.ts'
import { tls as en } from '../messages/en-tls.ts'
import { columns } from './columns.ts'

type Alert = Extract<TlsEvent, { kind: 'tls-alert' }>

/** An alert that ended a handshake: the rule and where it is written, what each side knew, and what would mend it. */
export interface AlertExplained {
  readonly alert: string
  readonly code: number
  readonly by: TlsRole
  readonly rule: string
  readonly rfc: string
  readonly knew: readonly TlsKnown[]
  readonly fix: string | null
}

/**
 * The first fatal alert that `role` sent or heard. Where the other end's steps are there too, what that end knew is told as
 * well: the one that sent the alert knows the rule.
 */
export function explainAlert(events: readonly Event[], role: TlsRole): AlertExplained | null {
  const alerts = events.filter((event): event is Alert => event.kind === 'tls-alert' && event.level === 'fatal')
  const own = alerts.find((alert) => alert.role === role)
  if (own === undefined) return null
  const sender =
    own.direction === 'sent' ? own : alerts.find((alert) => alert.role !== role && alert.direction === 'sent')
  const told = sender ?? own
  const knew = [...told.knew, ...alerts.filter((alert) => alert !== told).flatMap((alert) => alert.knew)]
  const by = own.direction === 'sent' ? role : role === 'client' ? 'server' : 'client'
  const { description: alert, code, rule, rfc } = told
  return { alert, code, by, rule, rfc, knew: distinct(knew), fix: fixOf(alert, certificateErrors(events)) }
}

/** `object`: what holds the certificate that was refused, as `Secret default/web-tls, key tls.crt`. */
export function alertText(events: readonly Event[], role: TlsRole, object: string | null = null): string[] {
  const explained = explainAlert(events, role)
  if (explained === null) return []
  const { alert, code, by, rule, rfc, knew, fix } = explained
  const { heading } = en
  return [
    `${heading.alert}  ${en.refusedBy(by, alert, code)}`,
    ...columns([
      [`  ${heading.rule}`, `${rule}  (${rfc})`],
      ...knew.map(({ side, fact }) => [`  ${side}`, fact]),
      ...(object === null ? [] : [[`  ${heading.object}`, object]]),
      ...(fix === null ? [] : [[`  ${heading.fix}`, fix]]),
    ]),
  ]
}

function fixOf(alert: string, errors: readonly CertificateError[]): string | null {
  if (errors.length > 0) return en.certificateFix[errors[0].code]
  return en.alertFix[alert] ?? null
}

/** What the last judgement found wrong. */
function certificateErrors(events: readonly Event[]): readonly CertificateError[] {
  const verdict = events.findLast((event) => event.kind === 'cert-verdict')
  return verdict === undefined || verdict.ok ? [] : verdict.errors
}

function distinct(knew: readonly TlsKnown[]): TlsKnown[] {
  return [...new Map(knew.map((one) => [`${one.side} ${one.fact}`, one])).values()]
}
