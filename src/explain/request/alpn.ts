import type { Event } from '../../trace/step.ts'
import type { TlsEvent, TlsRole } from '../../trace/steps/tls.ts'

/** A protocol that one end named: which it was in the list of each, counted from 1; 0 where it is not in it. */
export interface NamedProtocol {
  readonly protocol: string
  readonly offered: number
  readonly supported: number
}

/** A choice of an application protocol that came to nothing (RFC 7301 3.2). */
export interface FailedAlpn {
  /** Who chose, and gave up. */
  readonly by: TlsRole
  readonly offered: readonly string[]
  readonly supported: readonly string[]
  readonly protocols: readonly NamedProtocol[]
}

/** By the step of the end that chose; null where a protocol was found, or none was asked for, or that end's steps are not there. */
export function failedAlpn(events: readonly Event[]): FailedAlpn | null {
  const choice = events.findLast((event): event is Negotiation => isFailure(event))
  if (choice === undefined) return null
  const { role, offered, supported } = choice
  const protocols = [...new Set([...offered, ...supported])].map((protocol) => ({
    protocol,
    offered: offered.indexOf(protocol) + 1,
    supported: supported.indexOf(protocol) + 1,
  }))
  return { by: role, offered, supported, protocols }
}

type Negotiation = Extract<TlsEvent, { kind: 'tls-negotiation' }>

/** A client that hears of no protocol goes on without one: that is no failure. */
const isFailure = (event: Event): boolean =>
  event.kind === 'tls-negotiation' &&
  event.subject === 'application protocol' &&
  event.role === 'server' &&
  event.chosen === null
