import { TlsError } from '../../alert.ts'
import type { Core } from '../../core.ts'
import { type Handshake, open } from '../../message/handshake.ts'
import { newSessionTicket12 } from '../../message/small.ts'
import type { Session } from '../../session/session.ts'
import type { State } from '../../state.ts'
import { Connected12 } from '../../tls12/connected.ts'
import { checkFinished12, sendFinished12 } from '../../tls12/finished.ts'
import type { Protections12, Secrets12 } from '../../tls12/keys.ts'
import { IGNORED12 } from './ignored.ts'
import type { Handshake12 } from './start.ts'

const NOTHING = new Uint8Array(0)
/** RFC 5246 F.1.4: a session without a stated lifetime is kept no longer than a day. */
const ONE_DAY = 86400

/** What is left to do. */
export interface Ending12 {
  readonly known: Handshake12
  readonly secrets: Secrets12
  readonly protections: Protections12
  readonly proof: {
    readonly chain: readonly Uint8Array[]
    readonly verdict: unknown
    readonly scheme: string | null
    readonly group: string | null
  }
  readonly resumed: boolean
  readonly ticket: { readonly lifetime: number; readonly ticket: Uint8Array } | null
}

/** The ticket, where one was announced, then change_cipher_spec. */
export class WaitChangeCipherSpec implements State {
  readonly at: string
  readonly expects: readonly 'NewSessionTicket'[]
  readonly ignores = IGNORED12
  readonly reads = 'nothing'
  readonly writes = 'nothing'

  constructor(private readonly ending: Ending12) {
    const comes = ending.known.ticketComes && ending.ticket === null
    this.at = comes ? 'WAIT_TICKET' : 'WAIT_CCS'
    this.expects = comes ? ['NewSessionTicket'] : []
  }

  handle(core: Core, message: Handshake): State {
    const ticket = open(newSessionTicket12, message)
    core.absorb(message)
    return new WaitChangeCipherSpec({ ...this.ending, ticket })
  }

  changeCipherSpec(core: Core): State {
    if (this.expects.length > 0) {
      throw new TlsError(
        'unexpected_message',
        'the ticket that was announced comes before change_cipher_spec',
        'RFC 5077 3.3',
      )
    }
    core.readUnder(this.ending.protections.server, 'TLS 1.2')
    return new WaitFinished12(this.ending)
  }
}

class WaitFinished12 implements State {
  readonly at = 'WAIT_FINISHED'
  readonly expects = ['Finished'] as const
  readonly ignores = IGNORED12
  readonly reads = 'nothing'
  readonly writes = 'nothing'

  constructor(private readonly ending: Ending12) {}

  handle(core: Core, message: Handshake): State {
    const { secrets, protections, resumed } = this.ending
    checkFinished12(core, message, secrets)
    if (resumed) sendFinished12(core, secrets, protections)
    core.transcript.forget()
    this.announce(core)
    return new Connected12(secrets, 'client')
  }

  private announce(core: Core): void {
    const { known, proof, resumed } = this.ending
    const { offer, suite, alpn, extendedMasterSecret } = known
    core.emit({
      kind: 'connected',
      connected: {
        version: 'TLS 1.2',
        suite: suite.name,
        group: proof.group,
        signatureScheme: proof.scheme,
        alpn,
        serverName: offer.config.serverName,
        resumed,
        earlyData: 'none',
        retried: false,
        extendedMasterSecret,
        peerChain: proof.chain,
        verdict: proof.verdict,
      },
    })
    const session = this.session(core)
    if (session !== null) core.emit({ kind: 'session', session })
  }

  /** By ticket where there is one, else by id; a resumed session without a new ticket is the old one. */
  private session(core: Core): Session | null {
    const { known, secrets, ticket, resumed } = this.ending
    const byTicket = ticket !== null && ticket.ticket.length > 0
    if (!byTicket && (resumed || known.sessionId.length === 0)) return null
    return {
      version: 'TLS 1.2',
      suite: known.suite.name,
      secret: secrets.master,
      ticket: byTicket ? ticket.ticket.slice() : NOTHING,
      sessionId: byTicket ? NOTHING : known.sessionId.slice(),
      lifetime: byTicket && ticket.lifetime > 0 ? ticket.lifetime : ONE_DAY,
      ageAdd: 0,
      received: core.now,
      maxEarlyData: 0,
      serverName: known.offer.config.serverName,
      alpn: known.alpn,
      extendedMasterSecret: known.extendedMasterSecret,
    }
  }
}
