import { NO_CERTIFICATE, TlsError } from '../../alert.ts'
import type { Core } from '../../core.ts'
import { type Judged, judgePeer } from '../../judged.ts'
import { certificate13 } from '../../message/certificate.ts'
import { type Handshake, open } from '../../message/handshake.ts'
import { DEFAULT_SCHEMES } from '../../schemes.ts'
import type { State } from '../../state.ts'
import { checkCertificateVerify } from '../../tls13/proof.ts'
import { type Finishing, WaitFinished } from './wait-finished.ts'

/** WAIT_CERT: the client says who it is, or that it has nothing to show. */
export class WaitCertificate implements State {
  readonly at = 'WAIT_CERT'
  readonly expects = ['Certificate'] as const
  readonly reads = 'nothing'
  readonly writes = 'nothing'

  constructor(private readonly known: Finishing) {}

  handle(core: Core, message: Handshake): State {
    const { config } = this.known.answer
    const { context, entries } = open(certificate13, message)
    if (context.length > 0) {
      throw new TlsError(
        'illegal_parameter',
        'certificate_request_context is that of the request: empty',
        'RFC 8446 4.4.2',
      )
    }
    core.absorb(message)
    if (entries.length === 0) {
      if (config.clientAuth !== 'require') return new WaitFinished(this.known)
      throw new TlsError(
        'certificate_required',
        'this server lets in only clients with a certificate',
        'RFC 8446 4.4.2.4',
        NO_CERTIFICATE,
      )
    }
    const chain = entries.map(({ data }) => data)
    return new WaitCertificateVerify(this.known, judgePeer(core, config.judge!, chain, null, null))
  }
}

/** WAIT_CV. */
class WaitCertificateVerify implements State {
  readonly at = 'WAIT_CV'
  readonly expects = ['CertificateVerify'] as const
  readonly reads = 'nothing'
  readonly writes = 'nothing'

  constructor(
    private readonly known: Finishing,
    private readonly judged: Judged,
  ) {}

  handle(core: Core, message: Handshake): State {
    const { key, chain, detail } = this.judged
    checkCertificateVerify(core, message, key, this.known.answer.config.signatureSchemes ?? DEFAULT_SCHEMES)
    return new WaitFinished({ ...this.known, client: { chain, verdict: detail } })
  }
}
