import { TlsError } from '../../alert.ts'
import type { Core } from '../../core.ts'
import type { Group } from '../../group/group.ts'
import { groupName } from '../../group/index.ts'
import type { Judged } from '../../judged.ts'
import { type CertificateRequest12, certificateRequest12 } from '../../message/certificate.ts'
import { type Handshake, open } from '../../message/handshake.ts'
import { serverKeyExchange } from '../../message/key-exchange.ts'
import { nothing } from '../../message/small.ts'
import { HANDSHAKE } from '../../numbers.ts'
import { DEFAULT_SCHEMES } from '../../schemes.ts'
import type { State } from '../../state.ts'
import { checkSigned, signedParams } from '../../tls12/proof.ts'
import { sendClientFlight } from './flight.ts'
import { IGNORED12 } from './ignored.ts'
import type { Handshake12 } from './start.ts'

/** The server's ephemeral share, signed. */
export interface ServerShare {
  readonly group: Group
  readonly point: Uint8Array
  readonly scheme: string
}

export function afterCertificate(known: Handshake12, judged: Judged): State {
  return known.suite.exchange === 'ECDHE'
    ? new WaitServerKeyExchange(known, judged)
    : new WaitServerDone(known, judged, null, null)
}

class WaitServerKeyExchange implements State {
  readonly at = 'WAIT_SKE'
  readonly expects = ['ServerKeyExchange'] as const
  readonly ignores = IGNORED12
  readonly reads = 'nothing'
  readonly writes = 'nothing'

  constructor(
    private readonly known: Handshake12,
    private readonly judged: Judged,
  ) {}

  handle(core: Core, message: Handshake): State {
    const { offer, serverRandom } = this.known
    const { params, signed } = open(serverKeyExchange, message)
    const group = offer.groups.find(({ code }) => code === params.group)
    if (group === undefined || group.shareLength.server !== group.shareLength.client) {
      const rule = `the server uses a group that was offered, not ${groupName(params.group)}`
      throw new TlsError('illegal_parameter', rule, 'RFC 8422 5.4')
    }
    const content = signedParams(offer.hello.random, serverRandom, params)
    const offered = offer.config.signatureSchemes ?? DEFAULT_SCHEMES
    const scheme = checkSigned(core, 'ServerKeyExchange', signed, content, this.judged.key, offered)
    core.absorb(message)
    return new WaitServerDone(this.known, this.judged, { group, point: params.point, scheme }, null)
  }
}

class WaitServerDone implements State {
  readonly at = 'WAIT_SHD'
  readonly expects: readonly ('CertificateRequest' | 'ServerHelloDone')[]
  readonly ignores = IGNORED12
  readonly reads = 'nothing'
  readonly writes = 'nothing'

  constructor(
    private readonly known: Handshake12,
    private readonly judged: Judged,
    private readonly share: ServerShare | null,
    private readonly asked: CertificateRequest12 | null,
  ) {
    this.expects = asked === null ? ['CertificateRequest', 'ServerHelloDone'] : ['ServerHelloDone']
  }

  handle(core: Core, message: Handshake): State {
    const { known, judged, share, asked } = this
    if (message.type === HANDSHAKE.CertificateRequest) {
      const request = open(certificateRequest12, message)
      core.absorb(message)
      return new WaitServerDone(known, judged, share, request)
    }
    open(nothing, message)
    core.absorb(message)
    return sendClientFlight(core, known, judged, share, asked)
  }
}
