import { TlsError } from '../alert.ts'
import { EXTENSION, extensionName } from '../numbers.ts'
import type { Extension, ExtensionPlace } from './extension.ts'

/** RFC 8446 4.2: where each extension may stand, in TLS 1.3. Those we do not know are not judged. */
const PLACES = new Map<number, readonly ExtensionPlace[]>([
  [EXTENSION.server_name, ['ClientHello', 'EncryptedExtensions']],
  [EXTENSION.status_request, ['ClientHello', 'CertificateRequest', 'Certificate']],
  [EXTENSION.supported_groups, ['ClientHello', 'EncryptedExtensions']],
  [EXTENSION.signature_algorithms, ['ClientHello', 'CertificateRequest']],
  [EXTENSION.signature_algorithms_cert, ['ClientHello', 'CertificateRequest']],
  [EXTENSION.application_layer_protocol_negotiation, ['ClientHello', 'EncryptedExtensions']],
  [EXTENSION.signed_certificate_timestamp, ['ClientHello', 'CertificateRequest', 'Certificate']],
  [EXTENSION.padding, ['ClientHello']],
  [EXTENSION.record_size_limit, ['ClientHello', 'EncryptedExtensions']],
  [EXTENSION.key_share, ['ClientHello', 'ServerHello', 'HelloRetryRequest']],
  [EXTENSION.pre_shared_key, ['ClientHello', 'ServerHello']],
  [EXTENSION.psk_key_exchange_modes, ['ClientHello']],
  [EXTENSION.early_data, ['ClientHello', 'EncryptedExtensions', 'NewSessionTicket']],
  [EXTENSION.cookie, ['ClientHello', 'HelloRetryRequest']],
  [EXTENSION.supported_versions, ['ClientHello', 'ServerHello', 'HelloRetryRequest']],
  [EXTENSION.certificate_authorities, ['ClientHello', 'CertificateRequest']],
  [EXTENSION.post_handshake_auth, ['ClientHello']],
  [EXTENSION.extended_master_secret, ['ClientHello']],
  [EXTENSION.session_ticket, ['ClientHello']],
  [EXTENSION.renegotiation_info, ['ClientHello']],
  [EXTENSION.ec_point_formats, ['ClientHello']],
  [EXTENSION.encrypt_then_mac, ['ClientHello']],
])

/** An extension that we know must stand in a message it is meant for. */
export function checkPlacement(extensions: readonly Extension[], place: ExtensionPlace): void {
  for (const { type } of extensions) {
    const places = PLACES.get(type)
    if (places !== undefined && !places.includes(place)) {
      const rule = `${extensionName(type)} does not belong in a ${place}, but in ${places.join(' or ')}`
      throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.2')
    }
  }
}

/** An answer may hold only what was asked for. */
export function checkAnswers(answers: readonly Extension[], asked: readonly Extension[], place: ExtensionPlace): void {
  for (const { type } of answers) {
    if (type === EXTENSION.cookie && place === 'HelloRetryRequest') continue
    if (asked.some((extension) => extension.type === type)) continue
    const rule = `${place} answers ${extensionName(type)}, which was not offered`
    throw new TlsError('unsupported_extension', rule, 'RFC 8446 4.2', [
      { side: 'client', fact: `offered ${asked.map((extension) => extensionName(extension.type)).join(', ')}` },
    ])
  }
}
