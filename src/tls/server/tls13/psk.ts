import { timingSafeEqual } from 'node:crypto'
import { TlsError } from '../../alert.ts'
import type { ServerConfig } from '../../config.ts'
import type { Core, StepBody } from '../../core.ts'
import { find } from '../../extension/build.ts'
import { offeredPsks, pskModes } from '../../extension/codecs.ts'
import { hasExtension } from '../../extension/extension.ts'
import type { Handshake } from '../../message/handshake.ts'
import type { ClientHello } from '../../message/hello.ts'
import { EXTENSION } from '../../numbers.ts'
import { emptyHash } from '../../schedule/hkdf.ts'
import { finishedData, Stage } from '../../schedule/schedule13.ts'
import type { ServerSession } from '../../session/ticket.ts'
import { type Suite, suiteOf } from '../../suite.ts'

const PSK_DHE_KE = 1
const MAX_IDENTITIES = 4

/** A ticket of ours that the client holds; its binder is still to be verified. */
export interface AcceptedPsk {
  readonly index: number
  readonly session: ServerSession
  readonly suite: Suite
  readonly early: Stage
  readonly binder: Uint8Array
  /** Bytes that all binders take up at the end of the hello. */
  readonly bindersLength: number
  /** How far the ticket's age, as the client has it, is from ours; milliseconds (RFC 8446 8.3). */
  readonly skew: number
}

/** The first identity that opens as one of our tickets and fits this hello; null leaves a full handshake. */
export function choosePsk(
  core: Core,
  config: ServerConfig,
  hello: ClientHello,
  name: string | null,
): AcceptedPsk | null {
  const psks = find(hello.extensions, 'pre_shared_key', offeredPsks)
  if (psks === null) return null
  const { identities, binders } = psks
  checkOffer(hello, identities.length, binders.length)
  const modes = find(hello.extensions, 'psk_key_exchange_modes', pskModes)
  if (config.tickets === undefined || !modes!.includes(PSK_DHE_KE)) return null
  for (const [index, { identity, obfuscatedAge }] of identities.slice(0, MAX_IDENTITIES).entries()) {
    const session = config.tickets.open(identity, core.now)
    const reason =
      session === null ? 'not a ticket of ours, altered, or expired' : reasonAgainst(config, session, hello, name)
    core.step(() => pskStep(identities.length, index, reason))
    if (session === null || reason !== null) continue
    const suite = suiteOf(session.suite) as Suite
    const early = Stage.early(suite.hash, session.secret, core.listener)
    const age = (obfuscatedAge - session.ageAdd) >>> 0
    const skew = Math.abs(core.now - session.issued - age)
    const bindersLength = 2 + binders.reduce((sum, binder) => sum + 1 + binder.length, 0)
    return { index, session, suite, early, binder: binders[index], bindersLength, skew }
  }
  return null
}

function checkOffer({ extensions }: ClientHello, identities: number, binders: number): void {
  if (extensions[extensions.length - 1].type !== EXTENSION.pre_shared_key) {
    throw new TlsError('illegal_parameter', 'pre_shared_key is the last extension', 'RFC 8446 4.2.11')
  }
  if (identities !== binders) {
    throw new TlsError(
      'illegal_parameter',
      `${identities} identities need as many binders, not ${binders}`,
      'RFC 8446 4.2.11',
    )
  }
  if (!hasExtension(extensions, 'psk_key_exchange_modes')) {
    throw new TlsError('missing_extension', 'pre_shared_key comes with psk_key_exchange_modes', 'RFC 8446 4.2.9')
  }
}

function reasonAgainst(
  config: ServerConfig,
  session: ServerSession,
  hello: ClientHello,
  name: string | null,
): string | null {
  if (session.version !== 'TLS 1.3') return `a ticket for ${session.version}`
  if (session.serverName !== name) return `a ticket for ${session.serverName ?? 'no name'}, not ${name ?? 'no name'}`
  const suite = suiteOf(session.suite)
  const hash = suite?.hash
  if (!hello.cipherSuites.some((code) => suiteOf(code)?.version === 'TLS 1.3' && suiteOf(code)?.hash === hash)) {
    return `no suite with ${hash} is offered beside it`
  }
  if (config.clientAuth === 'require' && session.clientChain.length === 0)
    return 'its handshake had no client certificate'
  return null
}

function pskStep(count: number, index: number, reason: string | null): StepBody {
  const offered = Array.from({ length: count }, (_, i) => `ticket ${i + 1}`)
  const candidate = offered[index]
  return {
    kind: 'tls-negotiation',
    subject: 'pre-shared key',
    offered,
    supported: ['tickets sealed by this server'],
    chosen: reason === null ? candidate : null,
    why: reason === null ? 'the first that opens and fits' : 'does not fit',
    rejected: reason === null ? [] : [{ candidate, reason }],
  }
}

/** The hello is by someone who knows the PSK (RFC 8446 4.2.11.2). */
export function verifyBinder(core: Core, psk: AcceptedPsk, { bytes }: Handshake): void {
  const { hash } = psk.suite
  const key = psk.early.derive('resumption_binder', emptyHash(hash))
  const transcript = core.transcript.hash(bytes.subarray(0, bytes.length - psk.bindersLength))
  const expected = finishedData(hash, key, 'resumption_binder', transcript, core.listener)
  const ok = psk.binder.length === expected.length && timingSafeEqual(psk.binder, expected)
  core.step(() => {
    const detail = 'HMAC over the ClientHello up to its binders, keyed from the ticket'
    return { kind: 'tls-verification', what: 'binder', by: 'client', ok, detail }
  })
  if (!ok) {
    throw new TlsError(
      'decrypt_error',
      "a PSK's binder must match: the client does not know the key",
      'RFC 8446 4.2.11',
    )
  }
}
