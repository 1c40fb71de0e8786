import type { ClientConfig } from '../config.ts'
import { checkNames } from '../config-check.ts'
import { Connection } from '../connection.ts'
import { Core } from '../core.ts'
import { VERSION } from '../numbers.ts'
import type { State } from '../state.ts'
import { secretOf, writeUnder } from '../tls13/keys.ts'
import { firstOffer, helloMessage, type Offer } from './offer.ts'
import { WaitServerHello } from './wait-server-hello.ts'

/** START (RFC 8446 A.1): nothing was sent yet. */
const START: State = {
  at: 'START',
  expects: [],
  reads: 'nothing',
  writes: 'nothing',
  handle: () => START,
}

/** A client; `start` gives its first flight. Throws `RangeError` for a configuration that names what does not exist. */
export function client(config: ClientConfig): Connection {
  checkNames(config)
  const core = new Core('client', config)
  return new Connection(core, START, () => sendHello(core, config))
}

function sendHello(core: Core, config: ClientConfig): State {
  const drafted = firstOffer(core, config)
  core.clientRandom = drafted.hello.random
  const { offer, message } = helloMessage(core, drafted)
  core.output.version = VERSION.tls10
  core.send(message)
  core.flush()
  core.output.version = VERSION.tls12
  // From the first ClientHello on, unless the server turns out to speak TLS 1.2 (RFC 8446 5).
  core.dropsChangeCipherSpec = offer.versions.includes('TLS 1.3')
  if (offer.earlyData) startEarlyData(core, offer)
  return new WaitServerHello(offer)
}

/** RFC 8446 4.2.10: 0-RTT keys come from the PSK and the ClientHello alone. */
function startEarlyData(core: Core, { psk, hello }: Offer): void {
  if (psk === null) return
  core.transcript.choose(psk.suite.hash)
  const secret = secretOf(core, psk.early, 'client_early_traffic')
  secretOf(core, psk.early, 'early_exporter_master')
  if (hello.sessionId.length > 0) core.changeCipherSpec()
  writeUnder(core, psk.suite, secret, 'client_early_traffic', 'early data')
}
