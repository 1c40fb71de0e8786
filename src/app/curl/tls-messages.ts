import { ALERTS, type AlertName } from '../../tls/tls.ts'
import type { CertificateErrorCode } from '../../trace/steps/cert.ts'

/** What OpenSSL 3.0 says of a certificate (X509_verify_cert_error_string), with its number, as curl passes it on. */
const VERIFY: Readonly<Record<CertificateErrorCode, readonly [number, string]>> = {
  expired: [10, 'certificate has expired'],
  'not-yet-valid': [9, 'certificate is not yet valid'],
  'name-mismatch': [62, 'hostname mismatch'],
  'unknown-ca': [20, 'unable to get local issuer certificate'],
  'missing-intermediate': [20, 'unable to get local issuer certificate'],
  'self-signed': [18, 'self-signed certificate'],
  'not-a-ca': [79, 'invalid CA certificate'],
  'path-length': [25, 'path length constraint exceeded'],
  'wrong-purpose': [26, 'unsuitable certificate purpose'],
  'key-usage': [32, 'key usage does not include certificate signing'],
  'name-constraint': [47, 'permitted subtree violation'],
  'weak-signature': [68, 'CA signature digest algorithm too weak'],
  'weak-key': [66, 'EE certificate key too weak'],
  revoked: [23, 'certificate revoked'],
  'revocation-unusable': [12, 'CRL has expired'],
  'revocation-unknown': [3, 'unable to get certificate CRL'],
  'bad-signature': [7, 'certificate signature failure'],
  'unsupported-algorithm': [6, 'unable to decode issuer public key'],
  'unknown-critical-extension': [34, 'unhandled critical extension'],
  policy: [43, 'no explicit policy'],
  malformed: [41, 'invalid or inconsistent certificate extension'],
  'search-limit': [22, 'certificate chain too long'],
  'key-mismatch': [7, 'certificate signature failure'],
}

/** OpenSSL's names of alerts that came in (ssl/ssl_err.c of 3.0): SSL_R is 1000 and the alert's number. */
const ALERT_TEXT: Readonly<Partial<Record<AlertName, string>>> = {
  unexpected_message: 'sslv3 alert unexpected message',
  bad_record_mac: 'sslv3 alert bad record mac',
  record_overflow: 'tlsv1 alert record overflow',
  handshake_failure: 'sslv3 alert handshake failure',
  bad_certificate: 'sslv3 alert bad certificate',
  unsupported_certificate: 'sslv3 alert unsupported certificate',
  certificate_revoked: 'sslv3 alert certificate revoked',
  certificate_expired: 'sslv3 alert certificate expired',
  certificate_unknown: 'sslv3 alert certificate unknown',
  illegal_parameter: 'sslv3 alert illegal parameter',
  unknown_ca: 'tlsv1 alert unknown ca',
  access_denied: 'tlsv1 alert access denied',
  decode_error: 'tlsv1 alert decode error',
  decrypt_error: 'tlsv1 alert decrypt error',
  protocol_version: 'tlsv1 alert protocol version',
  insufficient_security: 'tlsv1 alert insufficient security',
  internal_error: 'tlsv1 alert internal error',
  inappropriate_fallback: 'tlsv1 alert inappropriate fallback',
  user_canceled: 'tlsv1 alert user cancelled',
  no_renegotiation: 'tlsv1 alert no renegotiation',
  missing_extension: 'tlsv13 alert missing extension',
  unsupported_extension: 'tlsv1 unsupported extension',
  unrecognized_name: 'tlsv1 unrecognized name',
  certificate_required: 'tlsv13 alert certificate required',
  no_application_protocol: 'tlsv1 alert no application protocol',
}

/** What OpenSSL says where it gave up itself (SSL_R codes), for the alerts that our client sends. */
const OWN: Readonly<Partial<Record<AlertName, readonly [number, string]>>> = {
  bad_record_mac: [281, 'decryption failed or bad record mac'],
  decrypt_error: [123, 'bad signature'],
  unexpected_message: [244, 'unexpected message'],
  decode_error: [159, 'length mismatch'],
  illegal_parameter: [249, 'unknown cipher returned'],
  protocol_version: [258, 'unsupported protocol'],
  unsupported_certificate: [247, 'unknown certificate type'],
}

/** SSL_alert_desc_string_long of 3.0, which does not know the newest. */
const SPOKEN: Readonly<Partial<Record<AlertName, string>>> = {
  close_notify: 'close notify',
  unknown_ca: 'unknown CA',
  bad_record_mac: 'bad record mac',
  certificate_required: 'unknown',
  missing_extension: 'unknown',
  no_application_protocol: 'no application protocol',
}

/** As curl names messages (lib/vtls/openssl.c, ssl_msg_type). */
const MESSAGES: Readonly<Record<string, string>> = {
  ClientHello: 'Client hello (1)',
  ServerHello: 'Server hello (2)',
  HelloRetryRequest: 'Server hello (2)',
  NewSessionTicket: 'Newsession Ticket (4)',
  EndOfEarlyData: 'End of early data (5)',
  EncryptedExtensions: 'Encrypted Extensions (8)',
  Certificate: 'Certificate (11)',
  ServerKeyExchange: 'Server key exchange (12)',
  CertificateRequest: 'Request CERT (13)',
  ServerHelloDone: 'Server finished (14)',
  CertificateVerify: 'CERT verify (15)',
  ClientKeyExchange: 'Client key exchange (16)',
  Finished: 'Finished (20)',
  CertificateStatus: 'Certificate Status (22)',
  KeyUpdate: 'Key update (24)',
}

const OPENSSL = 'OpenSSL/3.0.19'
const ERROR_LIBRARY = 0x0a000000
const ALERT_REASON = 1000

const errorText = (reason: number, text: string): string =>
  `${OPENSSL}: error:${(ERROR_LIBRARY + reason).toString(16).toUpperCase().padStart(8, '0')}:SSL routines::${text}`

/** What curl 7.88 with OpenSSL 3.0 says of TLS. */
export const sayTls = {
  certificate: (code: CertificateErrorCode, host: string): string =>
    code === 'name-mismatch'
      ? `SSL: no alternative certificate subject name matches target host name '${host}'`
      : `SSL certificate problem: ${VERIFY[code][1]}`,
  verifyResult: (code: CertificateErrorCode): string =>
    `*  SSL certificate verify result: ${VERIFY[code][1]} (${VERIFY[code][0]}), continuing anyway.`,
  verifyOk: '*  SSL certificate verify ok.',
  alertReceived: (alert: AlertName): string =>
    errorText(ALERT_REASON + ALERTS[alert], ALERT_TEXT[alert] ?? `reason(${ALERT_REASON + ALERTS[alert]})`),
  gaveUp: (alert: AlertName): string => {
    const [reason, text] = OWN[alert] ?? [ALERTS.internal_error, alert.replaceAll('_', ' ')]
    return errorText(reason, text)
  },
  /** The key is not the certificate's; checked when curl sets up TLS, with TCP connected. */
  keyFile: (file: string): string => `unable to set private key file: '${file}' type PEM`,
  /** Text came where a record should be. */
  noRecord: errorText(267, 'wrong version number'),
  /** The peer went away in the middle. */
  eof: errorText(294, 'unexpected eof while reading'),
  reading: (why: string): string => `OpenSSL SSL_read: ${why}, errno 0`,
  writing: (why: string): string => `OpenSSL SSL_write: ${why}, errno 0`,
  connecting: (why: string, host: string, port: number): string =>
    `OpenSSL SSL_connect: ${why} in connection to ${host}:${port} `,
  offers: (protocols: readonly string[]): string => `* ALPN: offers ${protocols.join(',')}`,
  accepted: (protocol: string | null): string =>
    protocol === null
      ? '* ALPN: server did not agree on a protocol. Uses default.'
      : `* ALPN: server accepted ${protocol}`,
  cafile: (file: string): string => `*  CAfile: ${file}`,
  capath: '*  CApath: /etc/ssl/certs',
  handshake: (version: string, sent: boolean, message: string): string =>
    `* ${version} (${sent ? 'OUT' : 'IN'}), TLS handshake, ${MESSAGES[message] ?? message}:`,
  changeCipher: (version: string): string => `* ${version} (OUT), TLS change cipher, Change cipher spec (1):`,
  alert: (version: string, sent: boolean, fatal: boolean, alert: AlertName): string =>
    `* ${version} (${sent ? 'OUT' : 'IN'}), TLS alert, ${SPOKEN[alert] ?? alert.replaceAll('_', ' ')} (${(fatal ? 512 : 256) + ALERTS[alert]}):`,
  using: (version: string, suite: string): string => `* SSL connection using ${version} / ${opensslSuite(suite)}`,
  reused: '* SSL reusing session ID',
  serverCertificate: '* Server certificate:',
  subject: (text: string): string => `*  subject: ${text}`,
  start: (time: number): string => `*  start date: ${opensslTime(time)}`,
  expire: (time: number): string => `*  expire date: ${opensslTime(time)}`,
  matched: (host: string, name: string): string =>
    `*  subjectAltName: host "${host}" matched cert's ${name.includes(' ') ? name : `"${name}"`}`,
  unmatched: (host: string): string => `*  subjectAltName does not match ${host}`,
  issuer: (text: string): string => `*  issuer: ${text}`,
  http1: '* using HTTP/1.1',
} as const

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is OpenSSL's ECDHE-RSA-AES128-GCM-SHA256; TLS 1.3 suites keep their names. */
export function opensslSuite(name: string): string {
  if (!name.includes('_WITH_')) return name
  return name
    .replace(/^TLS_(RSA_WITH_)?/, '')
    .replace('_WITH_', '_')
    .replace(/AES_(\d+)/, 'AES$1')
    .replace('_CBC', '')
    .replace(/(CHACHA20_POLY1305)_SHA256$/, '$1')
    .replaceAll('_', '-')
}

/** `Jan  1 00:00:00 2026 GMT` (ASN1_TIME_print). */
function opensslTime(millis: number): string {
  const [, day, month, year, time] = new Date(millis).toUTCString().split(' ')
  return `${month} ${String(Number(day)).padStart(2)} ${time} ${year} GMT`
}
