import { TlsError } from '../../alert.ts'
import type { Core, StepBody } from '../../core.ts'
import { find } from '../../extension/build.ts'
import { cookie as cookieCodec, retryGroup } from '../../extension/codecs.ts'
import { checkAnswers, checkPlacement } from '../../extension/placement.ts'
import type { Group } from '../../group/group.ts'
import { groupName } from '../../group/index.ts'
import type { Handshake } from '../../message/handshake.ts'
import type { ServerHello } from '../../message/hello.ts'
import { type Suite, suiteOf } from '../../suite.ts'
import { helloMessage, type Offer, secondOffer } from '../offer.ts'

/** On a HelloRetryRequest (RFC 8446 4.1.4): the same hello again with what the server asks for, sent and returned. */
export function retry(core: Core, offer: Offer, hello: ServerHello, message: Handshake): Offer {
  if (offer.retry !== null) {
    throw new TlsError('unexpected_message', 'there is no second HelloRetryRequest', 'RFC 8446 4.1.4')
  }
  checkPlacement(hello.extensions, 'HelloRetryRequest')
  checkAnswers(hello.extensions, offer.hello.extensions, 'HelloRetryRequest')
  const suite = suiteOf(hello.cipherSuite) as Suite
  core.suite = suite
  const group = askedGroup(hello, offer)
  const cookie = find(hello.extensions, 'cookie', cookieCodec)
  if (group === null && cookie === null) {
    throw new TlsError(
      'illegal_parameter',
      'a HelloRetryRequest changes something in the ClientHello',
      'RFC 8446 4.1.4',
    )
  }
  core.transcript.restart(suite.hash)
  core.absorb(message)
  core.step(() => retryStep(offer, group, cookie))
  const started = offer.earlyData
  if (started) core.output.unprotect()
  else if (offer.hello.sessionId.length > 0) core.changeCipherSpec()
  const drafted = secondOffer(offer, group, cookie, { suite, hello: message.bytes })
  const next = helloMessage(core, drafted)
  core.send(next.message)
  return next.offer
}

function askedGroup(hello: ServerHello, { groups, shares }: Offer): Group | null {
  const code = find(hello.extensions, 'key_share', retryGroup)
  if (code === null) return null
  const group = groups.find((candidate) => candidate.code === code)
  if (group === undefined) {
    const rule = `HelloRetryRequest asks for ${groupName(code)}, which was not offered`
    throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.2.8')
  }
  if (shares.some((share) => share.group === group)) {
    const rule = `HelloRetryRequest asks for ${group.name}, for which a share was sent already`
    throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.2.8')
  }
  return group
}

function retryStep({ groups, shares }: Offer, group: Group | null, cookie: Uint8Array | null): StepBody {
  const supported = groups.map(({ name }) => name)
  const offered = shares.map((share) => share.group.name)
  const why = cookie === null ? 'the server wants another share' : 'the server wants its cookie back'
  const rejected = group === null ? [] : offered.map((candidate) => ({ candidate, reason: 'the server wants another' }))
  return {
    kind: 'tls-negotiation',
    subject: 'group',
    offered,
    supported,
    chosen: group?.name ?? null,
    why,
    rejected,
  }
}
