import type { Core } from '../../core.ts'
import { certificateStatus } from '../../extension/codecs.ts'
import { hasExtension } from '../../extension/extension.ts'
import type { KeyPair } from '../../group/group.ts'
import { certificate12, certificateRequest12 } from '../../message/certificate.ts'
import { handshake } from '../../message/handshake.ts'
import { serverKeyExchange } from '../../message/key-exchange.ts'
import { nothing } from '../../message/small.ts'
import { DEFAULT_SCHEMES, schemeCodes } from '../../schemes.ts'
import type { State } from '../../state.ts'
import { sign12, signedParams } from '../../tls12/proof.ts'
import type { Answer12 } from './answer.ts'
import type { Choice12 } from './suite.ts'
import { WaitCertificate12 } from './wait-certificate.ts'
import { WaitClientKeyExchange } from './wait-key-exchange.ts'

/** rsa_sign, ecdsa_sign (RFC 5246 7.4.4, RFC 8422 5.5). */
const CERTIFICATE_TYPES = Uint8Array.of(1, 64)

/** Certificate to ServerHelloDone (RFC 5246 7.3). */
export function sendFlight12(core: Core, answer: Answer12, choice: Choice12): State {
  const { config, hello, serverRandom } = answer
  const { identity, scheme, group } = choice
  core.send(handshake('Certificate', certificate12, identity.chain))
  if (staples(answer) && identity.ocsp !== undefined) {
    core.send(handshake('CertificateStatus', certificateStatus, identity.ocsp))
  }
  let pair: KeyPair | null = null
  if (group !== null && scheme !== null) {
    pair = group.generate(config.random)
    const params = { group: group.code, point: pair.share }
    const signed = sign12(identity.signer, scheme, signedParams(hello.random, serverRandom, params))
    core.send(handshake('ServerKeyExchange', serverKeyExchange, { params, signed }))
  }
  const asks = config.clientAuth !== undefined && config.clientAuth !== 'none'
  if (asks) {
    const schemes = schemeCodes(config.signatureSchemes ?? DEFAULT_SCHEMES)
    const request = { types: CERTIFICATE_TYPES, schemes, authorities: config.authorities ?? [] }
    core.send(handshake('CertificateRequest', certificateRequest12, request))
  }
  core.send(handshake('ServerHelloDone', nothing, null))
  const known = { answer, choice, pair, client: null }
  return asks ? new WaitCertificate12(known) : new WaitClientKeyExchange(known)
}

/** Any of our identities may be the one; a CertificateStatus that does not come after all is allowed (RFC 6066 8). */
export const staples = ({ config, hello }: Answer12): boolean =>
  hasExtension(hello.extensions, 'status_request') && config.identities.some(({ ocsp }) => ocsp !== undefined)
