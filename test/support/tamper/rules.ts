import type { AlertName } from '../../../src/tls/alert.ts'
import type { TlsField } from '../../../src/trace/steps/tls.ts'
import { clientHello } from './client-hello.ts'
import type { Ruling } from './fields.ts'
import { type AlteredField, clientLater, may, must, otherKeys, otherTranscript, serverLater } from './legal.ts'
import { serverHello } from './server-hello.ts'

/** The alerts for one field, by message; `later` is what the two ends' different transcripts and keys lead to. */
export function rulingOn({ at, ...rest }: { readonly at: TlsField } & Omit<AlteredField, 'field' | 'of'>): Ruling {
  const altered: AlteredField = { ...rest, field: at.field, of: at.of }
  switch (altered.name) {
    case 'ClientHello':
      return clientHello(altered)
    case 'ServerHello':
      return serverHello(altered)
    case 'Certificate':
      return certificate(altered)
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
      return may(clientLater('decrypt_error'))
    default:
      return may(clientLater())
  }
}

/**
 * A key that does not parse (RFC 5246 7.2.2), or whose signature comes next and does not verify (7.4.3, 7.4.8). With RSA key
 * exchange nothing is signed: the premaster secret is encrypted to another key than the server's.
 */
function certificate(altered: AlteredField): Ruling {
  const { victim, course } = altered
  const unsigned = victim === 'client' && course.exchange === 'RSA'
  // What is not the key itself may be other, and the key the same.
  const later = unsigned
    ? serverLater(otherKeys(altered), otherTranscript(altered))
    : { ...clientLater(), [victim]: ['decrypt_error'] as const }
  return may(later, 'bad_certificate', 'unsupported_certificate', 'illegal_parameter')
}

/** RFC 8422 5.4: all but the signature is signed. */
function serverKeyExchange({ field }: AlteredField): Ruling {
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
function certificateRequest({ field }: AlteredField): Ruling {
  const none: readonly AlertName[] =
    field === 'signature_scheme' || field === 'certificate_types' ? ['handshake_failure'] : []
  return may(serverLater('decrypt_error', ...none))
}

/**
 * Another secret; with X25519 every share is one, and RFC 7748 5 passes over its highest bit, so that
 * only the transcript may differ. What is wrong with a premaster
 * secret that RSA encrypts is never told (RFC 5246 7.4.7.1).
 */
function clientKeyExchange(altered: AlteredField): Ruling {
  const { group, exchange } = altered.course
  if (exchange === 'RSA') return may(serverLater(otherKeys(altered)))
  if (group === 'secp256r1') return must('illegal_parameter')
  return may(serverLater(otherKeys(altered), otherTranscript(altered)), 'illegal_parameter')
}
