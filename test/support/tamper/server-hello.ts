import type { AlertName } from '../../../src/tls/alert.ts'
import { EXTENSION } from '../../../src/tls/numbers.ts'
import type { Ruling } from './fields.ts'
import {
  type AlteredField,
  type Both,
  clientLater,
  may,
  must,
  otherKeys,
  otherTranscript,
  serverLater,
} from './legal.ts'

export function serverHello(altered: AlteredField): Ruling {
  const { course, field, of, is, resumed, original } = altered
  const old = course.version === 'TLS 1.2'
  const retries = original !== null && original[6] === 0xcf && original[7] === 0x21
  const later = seenDifferently(altered, retries)
  switch (field) {
    case 'legacy_version':
      // RFC 8446 D.5, 4.1.3; RFC 5246 E.1.
      return old || is <= 0x0300 ? must('protocol_version') : must('illegal_parameter')
    case 'random':
      // A HelloRetryRequest that is none any more is a ServerHello without what that must have.
      return retries ? must('decode_error', 'missing_extension') : may(later)
    case 'legacy_session_id_echo':
      // RFC 8446 4.1.3. RFC 5246 7.3: not our id, so a Certificate is due, not change_cipher_spec. In full it is a new one.
      if (!old) return must('illegal_parameter')
      return resumed ? may(clientLater('unexpected_message'), 'unexpected_message') : may(later)
    case 'cipher_suite':
      return may(old && !resumed ? serverLater(otherKeys(altered)) : later, 'illegal_parameter')
    case 'legacy_compression_method':
    case 'selected_version':
    case 'selected_identity':
      return must('illegal_parameter')
    case 'extension_type':
      return extensionType(altered, later)
    case 'named_group':
      return retries ? may(later, 'illegal_parameter') : must('illegal_parameter')
    case 'key_exchange':
      return course.group === 'secp256r1' ? must('illegal_parameter') : may(later, 'illegal_parameter')
    case 'ec_point_format':
      return must('illegal_parameter')
    case 'protocol_name':
      return must('illegal_parameter')
    default:
      return of === 'renegotiation_info' ? must('handshake_failure') : may(later)
  }
}

/** What shows that the two ends saw different ServerHellos. */
function seenDifferently(altered: AlteredField, retries: boolean): Both {
  const { course, resumed, field } = altered
  // RFC 8446 4.2.11.2: the binder of the second hello covers a HelloRetryRequest.
  const retried: readonly AlertName[] = retries
    ? ['illegal_parameter', ...(resumed ? (['decrypt_error'] as const) : [])]
    : []
  // 4.1.4: the suite stays that of the HelloRetryRequest.
  const kept: readonly AlertName[] = retries && field === 'cipher_suite' ? ['illegal_parameter'] : []
  if (course.version === 'TLS 1.3') return { client: ['bad_record_mac', ...kept], server: retried }
  if (resumed) return clientLater(field === 'random' ? 'bad_record_mac' : 'decrypt_error')
  if (field !== 'random') return serverLater(otherTranscript(altered))
  // RFC 8422 5.4: signed, but where there is no ServerKeyExchange.
  return course.exchange === 'ECDHE' ? clientLater('decrypt_error') : serverLater(otherKeys(altered))
}

/** RFC 8446 4.2, RFC 5246 7.4.1.4: not offered; offered, but another's body or place; twice. */
const REFUSED: readonly AlertName[] = [
  'unsupported_extension',
  'illegal_parameter',
  'decode_error',
  'protocol_version',
  'missing_extension',
]
/**
 * TLS 1.2: servers may tell their groups, which mean nothing to this handshake (RFC 8446 4.2.7); encrypt_then_mac is not sent
 * with an AEAD suite, and means nothing there (RFC 7366 2).
 */
const IDLE: readonly number[] = [EXTENSION.supported_groups, EXTENSION.encrypt_then_mac]

function extensionType(altered: AlteredField, later: Both): Ruling {
  const { course, is, was, resumed } = altered
  if (course.version === 'TLS 1.3') return must(...REFUSED)
  // RFC 7627 5.3: a session made with the extended master secret is not resumed without.
  if (was === EXTENSION.extended_master_secret && resumed) return must(...REFUSED, 'handshake_failure')
  if (!IDLE.includes(is)) return must(...REFUSED)
  if (was === EXTENSION.extended_master_secret) return may(serverLater(otherKeys(altered)), ...REFUSED)
  return may(was === EXTENSION.session_ticket ? clientLater('unexpected_message') : later, ...REFUSED)
}
