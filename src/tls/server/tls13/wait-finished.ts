import type { SignatureScheme } from '../../../pki/keys.ts'
import type { Core } from '../../core.ts'
import type { Handshake } from '../../message/handshake.ts'
import type { Connected } from '../../output.ts'
import type { Stage } from '../../schedule/schedule13.ts'
import type { State } from '../../state.ts'
import { type AfterHandshake, Connected13 } from '../../tls13/connected.ts'
import { readUnder } from '../../tls13/keys.ts'
import { checkFinished } from '../../tls13/proof.ts'
import type { Answer13 } from './answer.ts'
import { sendTickets } from './tickets.ts'

/** All that is needed to end the handshake. */
export interface Finishing {
  readonly answer: Answer13
  readonly master: Stage
  readonly clientSecret: Uint8Array
  readonly reads: Uint8Array
  readonly writes: Uint8Array
  readonly exporter: Uint8Array
  readonly scheme: SignatureScheme | null
  readonly earlyData: Connected['earlyData']
  readonly client: { readonly chain: readonly Uint8Array[]; readonly verdict: unknown }
}

/** A server expects nothing but KeyUpdate once it is connected. */
const NOTHING_ELSE: AfterHandshake = { expects: [], handle: () => NOTHING_ELSE }

/** WAIT_FINISHED. */
export class WaitFinished implements State {
  readonly at = 'WAIT_FINISHED'
  readonly expects = ['Finished'] as const
  readonly reads = 'nothing'
  readonly writes = 'nothing'

  constructor(private readonly known: Finishing) {}

  handle(core: Core, message: Handshake): State {
    const { answer, clientSecret, reads, writes, exporter, master } = this.known
    const { suite } = answer
    checkFinished(core, message, suite, clientSecret)
    readUnder(core, suite, reads, 'client_application_traffic_0', 'application')
    const resumption = master.derive('resumption_master', core.transcript.hash())
    core.transcript.forget()
    core.dropsChangeCipherSpec = false
    core.emit({ kind: 'connected', connected: this.connected() })
    sendTickets(core, this.known, resumption)
    const keys = { suite, reads: first(reads), writes: first(writes), exporter, updates: 0 }
    return new Connected13(keys, NOTHING_ELSE)
  }

  private connected(): Connected {
    const { answer, scheme, earlyData, client } = this.known
    return {
      version: 'TLS 1.3',
      suite: answer.suite.name,
      group: answer.group.name,
      signatureScheme: scheme,
      alpn: answer.alpn,
      serverName: answer.serverName,
      resumed: answer.psk !== null,
      earlyData,
      retried: answer.retried !== null,
      extendedMasterSecret: true,
      peerChain: client.chain,
      verdict: client.verdict,
    }
  }
}

const first = (secret: Uint8Array) => ({ secret, generation: 0 })
