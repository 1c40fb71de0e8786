import type { SignatureScheme } from '../../../pki/keys.ts'
import { TlsError } from '../../alert.ts'
import type { Core } from '../../core.ts'
import type { Handshake } from '../../message/handshake.ts'
import { handshake } from '../../message/handshake.ts'
import { newSessionTicket12 } from '../../message/small.ts'
import type { Connected } from '../../output.ts'
import type { ServerSession } from '../../session/ticket.ts'
import type { State } from '../../state.ts'
import { Connected12 } from '../../tls12/connected.ts'
import { checkFinished12, sendFinished12 } from '../../tls12/finished.ts'
import type { Protections12, Secrets12 } from '../../tls12/keys.ts'
import type { Answer12 } from './answer.ts'

const ONE_DAY = 86400

/** What is left to do. */
export interface Ending12 {
  readonly answer: Answer12
  readonly secrets: Secrets12
  readonly protections: Protections12
  readonly scheme: SignatureScheme | null
  readonly group: string | null
  readonly client: { readonly chain: readonly Uint8Array[]; readonly verdict: unknown }
  readonly resumed: boolean
}

export class WaitChangeCipherSpec implements State {
  readonly at = 'WAIT_CCS'
  readonly expects = []
  readonly reads = 'nothing'
  readonly writes = 'nothing'

  constructor(private readonly ending: Ending12) {}

  handle(): State {
    throw new TlsError('unexpected_message', 'change_cipher_spec comes next', 'RFC 5246 7.1')
  }

  changeCipherSpec(core: Core): State {
    core.readUnder(this.ending.protections.client, 'TLS 1.2')
    return new WaitFinished12(this.ending)
  }
}

class WaitFinished12 implements State {
  readonly at = 'WAIT_FINISHED'
  readonly expects = ['Finished'] as const
  readonly reads = 'nothing'
  readonly writes = 'nothing'

  constructor(private readonly ending: Ending12) {}

  handle(core: Core, message: Handshake): State {
    const { answer, secrets, protections, resumed } = this.ending
    checkFinished12(core, message, secrets)
    if (!resumed) {
      if (answer.sendsTicket) sendTicket12(core, this.ending)
      sendFinished12(core, secrets, protections)
      if (answer.sessionId.length > 0) answer.config.cache?.put(answer.sessionId, sessionOf(core, this.ending, ONE_DAY))
    }
    core.transcript.forget()
    core.emit({ kind: 'connected', connected: connectedOf(this.ending) })
    return new Connected12(secrets, 'server')
  }
}

/** RFC 5077 3.3: before our change_cipher_spec, and in the transcript. */
export function sendTicket12(core: Core, ending: Ending12): void {
  const { tickets } = ending.answer.config
  if (tickets === undefined) return
  const { lifetime } = tickets
  const ticket = tickets.seal(sessionOf(core, ending, lifetime))
  core.send(handshake('NewSessionTicket', newSessionTicket12, { lifetime, ticket }))
}

function sessionOf(core: Core, { answer, secrets, client }: Ending12, lifetime: number): ServerSession {
  return {
    version: 'TLS 1.2',
    suite: secrets.suite.code,
    secret: secrets.master,
    issued: core.now,
    lifetime,
    ageAdd: 0,
    serverName: answer.serverName,
    alpn: answer.alpn,
    extendedMasterSecret: answer.extendedMasterSecret,
    clientChain: client.chain,
  }
}

function connectedOf({ answer, scheme, group, client, resumed }: Ending12): Connected {
  return {
    version: 'TLS 1.2',
    suite: answer.suite.name,
    group,
    signatureScheme: scheme,
    alpn: answer.alpn,
    serverName: answer.serverName,
    resumed,
    earlyData: 'none',
    retried: false,
    extendedMasterSecret: answer.extendedMasterSecret,
    peerChain: client.chain,
    verdict: client.verdict,
  }
}
