import type { AlertName } from '../../../src/tls/alert.ts'
import { EXTENSION } from '../../../src/tls/numbers.ts'
import type { Ruling } from './fields.ts'
import {
  type AlteredField,
  and,
  type Both,
  clientLater,
  may,
  must,
  otherKeys,
  otherTranscript,
  serverLater,
} from './legal.ts'

export function clientHello(altered: AlteredField): Ruling {
  const ruling = clientHelloField(altered)
  const bound = altered.fields.some(({ of, field }) => of === 'pre_shared_key' && field === 'binder')
  // RFC 8446 4.2.11.2: the binder covers all of the hello; it is checked before the ServerHello, or found out with the ticket.
  if (!bound || altered.of === 'pre_shared_key' || ruling.later === null) {
    return bound ? { ...ruling, now: [...ruling.now, 'decrypt_error'] } : ruling
  }
  return { now: [...ruling.now, 'decrypt_error'], later: altered.fallsBack || asked(altered) ? ruling.later : null }
}

/** A HelloRetryRequest is the answer, whatever the rest says. */
const asked = ({ course, second }: AlteredField): boolean => course.retries && !second

/** What shows that the two ends saw different ClientHellos. */
function seenDifferently(altered: AlteredField): Both {
  const { course, resumed, field, fallsBack } = altered
  // Handshake keys come from the transcript (RFC 8446 7.1): the first protected record does not open.
  // After a HelloRetryRequest the binder of the second hello covers the first (4.2.11.2).
  if (course.version === 'TLS 1.3') {
    return { client: ['bad_record_mac'], server: asked(altered) && resumed ? ['decrypt_error'] : [] }
  }
  const full = otherTranscript(altered)
  if (resumed && fallsBack) return { client: ['bad_record_mac', 'decrypt_error'], server: [full, otherKeys(altered)] }
  // RFC 5246 7.3: resumed, the server's Finished comes first; its keys come from the randoms alone.
  if (resumed) return clientLater(field === 'random' ? 'bad_record_mac' : 'decrypt_error')
  // RFC 8422 5.4: the ServerKeyExchange signs both randoms.
  if (field === 'random')
    return course.exchange === 'ECDHE' ? clientLater('decrypt_error') : serverLater(otherKeys(altered))
  // RFC 5246 7.4.7.1: the premaster secret holds the version that the client offered.
  if (field === 'legacy_version' && course.exchange === 'RSA') return serverLater(otherKeys(altered))
  return serverLater(full)
}

function clientHelloField(altered: AlteredField): Ruling {
  const { course, field, of, is, second, resumed } = altered
  const old = course.version === 'TLS 1.2'
  const later = seenDifferently(altered)
  switch (field) {
    case 'legacy_version': {
      // RFC 8446 D.5: 0x0300, never. Else supported_versions decides where it is there (4.2.1), a maximum where it is not.
      const listed = course.offered.includes('TLS 1.3')
      return is <= 0x0300 || (!listed && is < 0x0303) ? must('protocol_version') : may(later)
    }
    case 'random':
      // RFC 8446 4.1.2: the second hello repeats the first.
      return second ? must('illegal_parameter') : may(and(later, [], ['illegal_parameter']))
    case 'legacy_session_id':
      if (second) return must('illegal_parameter')
      // RFC 8446 4.1.3: the echo. RFC 5077 3.4: another echo says that the session is not resumed, yet its messages come.
      return may(and(later, [old ? 'unexpected_message' : 'illegal_parameter']))
    case 'cipher_suite':
      if (second) return must('illegal_parameter')
      return may(and(later, ['illegal_parameter'], ['illegal_parameter']), 'handshake_failure')
    case 'legacy_compression_methods':
      return must('illegal_parameter')
    case 'extension_type':
      return extensionType(altered, later)
    case 'named_group':
      // RFC 8446 4.2.8: a share for each group offered, and for no other.
      if (of === 'key_share') return old ? may(later) : must('illegal_parameter')
      return may(and(later, ['illegal_parameter']), 'handshake_failure', 'illegal_parameter')
    case 'key_exchange':
      if (old) return may(later)
      return course.group === 'secp256r1' ? must('illegal_parameter') : may(later, 'illegal_parameter')
    case 'signature_scheme':
      return may(later, 'handshake_failure')
    case 'version':
      return otherVersion(altered, later)
    case 'ec_point_format':
      // RFC 8422 5.1.2; TLS 1.3 has no use for it.
      return old ? must('illegal_parameter') : may(later)
    case 'obfuscated_ticket_age':
    case 'binder':
      return altered.fallsBack || asked(altered) ? may(later, 'decrypt_error') : must('decrypt_error')
    // A ticket that does not open, or a name it was not made for, leaves a full handshake (RFC 8446 4.2.11, RFC 5077 3.4).
    case 'identity':
      return may(later, 'decrypt_error')
    case 'protocol_name':
      // RFC 7301 3.2, where none of the names is left.
      return may(later, 'no_application_protocol')
    case 'data':
      return resumed ? may(serverLater('bad_record_mac', 'decrypt_error')) : may(later)
    default:
      return may(later)
  }
}

/** RFC 8446 4.2.1: what is still there of supported_versions decides; without it, what both spoke before. */
function otherVersion(altered: AlteredField, later: Both): Ruling {
  const { course, settled, second } = altered
  if (settled === null) return must('protocol_version')
  if (settled === course.version) return may(later)
  // RFC 8446 4.1.2: the second hello is for the version of the first. 4.1.3: a server that knows TLS 1.3 says so to a client
  // that seems not to.
  return second ? must('illegal_parameter') : may(clientLater('illegal_parameter'))
}

const NEEDED: readonly number[] = [
  EXTENSION.supported_groups,
  EXTENSION.key_share,
  EXTENSION.signature_algorithms,
  EXTENSION.psk_key_exchange_modes,
]
const KNOWN: readonly number[] = Object.values(EXTENSION)

/** One extension of a ClientHello is gone (RFC 8446 9.2, 4.2.1), and another is there (4.2; its form, 6.2). */
function extensionType(altered: AlteredField, later: Both): Ruling {
  const { course, is, was } = altered
  const gained: AlertName[] = KNOWN.includes(is)
    ? ['decode_error', 'illegal_parameter', 'missing_extension', 'handshake_failure']
    : []
  const ruling = was === EXTENSION.supported_versions ? otherVersion(altered, later) : lost(altered, later)
  const unasked = course.version === 'TLS 1.2' ? and(ruling.later ?? later, ['unsupported_extension']) : ruling.later
  return { now: [...ruling.now, ...gained], later: ruling.later === null ? null : unasked }
}

function lost(altered: AlteredField, later: Both): Ruling {
  const { course, was, resumed } = altered
  if (course.version === 'TLS 1.3') {
    if (was === EXTENSION.early_data)
      return may(and(later, [], [course.retries ? 'unexpected_message' : 'bad_record_mac']))
    if (!NEEDED.includes(was)) return may(later)
    const psk = resumed && !altered.lost.includes(EXTENSION.pre_shared_key)
    const unneeded = was === (psk ? EXTENSION.signature_algorithms : EXTENSION.psk_key_exchange_modes)
    return unneeded ? may(later, 'missing_extension') : must('missing_extension')
  }
  // RFC 7627 5.3: a session made with the extended master secret is not resumed without. Else neither end uses it.
  if (was === EXTENSION.extended_master_secret) {
    return resumed && !altered.fallsBack ? must('handshake_failure') : may(serverLater('decrypt_error'))
  }
  if (was === EXTENSION.session_ticket && resumed && course.resumption === 'ticket') {
    return may({ client: ['unexpected_message'], server: [otherTranscript(altered)] })
  }
  const lists = was === EXTENSION.supported_groups || was === EXTENSION.signature_algorithms
  return lists ? may(and(later, ['illegal_parameter']), 'handshake_failure') : may(later)
}
