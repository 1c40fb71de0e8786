import type { Core } from '../../core.ts'
import { type Handshake, handshake } from '../../message/handshake.ts'
import { nothing } from '../../message/small.ts'
import type { State } from '../../state.ts'
import { Connected13 } from '../../tls13/connected.ts'
import { protectionOf, secretOf, writeUnder } from '../../tls13/keys.ts'
import { checkFinished, sendFinished } from '../../tls13/proof.ts'
import { sendIdentity } from './send-identity.ts'
import type { Handshake13 } from './start.ts'
import { Tickets } from './tickets.ts'
import type { Asked } from './wait-certificate.ts'

/** How the server proved itself; all empty on resumption. */
export interface Proof {
  readonly chain: readonly Uint8Array[]
  readonly verdict: unknown
  readonly scheme: string | null
}

/** WAIT_FINISHED: then our own flight, and the application keys. */
export class WaitFinished implements State {
  readonly at = 'WAIT_FINISHED'
  readonly expects = ['Finished'] as const
  readonly reads = 'nothing'

  constructor(
    private readonly known: Handshake13,
    private readonly proof: Proof,
    private readonly asked: Asked | null,
  ) {}

  get writes(): 'nothing' | 'early data' {
    return this.known.earlyData === 'accepted' ? 'early data' : 'nothing'
  }

  handle(core: Core, message: Handshake): State {
    const { suite, serverSecret, clientSecret, master, earlyData, offer } = this.known
    checkFinished(core, message, suite, serverSecret)
    const transcript = core.transcript.hash()
    const reads = secretOf(core, master, 'server_application_traffic_0', transcript)
    const writes = secretOf(core, master, 'client_application_traffic_0', transcript)
    const exporter = secretOf(core, master, 'exporter_master', transcript)
    if (earlyData === 'accepted') {
      core.send(handshake('EndOfEarlyData', nothing, null))
      writeUnder(core, suite, clientSecret, 'client_handshake_traffic', 'handshake')
    }
    if (this.asked !== null) sendIdentity(core, offer.config, this.asked)
    sendFinished(core, suite, clientSecret)
    core.writeUnder(protectionOf(core, suite, writes, 'client_application_traffic_0'), 'application')
    core.readUnder(protectionOf(core, suite, reads, 'server_application_traffic_0'), 'application')
    const resumption = master.derive('resumption_master', core.transcript.hash())
    core.transcript.forget()
    core.dropsChangeCipherSpec = false
    this.announce(core)
    const keys = { suite, reads: first(reads), writes: first(writes), exporter, updates: 0 }
    return new Connected13(keys, new Tickets(this.known, resumption))
  }

  private announce(core: Core): void {
    const { suite, group, alpn, offer, resumed, earlyData } = this.known
    core.emit({
      kind: 'connected',
      connected: {
        version: 'TLS 1.3',
        suite: suite.name,
        group,
        signatureScheme: this.proof.scheme,
        alpn,
        serverName: offer.config.serverName,
        resumed,
        earlyData,
        retried: offer.retry !== null,
        extendedMasterSecret: true,
        peerChain: this.proof.chain,
        verdict: this.proof.verdict,
      },
    })
  }
}

const first = (secret: Uint8Array) => ({ secret, generation: 0 })
