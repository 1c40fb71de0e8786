import type { TlsSubject } from '../../../trace/steps/tls.ts'
import { TlsError } from '../../alert.ts'
import type { Core, StepBody } from '../../core.ts'
import { find } from '../../extension/build.ts'
import { selectedIdentity, serverShare } from '../../extension/codecs.ts'
import { checkAnswers, checkPlacement } from '../../extension/placement.ts'
import { groupName } from '../../group/index.ts'
import type { Handshake } from '../../message/handshake.ts'
import type { ServerHello } from '../../message/hello.ts'
import { Stage } from '../../schedule/schedule13.ts'
import type { State } from '../../state.ts'
import { type Suite, suiteNamed, suiteOf } from '../../suite.ts'
import { readUnder, secretOf, writeUnder } from '../../tls13/keys.ts'
import type { Offer, Share } from '../offer.ts'
import type { OfferedPsk } from '../psk.ts'
import { WaitEncryptedExtensions } from './wait-encrypted-extensions.ts'

/** What both directions of a TLS 1.3 handshake need from here on. */
export interface Handshake13 {
  readonly offer: Offer
  readonly suite: Suite
  readonly group: string
  readonly resumed: boolean
  readonly master: Stage
  readonly clientSecret: Uint8Array
  readonly serverSecret: Uint8Array
  readonly alpn: string | null
  readonly earlyData: 'none' | 'accepted' | 'rejected'
}

/** On a ServerHello: the shared secret, and with it the handshake keys (RFC 8446 7.1). */
export function start13(core: Core, offer: Offer, hello: ServerHello, message: Handshake): State {
  checkPlacement(hello.extensions, 'ServerHello')
  checkAnswers(hello.extensions, offer.hello.extensions, 'ServerHello')
  const suite = suiteOf(hello.cipherSuite) as Suite
  core.suite = suite
  if (offer.retry !== null && offer.retry.suite !== suite) {
    const rule = `the suite stays that of the HelloRetryRequest, ${offer.retry.suite.name}`
    throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.1.4')
  }
  const psk = acceptedPsk(hello, offer, suite)
  const { share, secret } = agree(hello, offer)
  core.transcript.choose(suite.hash)
  core.absorb(message)
  choiceSteps(core, offer, suite, share.group.name, psk)
  const early = psk?.early ?? Stage.early(suite.hash, null, core.listener)
  core.listener?.({
    operation: 'key agreement',
    output: '(EC)DHE',
    label: share.group.name,
    inputs: [{ name: 'client key_exchange', value: share.pair.share, secret: false }],
    value: secret,
  })
  const stage = early.handshake(secret)
  const transcript = core.transcript.hash()
  const clientSecret = secretOf(core, stage, 'client_handshake_traffic', transcript)
  const serverSecret = secretOf(core, stage, 'server_handshake_traffic', transcript)
  const master = stage.master()
  readUnder(core, suite, serverSecret, 'server_handshake_traffic', 'handshake')
  // With early data under way our keys change only after EndOfEarlyData; its change_cipher_spec has gone out before.
  if (!offer.earlyData) {
    if (offer.retry === null && hello.sessionId.length > 0) core.changeCipherSpec()
    writeUnder(core, suite, clientSecret, 'client_handshake_traffic', 'handshake')
  }
  const base = { offer, suite, group: share.group.name, resumed: psk !== null, master, clientSecret, serverSecret }
  return new WaitEncryptedExtensions({ ...base, alpn: null, earlyData: 'none' })
}

function acceptedPsk(hello: ServerHello, { psk }: Offer, suite: Suite): OfferedPsk | null {
  const selected = find(hello.extensions, 'pre_shared_key', selectedIdentity)
  if (selected === null || psk === null) return null
  if (selected !== 0) {
    throw new TlsError(
      'illegal_parameter',
      `one PSK was offered, the server chose number ${selected + 1}`,
      'RFC 8446 4.2.11',
    )
  }
  if (psk.suite.hash !== suite.hash) {
    const rule = `the suite's hash is that of the PSK (${psk.suite.hash}), not ${suite.hash}`
    throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.2.11')
  }
  return psk
}

function agree(hello: ServerHello, { shares, groups }: Offer): { readonly share: Share; readonly secret: Uint8Array } {
  const entry = find(hello.extensions, 'key_share', serverShare)
  if (entry === null) {
    throw new TlsError(
      'missing_extension',
      'a ServerHello carries a key_share: we offer psk_dhe_ke only',
      'RFC 8446 4.2.8',
    )
  }
  const share = shares.find(({ group }) => group.code === entry.group)
  if (share === undefined) {
    const offered = groups.map(({ name }) => name).join(', ')
    const rule = `key_share answers one of the client's shares, not ${groupName(entry.group)}`
    throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.2.8', [{ side: 'client', fact: `offered ${offered}` }])
  }
  const secret = share.pair.agree(entry.keyExchange)
  if (secret === null) {
    throw new TlsError('illegal_parameter', `key_exchange is not a valid ${share.group.name} share`, 'RFC 8446 4.2.8.2')
  }
  return { share, secret }
}

function choiceSteps(core: Core, offer: Offer, suite: Suite, group: string, psk: OfferedPsk | null): void {
  core.step(() => choiceStep('cipher suite', offer.suites, suite.name))
  core.step(() => choiceStep('group', offer.groups, group))
  const offered = offer.psk
  if (offered !== null) core.step(() => pskStep(offered, psk !== null))
}

function choiceStep(subject: TlsSubject, offer: readonly { readonly name: string }[], chosen: string): StepBody {
  const names = offer.map(({ name }) => name)
  const how = { kind: 'tls-negotiation', why: 'chosen by the server', rejected: [] } as const
  return { ...how, subject, offered: names, supported: names, chosen }
}

function pskStep({ session }: OfferedPsk, taken: boolean): StepBody {
  const offered = [`ticket (${suiteNamed(session.suite).name})`]
  const how = { kind: 'tls-negotiation', subject: 'pre-shared key', offered, supported: offered, rejected: [] } as const
  if (taken) return { ...how, chosen: 'ticket', why: 'the server took the ticket' }
  return { ...how, chosen: null, why: 'the server did not take the ticket: a full handshake follows' }
}
