import type { Core } from '../../core.ts'
import { find } from '../../extension/build.ts'
import { maxEarlyData as codec } from '../../extension/codecs.ts'
import { checkPlacement } from '../../extension/placement.ts'
import { type Handshake, open } from '../../message/handshake.ts'
import { newSessionTicket13 } from '../../message/small.ts'
import { resumptionPsk } from '../../schedule/schedule13.ts'
import type { AfterHandshake } from '../../tls13/connected.ts'
import type { Handshake13 } from './start.ts'

const SEVEN_DAYS = 604800
const NOTHING = new Uint8Array(0)

/** A client's tickets (RFC 8446 4.6.1): each becomes a session to resume with. */
export class Tickets implements AfterHandshake {
  readonly expects = ['NewSessionTicket'] as const

  constructor(
    private readonly known: Handshake13,
    private readonly resumptionMaster: Uint8Array,
    private readonly count = 0,
  ) {}

  handle(core: Core, message: Handshake): Tickets {
    const { suite, offer, alpn } = this.known
    const { lifetime, ageAdd, nonce, ticket, extensions } = open(newSessionTicket13, message)
    checkPlacement(extensions, 'NewSessionTicket')
    const next = new Tickets(this.known, this.resumptionMaster, this.count + 1)
    if (next.count > core.limits.tickets || lifetime === 0) {
      core.note(lifetime === 0 ? 'a ticket of lifetime 0 is thrown away' : 'one ticket too many is thrown away')
      return next
    }
    const secret = resumptionPsk(suite.hash, this.resumptionMaster, nonce, core.listener)
    core.emit({
      kind: 'session',
      session: {
        version: 'TLS 1.3',
        suite: suite.name,
        secret,
        ticket: ticket.slice(),
        sessionId: NOTHING,
        // Whatever the server says (RFC 8446 4.6.1).
        lifetime: Math.min(lifetime, SEVEN_DAYS),
        ageAdd,
        received: core.now,
        maxEarlyData: find(extensions, 'early_data', codec) ?? 0,
        serverName: offer.config.serverName,
        alpn,
        extendedMasterSecret: true,
      },
    })
    return next
  }
}
