import type { Event } from '../../trace/step.ts'
import type { TlsEvent } from '../../trace/steps/tls.ts'

/** How a handshake divides for its client: what failed is one of these. */
export type TlsStage =
  /** Version, suite, group, protocol: until the ServerHello. */
  | 'hello'
  /** The server's certificate is judged. */
  | 'certificate'
  /** The server proves that it has the key. */
  | 'signature'
  /** The server judges the client's certificate, or misses one. */
  | 'clientCertificate'
  /** Both ends prove that they saw the same handshake. */
  | 'finished'
  /** After the handshake. */
  | 'data'

/** The alerts that a judgement of certificates ends in (RFC 8446 6.2). */
export const CERTIFICATE_ALERTS: readonly string[] = [
  'bad_certificate',
  'unsupported_certificate',
  'certificate_revoked',
  'certificate_expired',
  'certificate_unknown',
  'unknown_ca',
  'bad_certificate_status_response',
]

export interface TlsProgress {
  /** Stages that went well, in order. */
  readonly passed: readonly TlsStage[]
  /** Null: all went well, as far as anybody could tell. */
  readonly failed: TlsStage | null
  /** The alert that ended it; null where none did. */
  readonly alert: string | null
}

/** How far the client came, by its own events and those of the judgement at its end. Null where TLS was not begun. */
export function tlsProgress(events: readonly Event[]): TlsProgress | null {
  const tls = events.filter((event): event is TlsEvent => event.kind.startsWith('tls-') && 'role' in event)
  const own = tls.filter(({ role }) => role === 'client')
  if (!own.some(({ kind }) => kind === 'tls-message')) return null
  const got = (name: string): boolean =>
    own.some((event) => event.kind === 'tls-message' && event.direction === 'received' && event.message === name)
  const connected = own.some((event) => event.kind === 'tls-state' && event.to === 'CONNECTED')
  const alert = own.find((event) => event.kind === 'tls-alert' && event.level === 'fatal')
  const failed = alert === undefined && connected ? null : failedStage(events, own, got, connected)
  const passed: TlsStage[] = []
  const pass = (stage: TlsStage, done: boolean): void => {
    if (done && stage !== failed) passed.push(stage)
  }
  pass('hello', got('ServerHello'))
  pass('certificate', got('Certificate'))
  pass('clientCertificate', connected && got('CertificateRequest'))
  pass('finished', connected)
  return { passed, failed, alert: alert?.kind === 'tls-alert' ? alert.description : null }
}

function failedStage(
  events: readonly Event[],
  own: readonly TlsEvent[],
  got: (name: string) => boolean,
  connected: boolean,
): TlsStage {
  const alert = own.find((event) => event.kind === 'tls-alert' && event.level === 'fatal')
  if (alert?.kind === 'tls-alert' && alert.direction === 'received' && answersCertificate(own))
    return 'clientCertificate'
  if (connected) return 'data'
  if (!got('ServerHello')) return 'hello'
  const verdict = events.find((event) => event.kind === 'cert-verdict')
  const judged =
    alert?.kind === 'tls-alert' && alert.direction === 'sent' && CERTIFICATE_ALERTS.includes(alert.description)
  // With -k the verdict is bad too, and nobody minds.
  if (judged && verdict?.kind === 'cert-verdict' && !verdict.ok) return 'certificate'
  if (own.some((event) => event.kind === 'tls-verification' && !event.ok && event.what !== 'Finished'))
    return 'signature'
  return got('Certificate') || got('Finished') ? 'finished' : 'certificate'
}

/** The client was asked for a certificate, answered, and the server's next word is the alert. */
export function answersCertificate(own: readonly TlsEvent[]): boolean {
  const sent = own.findLastIndex(
    (event) => event.kind === 'tls-message' && event.direction === 'sent' && event.message === 'Certificate',
  )
  if (sent < 0) return false
  const next = own
    .slice(sent)
    .find((event) => (event.kind === 'tls-message' || event.kind === 'tls-alert') && event.direction === 'received')
  return next?.kind === 'tls-alert'
}
