import type { Event } from '../../trace/step.ts'
import type { CertificateError } from '../../trace/steps/cert.ts'
import type { TlsEvent, TlsRole } from '../../trace/steps/tls.ts'
import { alpn as alpnWords } from '../messages/en-alpn.ts'
import { type ChangeFacts, change as en } from '../messages/en-change.ts'
import { tls } from '../messages/en-tls.ts'
import { failedAlpn } from './alpn.ts'
import { choiceIn, fieldOf, ingressChange } from './ingress.ts'
import { answersCertificate, CERTIFICATE_ALERTS } from './stages.ts'

/** A certificate by the object that holds it. */
export interface HeldCertificate {
  /** `Secret default/web-tls`, `Pod default/web`. */
  readonly object: string
  /** Its key or annotation: `tls.crt`. */
  readonly key: string
  /** Without their kind: `web`, `10.96.0.80`. */
  readonly names: readonly string[]
  /** Milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
}

/** The objects around a connection: beyond the steps, where what the ends used was configured. */
export interface Involved {
  certificate(fingerprint: string): HeldCertificate | null
  /** `Pod default/client`. */
  readonly client: string
  /** What sets up the server, and what it says: `Pod default/web`, `annotation podwire.dev/serve: https:8443`. */
  readonly server: { readonly object: string; readonly key: string } | null
  /** The Service with that name, and all names that it has. */
  service(name: string): { readonly object: string; readonly names: readonly string[] } | null
}

/** What to change, and where. */
export interface Change {
  /** `Secret default/web-tls, tls.crt`. */
  readonly object: string | null
  readonly fix: string
  /** For a cluster of one's own: see what is there, put in what belongs there. */
  readonly commands: readonly string[]
}

/** For an alert that ended a handshake. `events`: of both ends, as far as they are known. */
export function changeFor(alert: string, events: readonly Event[], involved: Involved | null): Change | null {
  const errors = CERTIFICATE_ALERTS.includes(alert) ? certificateErrors(events) : []
  const held = involved === null ? null : heldBy(events, involved)
  const choice = isServers(events) ? choiceIn(events) : null
  if (errors.length > 0) {
    const behind = choice === null ? null : ingressChange(choice, held === null ? null : `${held.object}, ${held.key}`)
    if (behind !== null) return behind
    if (involved === null || held === null) return bare(tls.certificateFix[errors[0].code])
    const via = choice === null ? null : fieldOf(choice)
    const fix = en.certificate[errors[0].code]({ ...factsOf(events, held, involved), via })
    const object = `${held.object}, ${held.key}`
    return { object: via === null ? object : `${via} => ${object}`, fix, commands: commandsFor(held) }
  }
  if (held !== null && involved !== null && fails(events, 'CertificateVerify', 'ServerKeyExchange')) {
    const fix = en.certificate['key-mismatch'](factsOf(events, held, involved))
    return { object: `${held.object}, ${held.key}`, fix, commands: commandsFor(held) }
  }
  const mute = notTls(events)
  if (mute !== null) return bare(mute === 'client' ? en.peerSpeaksNoTls : en.peerBeginsNoTls)
  const server = involved?.server ?? null
  const alpn = alert === 'no_application_protocol' ? failedAlpn(events) : null
  if (server !== null && alpn !== null) {
    const fix = alpnWords.fix(server.object, [...alpn.supported, ...alpn.offered], alpn.supported)
    return { object: `${server.object}, ${server.key}`, fix, commands: [] }
  }
  const setting = en.setting[refusesNobody(alert, events) ? 'certificate_required' : alert]
  if (server !== null && setting !== undefined)
    return { object: `${server.object}, ${server.key}`, fix: setting(server.object), commands: [] }
  const general = tls.alertFix[alert]
  return general === undefined ? null : bare(general)
}

/** The last judgement was of a server's certificate. */
const isServers = (events: readonly Event[]): boolean =>
  events.findLast((event) => event.kind === 'cert-judge')?.purpose === 'server'

/** A proof of the peer's key did not verify. */
const fails = (events: readonly Event[], ...what: readonly string[]): boolean =>
  events.some((event) => event.kind === 'tls-verification' && !event.ok && what.includes(event.what))

/** Who gave up because the first bytes that came were no record of TLS. */
function notTls(events: readonly Event[]): TlsRole | null {
  const alert = events.find(
    (event) => event.kind === 'tls-alert' && event.direction === 'sent' && event.level === 'fatal',
  )
  if (alert?.kind !== 'tls-alert') return null
  const read = events.some(
    (event) =>
      (event.kind === 'tls-record' || event.kind === 'tls-message') &&
      event.direction === 'received' &&
      event.role === alert.role,
  )
  return read || alert.description !== 'unexpected_message' ? null : alert.role
}

/** TLS 1.2 has no alert of its own for a client that shows no certificate (RFC 5246 7.4.6). */
function refusesNobody(alert: string, events: readonly Event[]): boolean {
  const own = events.filter(
    (event): event is TlsEvent => event.kind.startsWith('tls-') && (event as TlsEvent).role === 'client',
  )
  return alert === 'handshake_failure' && answersCertificate(own)
}

const bare = (fix: string): Change => ({ object: null, fix, commands: [] })

/** What the last judgement found wrong. */
export function certificateErrors(events: readonly Event[]): readonly CertificateError[] {
  const verdict = events.findLast((event) => event.kind === 'cert-verdict')
  return verdict === undefined || verdict.ok ? [] : verdict.errors
}

/** What holds the certificate that was judged last. */
export function heldBy(events: readonly Event[], involved: Involved): HeldCertificate | null {
  const judged = events.findLast((event) => event.kind === 'cert-judge')
  return judged === undefined ? null : involved.certificate(judged.leaf.fingerprint)
}

function factsOf(events: readonly Event[], { object, key, names }: HeldCertificate, involved: Involved): ChangeFacts {
  const judged = events.findLast((event) => event.kind === 'cert-judge')
  const end = events.findLast((event) => event.kind === 'cert-dead-end')
  const asked = judged?.name ?? null
  const service = asked === null ? null : involved.service(asked)
  return {
    object,
    key,
    via: null,
    names,
    asked,
    purpose: judged?.purpose === 'client' ? 'clientAuth' : 'serverAuth',
    issuer: end?.issuer ?? judged?.leaf.issuer ?? '',
    service:
      service === null
        ? null
        : { object: service.object, missing: service.names.filter((name) => !names.includes(name)) },
    judge: judged?.purpose === 'client' ? (involved.server?.object ?? '') : involved.client,
  }
}

function commandsFor({ object }: HeldCertificate): readonly string[] {
  const [, namespace, name] = /^Secret ([^/]+)\/(.+)$/.exec(object) ?? []
  if (namespace === undefined) return []
  return [en.showSecret(namespace, name), en.replaceSecret(namespace, name)]
}
