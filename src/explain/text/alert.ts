import type { Event } from '../../trace/step.ts'
import type { TlsEvent, TlsKnown, TlsRole } from '../../trace/steps/tls.ts'
import { tls as en } from '../messages/en-tls.ts'
import { type Change, changeFor, heldBy, type Involved } from '../request/change.ts'
import { choiceIn, type IngressChoice, knownOf } from '../request/ingress.ts'
import { labelled } from './columns.ts'

type Alert = Extract<TlsEvent, { kind: 'tls-alert' }>

/** An alert that ended a handshake: the rule and where it is written, what each side knew, and what would mend it. */
export interface AlertExplained {
  readonly alert: string
  readonly code: number
  readonly by: TlsRole
  readonly rule: string
  readonly rfc: string
  readonly knew: readonly TlsKnown[]
  /** How an ingress controller chose the server's certificate; null where none did. */
  readonly ingress: IngressChoice | null
  /** What holds what is to be changed: `Secret default/web-tls, tls.crt`. */
  readonly object: string | null
  readonly fix: string | null
  /** With kubectl: see what is there, and replace it. */
  readonly commands: readonly string[]
}

/**
 * The first fatal alert that `role` sent or heard. Where the other end's steps are there too, what that end knew is told as
 * well: the one that sent the alert knows the rule.
 */
export function explainAlert(
  events: readonly Event[],
  role: TlsRole,
  involved: Involved | null = null,
): AlertExplained | null {
  const alerts = events.filter((event): event is Alert => event.kind === 'tls-alert' && event.level === 'fatal')
  const own = alerts.find((alert) => alert.role === role)
  if (own === undefined) return null
  const sender =
    own.direction === 'sent' ? own : alerts.find((alert) => alert.role !== role && alert.direction === 'sent')
  const told = sender ?? own
  const choice = events.some((event) => event.kind === 'cert-judge' && event.purpose === 'server')
    ? choiceIn(events)
    : null
  const knew = [
    ...told.knew,
    ...alerts.filter((alert) => alert !== told).flatMap((alert) => alert.knew),
    ...(choice === null ? [] : [knownOf(choice)]),
  ]
  const by = own.direction === 'sent' ? role : role === 'client' ? 'server' : 'client'
  const { description: alert, code, rule, rfc } = told
  const change: Change = changeFor(alert, events, involved) ?? NOTHING
  const held = involved === null ? null : heldBy(events, involved)
  const object = change.object ?? (held === null ? null : `${held.object}, ${held.key}`)
  return {
    alert,
    code,
    by,
    rule,
    rfc,
    knew: distinct(knew),
    ingress: choice,
    ...change,
    object,
    fix: change.fix || null,
  }
}

const NOTHING: Change = { object: null, fix: '', commands: [] }

/** How the ends are called. */
export type Names = Readonly<Record<TlsRole, string>>
export const ROLES: Names = { client: 'client', server: 'server' }

/** `more`: rows between what is to be changed and how, a label and a text each. */
export function alertText(
  { alert, code, by, rule, rfc, knew, object, fix, commands }: AlertExplained,
  names: Names = ROLES,
  more: readonly (readonly [string, string])[] = [],
): string[] {
  const { heading } = en
  return labelled([
    [heading.alert, en.refusedBy(names[by], alert, code)],
    [heading.rule, `${rule}  (${rfc})`],
    ...knew.map(({ side, fact }, i) => [i === 0 ? heading.bothSides : '', `${names[side]}: ${fact}`] as const),
    ...(object === null ? [] : ([[heading.object, object]] as const)),
    ...more,
    ...(fix === null ? [] : ([[heading.fix, fix]] as const)),
    ...commands.map((command) => ['', command] as const),
  ])
}

function distinct(knew: readonly TlsKnown[]): TlsKnown[] {
  return [...new Map(knew.map((one) => [`${one.side} ${one.fact}`, one])).values()]
}
