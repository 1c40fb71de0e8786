import { TlsError } from '../../alert.ts'
import type { Core } from '../../core.ts'
import { certificateStatus } from '../../extension/codecs.ts'
import { type Judged, judgePeer } from '../../judged.ts'
import { certificate12 } from '../../message/certificate.ts'
import { type Handshake, open } from '../../message/handshake.ts'
import { HANDSHAKE } from '../../numbers.ts'
import type { State } from '../../state.ts'
import { IGNORED12 } from './ignored.ts'
import type { Handshake12 } from './start.ts'
import { afterCertificate } from './wait-server-done.ts'

/** A TLS 1.2 server shows its chain. */
export class WaitCertificate12 implements State {
  readonly at = 'WAIT_CERT'
  readonly expects = ['Certificate'] as const
  readonly ignores = IGNORED12
  readonly reads = 'nothing'
  readonly writes = 'nothing'

  constructor(private readonly known: Handshake12) {}

  handle(core: Core, message: Handshake): State {
    const chain = open(certificate12, message)
    if (chain.length === 0) {
      throw new TlsError('decode_error', "a server's certificate_list is not empty", 'RFC 5246 7.4.2')
    }
    core.absorb(message)
    if (this.known.statusMayCome) return new WaitCertificateStatus(this.known, chain)
    return afterCertificate(this.known, judge(core, this.known, chain, null))
  }
}

/** The stapled OCSP response, which the server may leave out after all (RFC 6066 8). */
class WaitCertificateStatus implements State {
  readonly at = 'WAIT_STATUS'
  readonly expects: readonly ('CertificateStatus' | 'ServerKeyExchange' | 'CertificateRequest' | 'ServerHelloDone')[]
  readonly ignores = IGNORED12
  readonly reads = 'nothing'
  readonly writes = 'nothing'

  constructor(
    private readonly known: Handshake12,
    private readonly chain: readonly Uint8Array[],
  ) {
    const next = known.suite.exchange === 'ECDHE' ? (['ServerKeyExchange'] as const) : RSA_NEXT
    this.expects = ['CertificateStatus', ...next]
  }

  handle(core: Core, message: Handshake): State {
    const { known, chain } = this
    if (message.type !== HANDSHAKE.CertificateStatus) {
      return afterCertificate(known, judge(core, known, chain, null)).handle(core, message)
    }
    const ocsp = open(certificateStatus, message)
    core.absorb(message)
    return afterCertificate(known, judge(core, known, chain, ocsp))
  }
}

const RSA_NEXT = ['CertificateRequest', 'ServerHelloDone'] as const

function judge(
  core: Core,
  { offer, suite }: Handshake12,
  chain: readonly Uint8Array[],
  ocsp: Uint8Array | null,
): Judged {
  const { judge: by, serverName } = offer.config
  const judged = judgePeer(core, by, chain, serverName, ocsp)
  const rsa = judged.key.kind === 'rsa' || judged.key.kind === 'rsa-pss'
  if (rsa !== (suite.auth === 'rsa')) {
    const rule = `${suite.name} needs a certificate with a key for ${suite.auth}, this one has ${judged.key.kind}`
    throw new TlsError('illegal_parameter', rule, 'RFC 5246 7.4.2')
  }
  return judged
}
