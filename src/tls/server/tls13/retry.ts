import { equalBytes } from '../../../util/bytes.ts'
import { TlsError } from '../../alert.ts'
import type { ServerConfig } from '../../config.ts'
import type { Core } from '../../core.ts'
import { extension, find, flag } from '../../extension/build.ts'
import { cookie as cookieCodec, retryGroup, selectedVersion } from '../../extension/codecs.ts'
import type { Extension } from '../../extension/extension.ts'
import type { Group } from '../../group/group.ts'
import { type Handshake, handshake } from '../../message/handshake.ts'
import { type ClientHello, RETRY_RANDOM, serverHello } from '../../message/hello.ts'
import { VERSION } from '../../numbers.ts'
import type { Suite } from '../../suite.ts'

/** What a second ClientHello must keep to. */
export interface Retried {
  readonly hello: ClientHello
  readonly suite: Suite
  readonly group: Group
  readonly cookie: Uint8Array | null
}

interface First {
  readonly hello: ClientHello
  readonly message: Handshake
  readonly suite: Suite
  readonly group: Group
}

/** Undecryptable records that a client may have under way when it learns that early data is lost. */
const SKIP = 2 ** 14 + 2 ** 12

/** Sends a HelloRetryRequest (RFC 8446 4.1.4). */
export function retry(core: Core, config: ServerConfig, { hello, message, suite, group }: First): Retried {
  const cookie = config.cookie === true ? config.random.bytes(32) : null
  core.absorb(message)
  core.transcript.restart(suite.hash)
  const extensions: Extension[] = [
    extension('supported_versions', selectedVersion, VERSION.tls13),
    extension('key_share', retryGroup, group.code),
  ]
  if (cookie !== null) extensions.push(extension('cookie', cookieCodec, cookie))
  const request = { version: VERSION.tls12, random: RETRY_RANDOM, cipherSuite: suite.code, compressionMethod: 0 }
  core.send(handshake('ServerHello', serverHello, { ...request, sessionId: hello.sessionId, extensions }))
  if (hello.sessionId.length > 0) core.changeCipherSpec()
  core.dropsChangeCipherSpec = true
  if (flag(hello.extensions, 'early_data')) core.input.skip = (config.maxEarlyData ?? 0) + SKIP
  return { hello, suite, group, cookie }
}

export function checkCookie({ cookie }: Retried, hello: ClientHello): void {
  const returned = find(hello.extensions, 'cookie', cookieCodec)
  if (cookie === null && returned === null) return
  if (cookie === null || returned === null || !equalBytes(cookie, returned)) {
    throw new TlsError('illegal_parameter', 'the second ClientHello returns the cookie it was given', 'RFC 8446 4.2.2')
  }
}
