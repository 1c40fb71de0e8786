import type { CertificateErrorCode } from '../../trace/steps/cert.ts'

/** What is said of a TLS handshake, in English. */
export const tls = {
  ok: 'OK',
  failed: 'FAILED',
  with: 'with',
  resumed: 'resumed',
  retried: 'after a HelloRetryRequest',
  earlyData: (how: string): string => `early data ${how}`,
  noCertificate: 'no client certificate',
  refusedBy: (side: string, alert: string, code: number): string =>
    `${alert} (${code}), sent by ${side === 'client' || side === 'server' ? `the ${side}` : side}`,
  cannotConnect: (where: string, why: string): string => `cannot connect to ${where}: ${why}`,
  brokeOff: (where: string, why: string): string =>
    `the connection to ${where} broke off in the middle of the handshake: ${why}`,
  closedEarly: (by: string): string => `the ${by} closed the connection in the middle of the handshake`,
  unfinished: (message: string, by: string): string =>
    `the handshake was not finished: the last message was ${message}, by the ${by}`,
  noAnswer: (seconds: number): string => `no handshake within ${seconds} s`,
  heading: {
    alert: 'ALERT',
    rule: 'Rule',
    bothSides: 'Both sides',
    object: 'Object',
    fix: 'Fix',
    detail: 'STEP BY STEP',
    same: 'Same with OpenSSL:',
    connections: 'CONNECTIONS',
  },
  offered: 'offered',
  supported: 'supported',
  chosen: 'chosen',
  rejected: 'rejected',
  transcript: 'transcript',
  record: 'record',
  plaintext: 'plaintext',
  note: 'note',
  state: 'state',
  verified: 'verified',
  notVerified: 'DOES NOT VERIFY',
  hidden: (length: number): string => `(${length} secret bytes; --secrets shows them)`,
  sent: '->',
  received: '<-',
  serving: (url: string, subject: string): string => `serving ${url} as ${subject}; Ctrl-C ends`,
  clients: (names: string): string => `clients must show a certificate of ${names}`,
  ended: (count: number, failed: number): string =>
    `${count} ${count === 1 ? 'connection' : 'connections'}, ${failed} failed`,
  noHandshake: 'no TLS handshake happens here',
  choose: (count: number): string => `${count} connections; --connection N shows another`,
  page: 'This page was served over TLS by podwire.',
  secretsMissing: 'no secrets of this connection in the key log: what is encrypted stays so',
  /** What would have made it work, by what the judge of certificates found wrong. */
  certificateFix: {
    expired:
      'reissue the certificate, put it where the server reads it (a Secret: tls.crt), and have the server read it anew',
    'not-yet-valid': 'set the clocks right, or wait for notBefore; else reissue with an earlier one',
    'name-mismatch':
      'reissue with the asked name among the SANs (a Service: web, web.NAMESPACE.svc), or ask for a name it has',
    'unknown-ca': 'trust the CA that issued it (--roots; a pod: its ca.crt), or have it issued by one that is trusted',
    'missing-intermediate':
      'append the intermediate certificate to the chain that the server sends (a Secret: tls.crt, leaf first)',
    'self-signed': 'have it issued by a CA that is trusted, or trust this very certificate (--roots)',
    'not-a-ca': 'have it issued by a certificate with CA:TRUE',
    'path-length': 'issue from a CA whose pathLenConstraint allows this many below it',
    'wrong-purpose': 'reissue with the extended key usage for this side (serverAuth or clientAuth)',
    'key-usage': 'reissue with the key usage that this needs',
    'name-constraint': 'issue from a CA whose name constraints permit this name',
    'weak-signature': 'reissue, signed with SHA-256 or stronger',
    'weak-key': 'reissue with a key of 2048 bits RSA, or an elliptic curve',
    revoked: 'replace it: a certificate and key that were revoked must not be used again',
    'revocation-unusable': 'give a CRL or OCSP response that is current and signed by the issuer',
    'revocation-unknown': 'ask the responder of the issuer, or reissue',
    'bad-signature': 'send the certificate as it was issued: this one was altered, or another issuer has the same name',
    'unsupported-algorithm': 'reissue with RSA, ECDSA or Ed25519',
    'unknown-critical-extension': 'reissue without that extension, or not marked critical',
    policy: 'issue under a policy that is accepted',
    malformed: 'replace the file: it is no certificate',
    'search-limit': 'send fewer certificates: the leaf and its intermediates',
    'key-mismatch': 'put certificate and key that belong together into the Secret (tls.crt, tls.key)',
  } satisfies Record<CertificateErrorCode, string>,
  /** By the alert's name, where no certificate was judged. */
  alertFix: {
    protocol_version:
      'let both sides speak one version: TLS 1.2 and 1.3 are spoken here, older ones are retired (RFC 8996)',
    handshake_failure:
      'give both sides a cipher suite, group and signature scheme in common, that fit the certificate’s key',
    insufficient_security: 'let the weaker side offer stronger suites',
    no_application_protocol: 'let both sides name one application protocol in common (ALPN), or one of them none',
    unrecognized_name: 'ask for a name that the server has a certificate for, or add one',
    certificate_required: 'give the client a certificate and key (--cert, --key) from a CA that the server trusts',
    missing_extension: 'send the extension: without it the other side cannot go on',
    unknown_ca: 'give this side the CA that issued the certificate, or a certificate from a CA that it trusts',
    bad_certificate: 'look at the certificate that was sent: the other side does not accept it',
    certificate_expired: 'reissue the certificate, or set the clocks right',
    certificate_revoked: 'replace the certificate and its key',
    certificate_unknown: 'look at the certificate that was sent: the other side does not accept it',
    unsupported_certificate:
      'send a certificate with the extended key usage of its side, with an algorithm that the other knows',
    decrypt_error: 'the key is not that of the certificate, or the handshake was altered on its way',
    bad_record_mac:
      'a record was altered on its way, or both sides have different keys: look for who changes bytes between them',
    record_overflow: 'keep records to the agreed size',
    decode_error: 'what came is no well-formed message: look at who sent it, and whether it speaks TLS at all',
    unexpected_message:
      'send what the protocol expects at this point: look whether the other side speaks TLS at all (http to an https port?)',
    illegal_parameter: 'mend the side that sent the value: no setting helps',
    inappropriate_fallback: 'connect without TLS_FALLBACK_SCSV: both sides speak a newer version',
    internal_error: 'look into the log of the side that sent it',
  } as Readonly<Record<string, string>>,
} as const
