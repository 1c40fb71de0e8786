import type { AlertName } from '../../../src/tls/alert.ts'
import { EXTENSION } from '../../../src/tls/numbers.ts'
import type { TlsField, TlsRole } from '../../../src/trace/steps/tls.ts'
import type { Altered, Ruling } from './fields.ts'

export type Legal = Ruling
/** One field that is not as it was sent. */
export interface AlteredField extends Altered {
  readonly field: string
  readonly of: string
  readonly is: number
  readonly was: number
  /** Something else was changed that leaves the ticket unused. */
  readonly fallsBack: boolean
}

type Both = Readonly<Record<TlsRole, readonly AlertName[]>>
const must = (...now: AlertName[]): Legal => ({ now, later: null })
const may = (later: Both, ...now: AlertName[]): Legal => ({ now, later })

/** The alerts for one field, by message; `later` is what the two ends' different transcripts and keys lead to. */
export function rulingOn({ at, ...rest }: { readonly at: TlsField } & Omit<AlteredField, 'field' | 'of'>): Legal {
  const altered: AlteredField = { ...rest, field: at.field, of: at.of }
  switch (altered.name) {
    case 'ClientHello':
      return clientHello(altered)
    case 'ServerHello':
      return serverHello(altered)
    // A key that does not parse (RFC 5246 7.2.2), or whose signature comes next and does not verify (7.4.3, 7.4.8).
    case 'Certificate':
      return may(
        { client: [], server: [], [altered.victim]: ['decrypt_error'] },
        'bad_certificate',
        'unsupported_certificate',
        'illegal_parameter',
      )
    case 'ServerKeyExchange':
      return serverKeyExchange(altered)
    case 'CertificateRequest':
      return certificateRequest(altered)
    case 'ClientKeyExchange':
      return clientKeyExchange(altered)
    // RFC 5246 7.4.8: as ServerKeyExchange.
    case 'CertificateVerify':
      return altered.field === 'signature_scheme' ? must('illegal_parameter', 'decrypt_error') : must('decrypt_error')
    // In the transcript, so the Finished after it shows it (RFC 5077 3.3).
    case 'NewSessionTicket':
      return may({ client: ['decrypt_error'], server: [] })
    default:
      return may({ client: [], server: [] })
  }
}

/** What shows that the two ends saw different ClientHellos. */
function hello(altered: AlteredField): Both {
  const { version, resumed, clientAuth, field, group, second, fallsBack } = altered
  // Handshake keys come from the transcript (RFC 8446 7.1): the first protected record does not open.
  // After a HelloRetryRequest the binder of the second hello covers the first (4.2.11.2).
  if (version === 'TLS 1.3') {
    const asked = group === 'secp256r1' && !second
    return { client: ['bad_record_mac'], server: asked && resumed ? ['decrypt_error'] : [] }
  }
  // RFC 5246 7.3: resumed, the server's Finished comes first; its keys come from the randoms alone.
  const full: AlertName = clientAuth ? 'decrypt_error' : 'bad_record_mac'
  if (resumed && fallsBack) return { client: ['bad_record_mac', 'decrypt_error'], server: [full] }
  if (resumed) return { client: [field === 'random' ? 'bad_record_mac' : 'decrypt_error'], server: [] }
  // RFC 8422 5.4: the ServerKeyExchange signs both randoms.
  if (field === 'random') return { client: ['decrypt_error'], server: [] }
  // RFC 5246 7.4.8: CertificateVerify covers the transcript; RFC 7627: so do the keys.
  return { client: [], server: [full] }
}

const and = (both: Both, client: readonly AlertName[], server: readonly AlertName[] = []): Both => ({
  client: [...both.client, ...client],
  server: [...both.server, ...server],
})

function clientHello(altered: AlteredField): Legal {
  const ruling = clientHelloField(altered)
  const bound = altered.fields.some(({ of, field }) => of === 'pre_shared_key' && field === 'binder')
  // RFC 8446 4.2.11.2: the binder covers all of the hello; it is checked before the ServerHello, or found out with the ticket.
  if (!bound || altered.of === 'pre_shared_key' || ruling.later === null) {
    return bound ? { ...ruling, now: [...ruling.now, 'decrypt_error'] } : ruling
  }
  const unchecked = altered.fallsBack || (altered.group === 'secp256r1' && !altered.second)
  return { now: [...ruling.now, 'decrypt_error'], later: unchecked ? ruling.later : null }
}

function clientHelloField(altered: AlteredField): Legal {
  const { version, field, of, is, second, resumed, group } = altered
  const old = version === 'TLS 1.2'
  const later = hello(altered)
  switch (field) {
    case 'legacy_version':
      // RFC 8446 D.5: 0x0300, never. Else supported_versions decides where it is there (4.2.1), a maximum where it is not.
      if (is <= 0x0300 || (old && is < 0x0303)) return must('protocol_version')
      return may(later)
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
      return extensionType(altered)
    case 'named_group':
      // RFC 8446 4.2.8: a share for each group offered, and for no other.
      if (of === 'key_share') return must('illegal_parameter')
      return may(and(later, ['illegal_parameter']), 'handshake_failure', 'illegal_parameter')
    case 'key_exchange':
      return group === 'secp256r1' ? must('illegal_parameter') : may(later, 'illegal_parameter')
    case 'signature_scheme':
      return may(later, 'handshake_failure')
    case 'version':
      return must('protocol_version')
    case 'ec_point_format':
      // RFC 8422 5.1.2.
      return must('illegal_parameter')
    case 'obfuscated_ticket_age':
    case 'binder':
      return altered.fallsBack || (group === 'secp256r1' && !second)
        ? may(later, 'decrypt_error')
        : must('decrypt_error')
    // A ticket that does not open, or a name it was not made for, leaves a full handshake (RFC 8446 4.2.11, RFC 5077 3.4).
    case 'identity':
      return may(later, 'decrypt_error')
    case 'protocol_name':
      // RFC 7301 3.2, where none of the names is left.
      return may(later, 'no_application_protocol')
    case 'data':
      return resumed ? may({ client: [], server: ['bad_record_mac', 'decrypt_error'] }) : may(later)
    default:
      return may(later)
  }
}

const NEEDED: Readonly<Record<number, AlertName>> = {
  [EXTENSION.supported_versions]: 'protocol_version',
  [EXTENSION.supported_groups]: 'missing_extension',
  [EXTENSION.key_share]: 'missing_extension',
  [EXTENSION.signature_algorithms]: 'missing_extension',
  [EXTENSION.psk_key_exchange_modes]: 'missing_extension',
}
const KNOWN: readonly number[] = Object.values(EXTENSION)

/** One extension of a ClientHello is gone (RFC 8446 9.2, 4.2.1), and another is there (4.2; its form, 6.2). */
function extensionType(altered: AlteredField): Legal {
  const { version, is, was, resumed, clientAuth } = altered
  const later = hello(altered)
  const lost = version === 'TLS 1.3' ? NEEDED[was] : undefined
  const gained: AlertName[] = KNOWN.includes(is)
    ? ['decode_error', 'illegal_parameter', 'missing_extension', 'handshake_failure']
    : []
  if (version === 'TLS 1.3') {
    const needed =
      lost !== undefined &&
      (was !== EXTENSION.psk_key_exchange_modes || resumed) &&
      !(resumed && was === EXTENSION.signature_algorithms)
    return needed ? must(lost, ...gained) : may(later, ...gained, ...(lost === undefined ? [] : [lost]))
  }
  // RFC 7627 5.3: a session made with the extended master secret is not resumed without.
  if (was === EXTENSION.extended_master_secret) {
    return resumed && !altered.fallsBack
      ? must('handshake_failure', ...gained)
      : may({ client: [], server: ['decrypt_error'] }, ...gained)
  }
  if (was === EXTENSION.session_ticket && resumed) {
    return may({ client: ['unexpected_message'], server: [clientAuth ? 'decrypt_error' : 'bad_record_mac'] }, ...gained)
  }
  const lists = was === EXTENSION.supported_groups || was === EXTENSION.signature_algorithms
  return may(
    and(later, lists ? ['illegal_parameter'] : ['unsupported_extension']),
    ...gained,
    ...(lists ? ['handshake_failure' as const] : []),
  )
}

function serverHello(altered: AlteredField): Legal {
  const { version, field, of, is, was, resumed, clientAuth, group, original } = altered
  const old = version === 'TLS 1.2'
  const retries = original !== null && original[6] === 0xcf && original[7] === 0x21
  const later: Both = !old
    ? { client: ['bad_record_mac'], server: retries ? ['illegal_parameter'] : [] }
    : resumed
      ? { client: [field === 'random' ? 'bad_record_mac' : 'decrypt_error'], server: [] }
      : {
          client: field === 'random' ? ['decrypt_error'] : [],
          server: [clientAuth ? 'decrypt_error' : 'bad_record_mac'],
        }
  switch (field) {
    case 'legacy_version':
      // RFC 8446 D.5, 4.1.3; RFC 5246 E.1.
      return old || is <= 0x0300 ? must('protocol_version') : must('illegal_parameter')
    case 'random':
      // A HelloRetryRequest that is none any more is a ServerHello without what that must have.
      return retries ? must('decode_error', 'missing_extension') : may(later)
    case 'legacy_session_id_echo':
      // RFC 8446 4.1.3. RFC 5077 3.4: not our id, so a Certificate is due, not a ticket.
      return old ? must('unexpected_message') : must('illegal_parameter')
    case 'cipher_suite':
      return may(later, 'illegal_parameter')
    case 'legacy_compression_method':
    case 'selected_version':
    case 'selected_identity':
      return must('illegal_parameter')
    case 'extension_type':
      // RFC 8446 4.2.7: servers may tell their groups, which mean nothing to this handshake.
      if (old && is === EXTENSION.supported_groups && was !== EXTENSION.extended_master_secret)
        return may(later, 'illegal_parameter', 'decode_error')
      // RFC 8446 4.2, RFC 5246 7.4.1.4: not offered; offered, but another's body or place; twice.
      return must(
        'unsupported_extension',
        'illegal_parameter',
        'decode_error',
        'protocol_version',
        'missing_extension',
        // RFC 7627 5.3: a session made with the extended master secret is not resumed without.
        ...(old && resumed && was === EXTENSION.extended_master_secret ? (['handshake_failure'] as const) : []),
      )
    case 'named_group':
      return retries ? may(later, 'illegal_parameter') : must('illegal_parameter')
    case 'key_exchange':
      return group === 'secp256r1' ? must('illegal_parameter') : may(later, 'illegal_parameter')
    case 'ec_point_format':
      return must('illegal_parameter')
    case 'protocol_name':
      return must('illegal_parameter')
    default:
      return of === 'renegotiation_info' ? must('handshake_failure') : may(later)
  }
}

/** RFC 8422 5.4: all but the signature is signed. */
function serverKeyExchange({ field }: AlteredField): Legal {
  switch (field) {
    case 'curve_type':
      return must('illegal_parameter', 'decode_error')
    case 'named_group':
    case 'signature_scheme':
      return must('illegal_parameter', 'decrypt_error')
    case 'point':
      return must('decrypt_error', 'illegal_parameter')
    default:
      return must('decrypt_error')
  }
}

/** Without a type or scheme for its key a client sends no certificate (RFC 5246 7.4.6); else its CertificateVerify does not fit. */
function certificateRequest({ field }: AlteredField): Legal {
  const none: readonly AlertName[] =
    field === 'signature_scheme' || field === 'certificate_types' ? ['handshake_failure'] : []
  return may({ client: [], server: ['decrypt_error', ...none] })
}

/** Another secret; with X25519 every share is one, and RFC 7748 5 passes over its highest bit. */
function clientKeyExchange({ group, clientAuth }: AlteredField): Legal {
  if (group === 'secp256r1') return must('illegal_parameter')
  return may({ client: [], server: [clientAuth ? 'decrypt_error' : 'bad_record_mac'] }, 'illegal_parameter')
}
