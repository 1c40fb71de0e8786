import { NO_CERTIFICATE, TlsError } from '../../alert.ts'
import type { Core } from '../../core.ts'
import { judgePeer } from '../../judged.ts'
import { certificate12 } from '../../message/certificate.ts'
import { type Handshake, open } from '../../message/handshake.ts'
import type { State } from '../../state.ts'
import { type Exchanging12, WaitClientKeyExchange } from './wait-key-exchange.ts'

/** The client shows its chain, or that it has none. */
export class WaitCertificate12 implements State {
  readonly at = 'WAIT_CERT'
  readonly expects = ['Certificate'] as const
  readonly reads = 'nothing'
  readonly writes = 'nothing'

  constructor(private readonly known: Exchanging12) {}

  handle(core: Core, message: Handshake): State {
    const { config } = this.known.answer
    const chain = open(certificate12, message)
    core.absorb(message)
    if (chain.length === 0) {
      if (config.clientAuth !== 'require') return new WaitClientKeyExchange(this.known)
      const rule = 'this server lets in only clients with a certificate'
      throw new TlsError('handshake_failure', rule, 'RFC 5246 7.4.6', NO_CERTIFICATE)
    }
    const client = judgePeer(core, config.judge!, chain, null, null)
    return new WaitClientKeyExchange({ ...this.known, client })
  }
}
