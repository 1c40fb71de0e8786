import { TlsError } from '../../alert.ts'
import type { ServerConfig } from '../../config.ts'
import type { Core, StepBody } from '../../core.ts'
import { rawExtension } from '../../extension/extension.ts'
import type { ClientHello } from '../../message/hello.ts'
import type { ServerSession } from '../../session/ticket.ts'
import { DEFAULT_SUITES, type Suite, suiteOf } from '../../suite.ts'

export interface Found {
  readonly session: ServerSession
  readonly suite: Suite
  readonly byTicket: boolean
}

/** By ticket (RFC 5077 3.4), else by session id (RFC 5246 7.4.1.2); null leaves a full handshake. */
export function findSession(
  core: Core,
  config: ServerConfig,
  hello: ClientHello,
  name: string | null,
  extendedMasterSecret: boolean,
): Found | null {
  const ticket = rawExtension(hello.extensions, 'session_ticket')?.data
  const byTicket = ticket !== undefined && ticket.length > 0
  if (!byTicket && (hello.sessionId.length === 0 || config.cache === undefined)) return null
  const session = byTicket
    ? (config.tickets?.open(ticket, core.now) ?? null)
    : (config.cache?.find(hello.sessionId, core.now) ?? null)
  const reason = session === null ? 'not one of ours, or expired' : reasonAgainst(config, session, hello, name)
  core.step(() => sessionStep(byTicket ? 'ticket' : 'session id', reason))
  if (session === null || reason !== null) return null
  checkExtended(session, extendedMasterSecret)
  if (session.extendedMasterSecret !== extendedMasterSecret) return null
  return { session, suite: suiteOf(session.suite) as Suite, byTicket }
}

function reasonAgainst(
  config: ServerConfig,
  session: ServerSession,
  hello: ClientHello,
  name: string | null,
): string | null {
  if (session.version !== 'TLS 1.2') return `a session of ${session.version}`
  const suite = suiteOf(session.suite)
  if (suite === null || !(config.suites ?? DEFAULT_SUITES).includes(suite.name))
    return 'its suite is not enabled any more'
  if (!hello.cipherSuites.includes(session.suite)) return 'its suite is not offered'
  if (session.serverName !== name) return `a session with ${session.serverName ?? 'no name'}, not ${name ?? 'no name'}`
  if (config.clientAuth === 'require' && session.clientChain.length === 0)
    return 'its handshake had no client certificate'
  return null
}

/** RFC 7627 5.3: leaving the extended master secret out on resumption is an attack, or a bug as bad. */
function checkExtended(session: ServerSession, extended: boolean): void {
  if (!session.extendedMasterSecret || extended) return
  const rule = 'a session made with the extended master secret is not resumed without'
  throw new TlsError('handshake_failure', rule, 'RFC 7627 5.3')
}

function sessionStep(candidate: string, reason: string | null): StepBody {
  return {
    kind: 'tls-negotiation',
    subject: 'session',
    offered: [candidate],
    supported: ['sessions of this server'],
    chosen: reason === null ? candidate : null,
    why: reason ?? 'known and fitting',
    rejected: reason === null ? [] : [{ candidate, reason }],
  }
}
