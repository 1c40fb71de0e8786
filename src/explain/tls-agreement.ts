import type { Event } from '../trace/step.ts'
import type { TlsEvent, TlsRole, TlsSubject } from '../trace/steps/tls.ts'

/** What the two ends agreed on, as one of them saw it. */
export interface Agreement {
  readonly version: string
  readonly suite: string
  readonly group: string | null
  readonly alpn: string | null
  readonly serverName: string | null
  readonly resumed: boolean
  readonly retried: boolean
  readonly earlyData: boolean
}

/** Null while (or where) the handshake did not end well. */
export function agreementOf(events: readonly Event[], role: TlsRole): Agreement | null {
  const own = events.filter(
    (event): event is TlsEvent => event.kind.startsWith('tls-') && 'role' in event && event.role === role,
  )
  if (!own.some((event) => event.kind === 'tls-state' && event.to === 'CONNECTED')) return null
  const messages = own.filter((event) => event.kind === 'tls-message')
  const hellos = messages.filter(({ message }) => message === 'ServerHello')
  const clientHello = messages.find(({ message }) => message === 'ClientHello')
  const decisions = own.filter((event) => event.kind === 'tls-negotiation')
  const chosen = (subject: TlsSubject): string | null =>
    decisions.findLast((event) => event.subject === subject)?.chosen ?? null
  const version = chosen('version')
  return {
    version: version ?? '',
    suite: hellos.at(-1)?.fields.find(({ field }) => field === 'cipher_suite')?.name ?? chosen('cipher suite') ?? '',
    group: chosen('group'),
    alpn: chosen('application protocol'),
    serverName: clientHello?.fields.find(({ field }) => field === 'host_name')?.name ?? null,
    resumed: chosen('pre-shared key') !== null || chosen('session') !== null,
    retried: messages.filter(({ message }) => message === 'ClientHello').length > 1,
    earlyData: messages.some(({ message }) => message === 'EndOfEarlyData'),
  }
}
