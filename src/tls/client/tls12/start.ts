import { equalBytes } from '../../../util/bytes.ts'
import { TlsError } from '../../alert.ts'
import type { Core, StepBody } from '../../core.ts'
import { find, flag } from '../../extension/build.ts'
import { recordSizeLimit, renegotiationInfo } from '../../extension/codecs.ts'
import { hasExtension } from '../../extension/extension.ts'
import { checkAnswers } from '../../extension/placement.ts'
import type { Handshake } from '../../message/handshake.ts'
import type { ServerHello } from '../../message/hello.ts'
import { checkedLimit } from '../../record/limit.ts'
import type { Session } from '../../session/session.ts'
import type { State } from '../../state.ts'
import { type Suite, suiteOf } from '../../suite.ts'
import { protections12, type Secrets12 } from '../../tls12/keys.ts'
import { checkPointFormats } from '../../tls12/point-formats.ts'
import type { Offer } from '../offer.ts'
import { chosenProtocol } from '../tls13/wait-encrypted-extensions.ts'
import { WaitCertificate12 } from './wait-certificate.ts'
import { WaitChangeCipherSpec } from './wait-finished.ts'

/** What a TLS 1.2 ServerHello settled. */
export interface Handshake12 {
  readonly offer: Offer
  readonly suite: Suite
  readonly serverRandom: Uint8Array
  readonly sessionId: Uint8Array
  readonly extendedMasterSecret: boolean
  readonly encryptThenMac: boolean
  /** A NewSessionTicket will come (RFC 5077 3.2). */
  readonly ticketComes: boolean
  /** A CertificateStatus may come (RFC 6066 8). */
  readonly statusMayCome: boolean
  readonly alpn: string | null
}

export function start12(core: Core, offer: Offer, hello: ServerHello, message: Handshake): State {
  const suite = suiteOf(hello.cipherSuite) as Suite
  core.suite = suite
  core.dropsChangeCipherSpec = false
  checkAnswers(hello.extensions, offer.hello.extensions, 'ServerHello')
  checkRenegotiation(core, hello)
  checkPointFormats(hello.extensions, 'server')
  // Acknowledged with nothing in it (RFC 6066 3).
  flag(hello.extensions, 'server_name')
  core.transcript.choose(suite.hash)
  core.absorb(message)
  core.step(() => {
    const suites = offer.suites.map(({ name }) => name)
    const how = { kind: 'tls-negotiation', subject: 'cipher suite', rejected: [], why: 'chosen by the server' } as const
    return { ...how, offered: suites, supported: suites, chosen: suite.name }
  })
  const limit = find(hello.extensions, 'record_size_limit', recordSizeLimit)
  if (limit !== null) core.output.sizeLimit = checkedLimit(limit)
  const known: Handshake12 = {
    offer,
    suite,
    serverRandom: hello.random,
    sessionId: hello.sessionId,
    extendedMasterSecret: flag(hello.extensions, 'extended_master_secret'),
    encryptThenMac: flag(hello.extensions, 'encrypt_then_mac') && suite.mac !== null,
    ticketComes: hasExtension(hello.extensions, 'session_ticket'),
    statusMayCome: hasExtension(hello.extensions, 'status_request'),
    alpn: chosenProtocol(core, hello.extensions, offer),
  }
  const { session12 } = offer
  const resumes = session12 !== null && equalBytes(hello.sessionId, offer.hello.sessionId)
  if (session12 !== null) core.step(() => sessionStep(resumes))
  return resumes ? resume(core, known, session12) : new WaitCertificate12(known)
}

/** RFC 5746 3.4: empty in a first handshake. */
function checkRenegotiation(core: Core, { extensions }: ServerHello): void {
  const info = find(extensions, 'renegotiation_info', renegotiationInfo)
  if (info === null) core.note('the server does not know secure renegotiation (RFC 5746); none will be done')
  else if (info.length > 0) {
    throw new TlsError('handshake_failure', 'renegotiation_info is empty in a first handshake', 'RFC 5746 3.4')
  }
}

/** The server echoed our session id: keys come from the master secret of before (RFC 5246 7.3). */
function resume(core: Core, known: Handshake12, session: Session): State {
  if (known.suite.name !== session.suite) {
    const rule = `a session keeps its suite, ${session.suite}; the server chose ${known.suite.name}`
    throw new TlsError('illegal_parameter', rule, 'RFC 5246 7.4.1.3')
  }
  if (known.extendedMasterSecret !== session.extendedMasterSecret) {
    const rule = 'a session made with the extended master secret is resumed with it, and one without, without'
    throw new TlsError('handshake_failure', rule, 'RFC 7627 5.3')
  }
  const { offer, suite, serverRandom, encryptThenMac } = known
  core.keylog('tls12', session.secret)
  const clientRandom = offer.hello.random
  const secrets: Secrets12 = { suite, master: session.secret, clientRandom, serverRandom, encryptThenMac }
  const protections = protections12(core, secrets)
  const proof = { chain: [], verdict: null, scheme: null, group: null }
  return new WaitChangeCipherSpec({ known, secrets, protections, proof, resumed: true, ticket: null })
}

function sessionStep(resumes: boolean): StepBody {
  return {
    kind: 'tls-negotiation',
    subject: 'session',
    offered: ['session'],
    supported: ['session'],
    chosen: resumes ? 'session' : null,
    why: resumes ? 'the server echoes its id' : 'the server does not echo its id: a full handshake follows',
    rejected: [],
  }
}
