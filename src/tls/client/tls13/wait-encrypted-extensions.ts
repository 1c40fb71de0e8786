import { TlsError } from '../../alert.ts'
import type { Core } from '../../core.ts'
import { find, flag } from '../../extension/build.ts'
import { alpn as alpnCodec, recordSizeLimit } from '../../extension/codecs.ts'
import type { Extension } from '../../extension/extension.ts'
import { checkAnswers, checkPlacement } from '../../extension/placement.ts'
import { type Handshake, open } from '../../message/handshake.ts'
import { encryptedExtensions } from '../../message/small.ts'
import { checkedLimit } from '../../record/limit.ts'
import type { State } from '../../state.ts'
import { writeUnder } from '../../tls13/keys.ts'
import type { Offer } from '../offer.ts'
import type { Handshake13 } from './start.ts'
import { WaitCertificate } from './wait-certificate.ts'
import { WaitFinished } from './wait-finished.ts'

/** WAIT_EE. */
export class WaitEncryptedExtensions implements State {
  readonly at = 'WAIT_EE'
  readonly expects = ['EncryptedExtensions'] as const
  readonly reads = 'nothing'

  constructor(private readonly known: Handshake13) {}

  get writes(): 'nothing' | 'early data' {
    return this.known.offer.earlyData ? 'early data' : 'nothing'
  }

  handle(core: Core, message: Handshake): State {
    const { known } = this
    const { offer } = known
    const extensions = open(encryptedExtensions, message)
    checkPlacement(extensions, 'EncryptedExtensions')
    checkAnswers(extensions, offer.hello.extensions, 'EncryptedExtensions')
    // Acknowledged with nothing in it (RFC 6066 3).
    flag(extensions, 'server_name')
    core.absorb(message)
    const limit = find(extensions, 'record_size_limit', recordSizeLimit)
    if (limit !== null) core.output.sizeLimit = checkedLimit(limit)
    const alpn = chosenProtocol(core, extensions, offer)
    const earlyData = this.earlyData(core, extensions, alpn)
    const next = { ...known, alpn, earlyData }
    const proof = { chain: [], verdict: null, scheme: null }
    return known.resumed ? new WaitFinished(next, proof, null) : new WaitCertificate(next)
  }

  private earlyData(core: Core, extensions: readonly Extension[], alpn: string | null): Handshake13['earlyData'] {
    const { offer, resumed, suite, clientSecret } = this.known
    const accepted = flag(extensions, 'early_data')
    if (!offer.earlyData) return offer.retry !== null && offer.config.earlyData === true ? 'rejected' : 'none'
    if (accepted && (!resumed || offer.psk!.suite !== suite)) {
      const rule = 'early data is accepted only with the PSK and the suite it was sent under'
      throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.2.10')
    }
    if (accepted && offer.psk!.session.alpn !== alpn) {
      const [sent, chosen] = [offer.psk!.session.alpn, alpn].map((protocol) => protocol ?? 'no protocol')
      const rule = `early data is accepted only under the protocol it was sent for, ${sent}, not ${chosen}`
      throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.2.10')
    }
    if (!accepted) writeUnder(core, suite, clientSecret, 'client_handshake_traffic', 'handshake')
    return accepted ? 'accepted' : 'rejected'
  }
}

/** The server names one protocol, and one of ours (RFC 7301 3.1, 3.2). */
export function chosenProtocol(core: Core, extensions: readonly Extension[], { config }: Offer): string | null {
  const chosen = find(extensions, 'application_layer_protocol_negotiation', alpnCodec)
  const offered = config.alpn ?? []
  if (chosen !== null && (chosen.length !== 1 || !offered.includes(chosen[0]))) {
    const rule = `ALPN answers with one protocol of those offered, not ${chosen.join(', ')}`
    throw new TlsError('illegal_parameter', rule, 'RFC 7301 3.1', [
      { side: 'client', fact: `offered ${offered.join(', ')}` },
    ])
  }
  const protocol = chosen === null ? null : chosen[0]
  if (offered.length > 0) {
    const why = protocol === null ? 'the server does not negotiate protocols' : 'chosen by the server'
    const how = { kind: 'tls-negotiation', subject: 'application protocol', supported: offered, rejected: [] } as const
    core.step(() => ({ ...how, offered, chosen: protocol, why }))
  }
  return protocol
}
