import { concat } from '../../../util/bytes.ts'
import { TlsError } from '../../alert.ts'
import type { ServerConfig } from '../../config.ts'
import type { Core } from '../../core.ts'
import { emptyExtension, extension, find, flag } from '../../extension/build.ts'
import {
  alpn as alpnCodec,
  ecPointFormats,
  recordSizeLimit,
  renegotiationInfo,
  serverName as serverNameCodec,
} from '../../extension/codecs.ts'
import { type Extension, hasExtension, rawExtension } from '../../extension/extension.ts'
import { type Handshake, handshake } from '../../message/handshake.ts'
import { type ClientHello, DOWNGRADE, serverHello } from '../../message/hello.ts'
import { VERSION } from '../../numbers.ts'
import { checkedLimit } from '../../record/limit.ts'
import type { State } from '../../state.ts'
import { SCSV, type Suite } from '../../suite.ts'
import { checkPointFormats } from '../../tls12/point-formats.ts'
import { chooseProtocol } from '../choose.ts'
import { versionsOf } from '../version.ts'
import { sendFlight12, staples } from './flight.ts'
import { resume12 } from './resume.ts'
import { findSession } from './session.ts'
import { type Choice12, chooseSuite12 } from './suite.ts'

/** What a TLS 1.2 ServerHello settled. */
export interface Answer12 {
  readonly config: ServerConfig
  readonly hello: ClientHello
  readonly suite: Suite
  readonly serverRandom: Uint8Array
  readonly sessionId: Uint8Array
  readonly serverName: string | null
  readonly alpn: string | null
  readonly extendedMasterSecret: boolean
  readonly encryptThenMac: boolean
  readonly sendsTicket: boolean
}

const NOTHING = new Uint8Array(0)

/** On a ClientHello that speaks TLS 1.2 (RFC 5246 7.3): resume, or the whole handshake. */
export function answer12(core: Core, config: ServerConfig, hello: ClientHello, message: Handshake): State {
  checkRenegotiation(hello)
  checkPointFormats(hello.extensions, 'client')
  const serverName = find(hello.extensions, 'server_name', serverNameCodec)
  const extendedMasterSecret = config.extendedMasterSecret !== false && flag(hello.extensions, 'extended_master_secret')
  const session = findSession(core, config, hello, serverName, extendedMasterSecret)
  const choice: Choice12 | null = session === null ? chooseSuite12(core, config, hello, serverName) : null
  const suite = session?.suite ?? choice!.suite
  core.suite = suite
  core.transcript.choose(suite.hash)
  core.absorb(message)
  const limit = find(hello.extensions, 'record_size_limit', recordSizeLimit)
  if (limit !== null) core.output.sizeLimit = checkedLimit(limit)
  const encryptThenMac =
    suite.mac !== null && config.encryptThenMac !== false && flag(hello.extensions, 'encrypt_then_mac')
  const sendsTicket = config.tickets !== undefined && rawExtension(hello.extensions, 'session_ticket') !== null
  const answer: Answer12 = {
    config,
    hello,
    suite,
    serverRandom: serverRandomOf(config),
    sessionId: session !== null ? hello.sessionId : newSessionId(config, sendsTicket),
    serverName,
    alpn: chooseProtocol(core, config, hello),
    extendedMasterSecret,
    encryptThenMac,
    sendsTicket: sendsTicket && (session === null || session.byTicket),
  }
  if (answer.sessionId.length > 0) core.forgetSession = () => config.cache?.forget(answer.sessionId)
  sendServerHello(core, answer, session !== null)
  return session !== null ? resume12(core, answer, session.session) : sendFlight12(core, answer, choice!)
}

/** RFC 5746 3.6. */
function checkRenegotiation({ extensions }: ClientHello): void {
  const info = find(extensions, 'renegotiation_info', renegotiationInfo)
  if (info !== null && info.length > 0) {
    throw new TlsError('handshake_failure', 'renegotiation_info is empty in a first handshake', 'RFC 5746 3.6')
  }
}

/** A server that could do TLS 1.3 says so in its random (RFC 8446 4.1.3). */
function serverRandomOf(config: ServerConfig): Uint8Array {
  const random = config.random.bytes(32)
  return versionsOf(config).includes('TLS 1.3') ? concat([random.subarray(0, 24), DOWNGRADE.tls12]) : random
}

const newSessionId = ({ cache, random }: ServerConfig, sendsTicket: boolean): Uint8Array =>
  cache !== undefined && !sendsTicket ? random.bytes(32) : NOTHING

function sendServerHello(core: Core, answer: Answer12, resumed: boolean): void {
  const { config, hello, suite, serverRandom, sessionId, alpn, extendedMasterSecret, encryptThenMac } = answer
  const all: Extension[] = []
  const secure = hasExtension(hello.extensions, 'renegotiation_info')
  if (secure || hello.cipherSuites.includes(SCSV.renegotiation)) {
    all.push(extension('renegotiation_info', renegotiationInfo, NOTHING))
  }
  if (answer.serverName !== null && !resumed) all.push(emptyExtension('server_name'))
  if (extendedMasterSecret) all.push(emptyExtension('extended_master_secret'))
  if (encryptThenMac) all.push(emptyExtension('encrypt_then_mac'))
  if (suite.exchange === 'ECDHE' && hasExtension(hello.extensions, 'ec_point_formats')) {
    all.push(extension('ec_point_formats', ecPointFormats, [0]))
  }
  if (answer.sendsTicket) all.push(emptyExtension('session_ticket'))
  if (alpn !== null) all.push(extension('application_layer_protocol_negotiation', alpnCodec, [alpn]))
  if (config.recordSizeLimit !== undefined && hasExtension(hello.extensions, 'record_size_limit')) {
    all.push(extension('record_size_limit', recordSizeLimit, config.recordSizeLimit))
  }
  if (!resumed && staples(answer)) all.push(emptyExtension('status_request'))
  const base = { version: VERSION.tls12, random: serverRandom, sessionId, cipherSuite: suite.code }
  core.send(handshake('ServerHello', serverHello, { ...base, compressionMethod: 0, extensions: all }))
}
