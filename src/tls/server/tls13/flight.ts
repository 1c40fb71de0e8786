import { TlsError } from '../../alert.ts'
import type { Core } from '../../core.ts'
import { emptyExtension, extension } from '../../extension/build.ts'
import {
  alpn as alpnCodec,
  certificateAuthorities,
  certificateStatus,
  recordSizeLimit,
  selectedIdentity,
  selectedVersion,
  serverShare,
  signatureAlgorithms,
} from '../../extension/codecs.ts'
import { type Extension, hasExtension } from '../../extension/extension.ts'
import { certificate13, certificateRequest13 } from '../../message/certificate.ts'
import { handshake } from '../../message/handshake.ts'
import { serverHello } from '../../message/hello.ts'
import { encryptedExtensions } from '../../message/small.ts'
import { VERSION } from '../../numbers.ts'
import { Stage } from '../../schedule/schedule13.ts'
import { DEFAULT_SCHEMES, schemeCodes } from '../../schemes.ts'
import type { State } from '../../state.ts'
import { protectionOf, readUnder, secretOf, writeUnder } from '../../tls13/keys.ts'
import { sendCertificateVerify, sendFinished, signsHandshake } from '../../tls13/proof.ts'
import { type ChosenIdentity, chooseIdentity } from '../identity.ts'
import type { Answer13 } from './answer.ts'
import { earlyDataStep, refusesEarlyData } from './early-data.ts'
import { checkCookie } from './retry.ts'
import { WaitCertificate } from './wait-certificate.ts'
import { WaitEndOfEarlyData } from './wait-end-of-early-data.ts'
import { type Finishing, WaitFinished } from './wait-finished.ts'

const NOTHING = new Uint8Array(0)
const SKIP_OVERHEAD = 2 ** 12

/** ServerHello to Finished, in one go (RFC 8446 2). */
export function sendFlight(core: Core, answer: Answer13): State {
  const { config, suite, psk, hello, retried } = answer
  if (retried !== null) checkCookie(retried, hello)
  const refusal = refusesEarlyData(core, answer)
  if (answer.offersEarlyData) core.step(() => earlyDataStep(refusal))
  const chosen = psk === null ? chooseIdentity(core, config, answer.serverName, answer.schemes, 'TLS 1.3') : null
  const early = psk?.early ?? Stage.early(suite.hash, null, core.listener)
  if (refusal === null) readEarlyData(core, early, answer)
  const stage = sendServerHello(core, answer, early)
  const transcript = core.transcript.hash()
  const clientSecret = secretOf(core, stage, 'client_handshake_traffic', transcript)
  const serverSecret = secretOf(core, stage, 'server_handshake_traffic', transcript)
  const master = stage.master()
  core.dropsChangeCipherSpec = true
  if (retried === null && hello.sessionId.length > 0) core.changeCipherSpec()
  writeUnder(core, suite, serverSecret, 'server_handshake_traffic', 'handshake')
  core.send(handshake('EncryptedExtensions', encryptedExtensions, extensionsFor(answer, refusal === null, chosen)))
  const asks = chosen !== null && config.clientAuth !== undefined && config.clientAuth !== 'none'
  if (asks) sendCertificateRequest(core, answer)
  if (chosen !== null) sendIdentity(core, answer, chosen)
  sendFinished(core, suite, serverSecret)
  const finished = core.transcript.hash()
  const reads = secretOf(core, master, 'client_application_traffic_0', finished)
  const writes = secretOf(core, master, 'server_application_traffic_0', finished)
  const exporter = secretOf(core, master, 'exporter_master', finished)
  core.writeUnder(protectionOf(core, suite, writes, 'server_application_traffic_0'), 'application')
  const base = { answer, master, clientSecret, reads, writes, exporter, scheme: chosen?.scheme ?? null }
  const offered = answer.offersEarlyData || (retried !== null && hasExtension(retried.hello.extensions, 'early_data'))
  const earlyData = refusal === null ? 'accepted' : offered ? 'rejected' : 'none'
  const clientChain = psk?.session.clientChain ?? []
  const finishing: Finishing = { ...base, earlyData, client: { chain: clientChain, verdict: null } }
  return awaitClient(core, finishing, asks)
}

function awaitClient(core: Core, finishing: Finishing, asks: boolean): State {
  const { answer, clientSecret, earlyData } = finishing
  const { suite, config } = answer
  if (earlyData === 'accepted') return new WaitEndOfEarlyData(finishing, config.maxEarlyData ?? 0)
  readUnder(core, suite, clientSecret, 'client_handshake_traffic', 'handshake')
  if (answer.offersEarlyData) core.input.skip = (config.maxEarlyData ?? 0) + 2 ** 14 + SKIP_OVERHEAD
  return asks ? new WaitCertificate(finishing) : new WaitFinished(finishing)
}

function readEarlyData(core: Core, early: Stage, { suite }: Answer13): void {
  const secret = secretOf(core, early, 'client_early_traffic')
  secretOf(core, early, 'early_exporter_master')
  readUnder(core, suite, secret, 'client_early_traffic', 'early data')
}

function sendServerHello(core: Core, { config, hello, suite, group, share, psk }: Answer13, early: Stage): Stage {
  const random = config.random.bytes(32)
  const agreed = group.respond(share.keyExchange, config.random)
  if (agreed === null) {
    throw new TlsError('illegal_parameter', `key_exchange is not a valid ${group.name} share`, 'RFC 8446 4.2.8.2')
  }
  const extensions: Extension[] = []
  if (psk !== null) extensions.push(extension('pre_shared_key', selectedIdentity, psk.index))
  extensions.push(extension('key_share', serverShare, { group: group.code, keyExchange: agreed.share }))
  extensions.push(extension('supported_versions', selectedVersion, VERSION.tls13))
  const base = { version: VERSION.tls12, random, sessionId: hello.sessionId, cipherSuite: suite.code }
  core.send(handshake('ServerHello', serverHello, { ...base, compressionMethod: 0, extensions }))
  core.listener?.({
    operation: 'key agreement',
    output: '(EC)DHE',
    label: group.name,
    inputs: [
      { name: 'client key_exchange', value: share.keyExchange, secret: false },
      { name: 'server key_exchange', value: agreed.share, secret: false },
    ],
    value: agreed.secret,
  })
  return early.handshake(agreed.secret)
}

function extensionsFor(answer: Answer13, earlyData: boolean, chosen: ChosenIdentity | null): readonly Extension[] {
  const { config, hello, alpn, serverName } = answer
  const all: Extension[] = []
  if (serverName !== null && chosen !== null) all.push(emptyExtension('server_name'))
  if (alpn !== null) all.push(extension('application_layer_protocol_negotiation', alpnCodec, [alpn]))
  if (config.recordSizeLimit !== undefined && hasExtension(hello.extensions, 'record_size_limit')) {
    all.push(extension('record_size_limit', recordSizeLimit, config.recordSizeLimit))
  }
  if (earlyData) all.push(emptyExtension('early_data'))
  return config.shape === undefined ? all : config.shape(all)
}

function sendCertificateRequest(core: Core, { config }: Answer13): void {
  const schemes = (config.signatureSchemes ?? DEFAULT_SCHEMES).filter(signsHandshake)
  const extensions = [extension('signature_algorithms', signatureAlgorithms, schemeCodes(schemes))]
  const { authorities = [] } = config
  if (authorities.length > 0) extensions.push(extension('certificate_authorities', certificateAuthorities, authorities))
  core.send(handshake('CertificateRequest', certificateRequest13, { context: NOTHING, extensions }))
}

function sendIdentity(core: Core, { hello }: Answer13, { identity, scheme }: ChosenIdentity): void {
  const { chain, ocsp, signer } = identity
  const stapled = ocsp !== undefined && hasExtension(hello.extensions, 'status_request')
  const staple = stapled ? [extension('status_request', certificateStatus, ocsp)] : []
  const entries = chain.map((data, index) => ({ data, extensions: index === 0 ? staple : [] }))
  core.send(handshake('Certificate', certificate13, { context: NOTHING, entries }))
  sendCertificateVerify(core, signer, scheme)
}
