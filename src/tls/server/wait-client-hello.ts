import { TlsError } from '../alert.ts'
import type { ServerConfig } from '../config.ts'
import type { Core } from '../core.ts'
import { type Handshake, open } from '../message/handshake.ts'
import { type ClientHello, clientHello } from '../message/hello.ts'
import { VERSION, versionName } from '../numbers.ts'
import type { State } from '../state.ts'
import { answer12 } from './tls12/answer.ts'
import { answer13 } from './tls13/answer.ts'
import type { Retried } from './tls13/retry.ts'
import { chooseVersion } from './version.ts'

/** START (RFC 8446 A.2), and the wait for the second ClientHello after a HelloRetryRequest. */
export class WaitClientHello implements State {
  readonly at: string
  readonly expects = ['ClientHello'] as const
  readonly reads = 'nothing'
  readonly writes = 'nothing'

  constructor(
    private readonly config: ServerConfig,
    private readonly retried: Retried | null = null,
  ) {
    this.at = retried === null ? 'START' : 'START (again)'
  }

  handle(core: Core, message: Handshake): State {
    const { config, retried } = this
    const hello = open(clientHello, message)
    if (!hello.compressionMethods.includes(0)) {
      throw new TlsError('illegal_parameter', 'compression methods include null', 'RFC 8446 4.1.2')
    }
    if (hello.version < VERSION.ssl3) {
      throw new TlsError('protocol_version', `${versionName(hello.version)} is refused`, 'RFC 8446 D.5')
    }
    core.clientRandom = hello.random
    const version = chooseVersion(core, config, hello)
    if (hello.version === VERSION.ssl3) {
      throw new TlsError('protocol_version', 'no hello says SSL 3.0, whatever else it offers', 'RFC 8446 D.5')
    }
    if (retried !== null) {
      checkUnchanged(retried.hello, hello, version === 'TLS 1.3')
      // RFC 8446 4.2.10: no early data follows the second hello.
      core.input.skip = 0
    }
    core.version = version
    if (version === 'TLS 1.2') return answer12(core, config, hello, message)
    const answer = answer13(core, config, hello, message, retried)
    return answer.kind === 'retry' ? new WaitClientHello(config, answer.retried) : answer.state
  }
}

/** RFC 8446 4.1.2: the second hello is the first with the changes asked for, and no others. */
function checkUnchanged(first: ClientHello, second: ClientHello, same: boolean): void {
  const unchanged =
    same &&
    Buffer.compare(first.random, second.random) === 0 &&
    Buffer.compare(first.sessionId, second.sessionId) === 0 &&
    first.cipherSuites.join() === second.cipherSuites.join()
  if (unchanged) return
  const rule = 'the second ClientHello repeats the first but for what the HelloRetryRequest asked for'
  throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.1.2')
}
