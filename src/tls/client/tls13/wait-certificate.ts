import { TlsError } from '../../alert.ts'
import type { Core } from '../../core.ts'
import { find } from '../../extension/build.ts'
import { certificateStatus, signatureAlgorithms } from '../../extension/codecs.ts'
import { checkAnswers, checkPlacement } from '../../extension/placement.ts'
import { type Judged, judgePeer } from '../../judged.ts'
import { certificate13, certificateRequest13 } from '../../message/certificate.ts'
import { type Handshake, open } from '../../message/handshake.ts'
import { HANDSHAKE } from '../../numbers.ts'
import { DEFAULT_SCHEMES } from '../../schemes.ts'
import type { State } from '../../state.ts'
import { checkCertificateVerify } from '../../tls13/proof.ts'
import type { Handshake13 } from './start.ts'
import { WaitFinished } from './wait-finished.ts'

/** The server wants to know who we are. */
export interface Asked {
  readonly context: Uint8Array
  readonly schemes: readonly number[]
}

/** WAIT_CERT_CR and WAIT_CERT. */
export class WaitCertificate implements State {
  readonly at: string
  readonly expects: readonly ('CertificateRequest' | 'Certificate')[]
  readonly reads = 'nothing'

  constructor(
    private readonly known: Handshake13,
    private readonly asked: Asked | null = null,
  ) {
    this.at = asked === null ? 'WAIT_CERT_CR' : 'WAIT_CERT'
    this.expects = asked === null ? ['CertificateRequest', 'Certificate'] : ['Certificate']
  }

  get writes(): 'nothing' | 'early data' {
    return this.known.earlyData === 'accepted' ? 'early data' : 'nothing'
  }

  handle(core: Core, message: Handshake): State {
    if (message.type === HANDSHAKE.CertificateRequest) return new WaitCertificate(this.known, asked(core, message))
    const { config, hello } = this.known.offer
    const { context, entries } = open(certificate13, message)
    if (context.length > 0) {
      const rule = "certificate_request_context is empty in a server's Certificate"
      throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.4.2')
    }
    if (entries.length === 0) {
      throw new TlsError('decode_error', "a server's certificate_list is never empty", 'RFC 8446 4.4.2.4')
    }
    for (const { extensions } of entries) {
      checkPlacement(extensions, 'Certificate')
      checkAnswers(extensions, hello.extensions, 'Certificate')
    }
    core.absorb(message)
    const ocsp = find(entries[0].extensions, 'status_request', certificateStatus)
    const chain = entries.map(({ data }) => data)
    const judged = judgePeer(core, config.judge, chain, config.serverName, ocsp)
    return new WaitCertificateVerify(this.known, judged, this.asked)
  }
}

function asked(core: Core, message: Handshake): Asked {
  const { context, extensions } = open(certificateRequest13, message)
  checkPlacement(extensions, 'CertificateRequest')
  if (context.length > 0) {
    const rule = 'certificate_request_context is empty during the handshake'
    throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.3.2')
  }
  const schemes = find(extensions, 'signature_algorithms', signatureAlgorithms)
  if (schemes === null) {
    throw new TlsError('missing_extension', 'a CertificateRequest names signature_algorithms', 'RFC 8446 4.3.2')
  }
  core.absorb(message)
  return { context, schemes }
}

/** WAIT_CV. */
class WaitCertificateVerify implements State {
  readonly at = 'WAIT_CV'
  readonly expects = ['CertificateVerify'] as const
  readonly reads = 'nothing'
  readonly writes = 'nothing'

  constructor(
    private readonly known: Handshake13,
    private readonly judged: Judged,
    private readonly asked: Asked | null,
  ) {}

  handle(core: Core, message: Handshake): State {
    const { key, chain, detail } = this.judged
    const offered = this.known.offer.config.signatureSchemes ?? DEFAULT_SCHEMES
    const scheme = checkCertificateVerify(core, message, key, offered)
    return new WaitFinished(this.known, { chain, verdict: detail, scheme }, this.asked)
  }
}
