import { appendFileSync } from 'node:fs'
import { tls as en } from '../explain/messages/en-tls.ts'
import { heldBy, type Involved } from '../explain/request/change.ts'
import { type AlertExplained, alertText, explainAlert, ROLES } from '../explain/text/alert.ts'
import { handshakeText, judgementText } from '../explain/text/handshake.ts'
import { handshakeDetail } from '../explain/text/handshake-detail.ts'
import type { Agreement } from '../explain/tls-agreement.ts'
import type { Connected } from '../tls/output.ts'
import type { Event } from '../trace/step.ts'
import type { CertificateEvent } from '../trace/steps/cert.ts'
import type { TlsRole } from '../trace/steps/tls.ts'
import { writeNew } from './output.ts'

/** One connection, seen from one end. */
export interface Handshake {
  readonly role: TlsRole
  /** Where: `127.0.0.1:8443`, `default/client`. */
  readonly peer: string
  readonly events: readonly Event[]
  readonly connected: Connected | Agreement | null
  /** Why there was none, where no alert says so. */
  readonly error?: string
  /** Where what the ends used was configured, where that is known. */
  readonly involved?: Involved
}

/** Whether it came to a connection that nobody then refused. */
export const succeeded = ({ role, events, connected, error }: Handshake): boolean =>
  connected !== null && error === undefined && explainAlert(events, role) === null

export function handshakeLines(handshake: Handshake, verbose: boolean): string[] {
  const { events, role, involved } = handshake
  const alert = explainAlert(events, role, involved)
  const sections = [
    [headline(handshake)],
    handshakeText(events, role, ROLES),
    judgementText(events),
    alert === null ? [] : alertText(alert),
    verbose ? handshakeDetail(events, role) : [],
  ]
  return sections.filter((lines) => lines.length > 0).flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]))
}

/** `OK  TLS 1.3 · TLS_AES_128_GCM_SHA256 · x25519   with 127.0.0.1:8443`. */
export function headline(handshake: Handshake): string {
  const { role, peer, events, connected, error } = handshake
  const alert = explainAlert(events, role)
  if (alert !== null) return `${en.failed}  ${en.refusedBy(alert.by, alert.alert, alert.code)}: ${alert.rule}   ${peer}`
  if (connected === null || error !== undefined) return `${en.failed}  ${error ?? unfinished(handshake)}   ${peer}`
  const { version, suite, group, alpn, resumed, retried, earlyData } = connected
  const words = [
    version,
    suite,
    group,
    alpn === null ? null : `ALPN ${alpn}`,
    resumed ? en.resumed : null,
    retried ? en.retried : null,
    earlyData === 'none' || earlyData === false ? null : en.earlyData(earlyData === true ? 'accepted' : earlyData),
  ]
  return `${en.ok}  ${words.filter((word) => word !== null).join(' · ')}   ${en.with} ${peer}`
}

/** Nobody says why it ended, so it is told how far it came. */
function unfinished({ events }: Handshake): string {
  const last = events.findLast((event) => event.kind === 'tls-message')
  if (last === undefined) return en.noHandshake
  const other = last.role === 'client' ? 'server' : 'client'
  return en.unfinished(last.message, last.direction === 'sent' ? last.role : other)
}

/** The document of `-o json`. */
export function handshakeDocument(handshake: Handshake): object {
  const { role, peer, events, connected, error, involved } = handshake
  const held = involved === undefined ? null : heldBy(events, involved)
  return {
    ok: succeeded(handshake),
    role,
    peer,
    connected: connected === null ? null : plainConnected(connected),
    alert: explainAlert(events, role, involved) satisfies AlertExplained | null,
    error: error ?? null,
    object: held === null ? null : `${held.object}, ${held.key}`,
    certificate: lastVerdict(events),
    events,
  }
}

function plainConnected(connected: Connected | Agreement): object {
  if (!('peerChain' in connected)) return connected
  const { peerChain, verdict: _, ...agreed } = connected
  return { ...agreed, peerChain: peerChain.map((der) => Buffer.from(der).toString('base64')) }
}

function lastVerdict(events: readonly Event[]): Extract<CertificateEvent, { kind: 'cert-verdict' }> | null {
  return events.findLast((event) => event.kind === 'cert-verdict') ?? null
}

/** A key log that is written as connections come, readable by its owner only. Made at once, so that it is refused in time. */
export function openKeylog(path: string | undefined, force: boolean): (line: string) => void {
  if (path === undefined) return () => {}
  writeNew(path, '', { force, secret: true })
  return (line) => appendFileSync(path, `${line}\n`)
}
