import { digest } from '../../pki/digest.ts'
import type { Core } from '../core.ts'
import { extension } from '../extension/build.ts'
import { offeredPsks } from '../extension/codecs.ts'
import type { Extension } from '../extension/extension.ts'
import { type Handshake, handshake, handshakeOf } from '../message/handshake.ts'
import { type ClientHello, clientHello } from '../message/hello.ts'
import { emptyHash, HASH_LENGTH } from '../schedule/hkdf.ts'
import { finishedData, Stage } from '../schedule/schedule13.ts'
import type { Session } from '../session/session.ts'
import { type Suite, suiteNamed } from '../suite.ts'

export interface OfferedPsk {
  readonly session: Session
  readonly suite: Suite
  readonly early: Stage
  readonly binderKey: Uint8Array
  /** obfuscated_ticket_age (RFC 8446 4.2.11.1). */
  readonly obfuscatedAge: number
}

export function offerPsk(core: Core, session: Session): OfferedPsk {
  const suite = suiteNamed(session.suite)
  const early = Stage.early(suite.hash, session.secret, core.listener)
  const binderKey = early.derive('resumption_binder', emptyHash(suite.hash))
  const obfuscatedAge = (core.now - session.received + session.ageAdd) % 2 ** 32
  return { session, suite, early, binderKey, obfuscatedAge }
}

/** The binder covers the hello up to the binders' own length (RFC 8446 4.2.11.2), after what the transcript holds already. */
export function bind(
  core: Core,
  psk: OfferedPsk,
  hello: ClientHello,
): { readonly message: Handshake; readonly extension: Extension } {
  const { hash } = psk.suite
  const length = HASH_LENGTH[hash]
  const identities = [{ identity: psk.session.ticket, obfuscatedAge: psk.obfuscatedAge }]
  const draft = extension('pre_shared_key', offeredPsks, { identities, binders: [new Uint8Array(length)] })
  const { bytes } = handshake('ClientHello', clientHello, { ...hello, extensions: [...hello.extensions, draft] })
  const truncated = bytes.subarray(0, bytes.length - length - 3)
  // After a HelloRetryRequest the transcript runs; before it, nothing was chosen yet.
  const transcript = core.transcript.algorithm === null ? digest(hash, truncated) : core.transcript.hash(truncated)
  const binder = finishedData(hash, psk.binderKey, 'resumption_binder', transcript, core.listener)
  bytes.set(binder, bytes.length - length)
  const bound = extension('pre_shared_key', offeredPsks, { identities, binders: [binder] })
  return { message: handshakeOf(bytes), extension: bound }
}
