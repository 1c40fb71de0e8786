import { appendFileSync } from 'node:fs'
import { tls as en } from '../explain/messages/en-tls.ts'
import { type AlertExplained, explainAlert } from '../explain/text/alert.ts'
import { handshakeOf } from '../explain/text/handshake.ts'
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
  /** What holds the certificate that was judged: `Secret default/web-tls, key tls.crt`. */
  readonly object?: string
}

/** Whether it came to a connection that nobody then refused. */
export const succeeded = ({ role, events, connected, error }: Handshake): boolean =>
  connected !== null && error === undefined && explainAlert(events, role) === null

export function handshakeLines(handshake: Handshake, verbose: boolean): string[] {
  const { events, role } = handshake
  const ladder = handshakeOf(events, role, handshake.object)
  const detail = verbose ? handshakeDetail(events, role) : []
  return [
    headline(handshake),
    ...(ladder.length === 0 ? [] : ['', ...ladder]),
    ...(detail.length === 0 ? [] : ['', ...detail]),
  ]
}

/** `OK  TLS 1.3 · TLS_AES_128_GCM_SHA256 · x25519   with 127.0.0.1:8443`. */
export function headline(handshake: Handshake): string {
  const { role, peer, events, connected, error } = handshake
  const alert = explainAlert(events, role)
  if (alert !== null) return `${en.failed}  ${en.refusedBy(alert.by, alert.alert, alert.code)}: ${alert.rule}   ${peer}`
  if (connected === null || error !== undefined) return `${en.failed}  ${error ?? en.noHandshake}   ${peer}`
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

/** The document of `-o json`. */
export function handshakeDocument(handshake: Handshake): object {
  const { role, peer, events, connected, error } = handshake
  return {
    ok: succeeded(handshake),
    role,
    peer,
    connected: connected === null ? null : plainConnected(connected),
    alert: explainAlert(events, role) satisfies AlertExplained | null,
    error: error ?? null,
    object: handshake.object ?? null,
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
