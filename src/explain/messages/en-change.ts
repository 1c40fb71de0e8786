import type { CertificateErrorCode } from '../../trace/steps/cert.ts'

/** What a change is about: the object that holds a certificate, and what is in it and asked of it. */
export interface ChangeFacts {
  /** `Secret default/web-tls`. */
  readonly object: string
  /** `tls.crt`; `annotation podwire.dev/serve`. */
  readonly key: string
  /** `Ingress default/shop: spec.tls[0].secretName`, whose controller serves the Secret; null where none does. */
  readonly via: string | null
  /** Names in the certificate, without their kind. */
  readonly names: readonly string[]
  /** The name asked for; null when none was. */
  readonly asked: string | null
  readonly issuer: string
  /** What the certificate has to be for: `serverAuth`. */
  readonly purpose: 'serverAuth' | 'clientAuth'
  /** `Service default/web` that was asked, and those of its names that the certificate lacks. */
  readonly service: { readonly object: string; readonly missing: readonly string[] } | null
  /** Who would have to trust it, and what it trusts: `Pod default/client`. */
  readonly judge: string
}

const list = (names: readonly string[]): string => (names.length === 0 ? 'no name' : names.join(', '))
/** Where the new certificate goes. */
const put = ({ object, key, via }: ChangeFacts): string => {
  if (via !== null)
    return `put it into ${object} (tls.crt, tls.key), which ${via} names: the controller takes it up by itself`
  if (object.startsWith('Secret '))
    return `put it into ${object} (tls.crt, tls.key), and have the server read its files again`
  return key.startsWith('annotation ')
    ? `let ${object} serve it (${key}: secret=NAME)`
    : `give it to ${object} (--cert)`
}
/** What holds the chain that is sent. */
const file = ({ object, key }: ChangeFacts): string =>
  object.startsWith('Secret ') ? `${object}, ${key}` : `what ${object} serves`
const reissue =
  (how: string) =>
  (facts: ChangeFacts): string =>
    `reissue the certificate ${how}; ${put(facts)}`

/** The change that would make it work, down to the object, in English. */
export const change = {
  certificate: {
    expired: (facts) => `reissue the certificate for ${list(facts.names)}; ${put(facts)}`,
    'not-yet-valid': (facts) => `set the clocks right, or wait for notBefore; else reissue it; ${put(facts)}`,
    'name-mismatch': (facts) =>
      `reissue the certificate with ${facts.asked ?? 'the asked name'} among its SANs (it has ${list(facts.names)}); ${put(facts)}` +
      (facts.service === null || facts.service.missing.length === 0
        ? ''
        : `. Of the names of ${facts.service.object} it lacks ${list(facts.service.missing)}`),
    'unknown-ca': (facts) =>
      `give ${facts.judge} the CA ${facts.issuer} (a ConfigMap with its ca.crt, --cacert), or have the certificate issued by a CA that it trusts; then ${put(facts)}`,
    'missing-intermediate': (facts) =>
      `append the certificate of ${facts.issuer} to ${file(facts)}: the leaf first, then the one above it`,
    'self-signed': (facts) =>
      `have the certificate issued by a CA that ${facts.judge} trusts; ${put(facts)}. Or trust this very certificate (--cacert)`,
    'not-a-ca': reissue('from one with CA:TRUE'),
    'path-length': reissue('from a CA whose pathLenConstraint allows this many below it'),
    'wrong-purpose': (facts) => `reissue the certificate with the extended key usage ${facts.purpose}; ${put(facts)}`,
    'key-usage': reissue('with the key usage that this needs (digitalSignature)'),
    'name-constraint': reissue('from a CA whose name constraints permit its names'),
    'weak-signature': reissue('signed with SHA-256 or stronger'),
    'weak-key': reissue('for a key of 2048 bits RSA, or an elliptic curve'),
    revoked: reissue('for a new key: what was revoked must not be used again'),
    'revocation-unusable': (facts) => `give ${facts.judge} a CRL or OCSP response of ${facts.issuer} that is current`,
    'revocation-unknown': (facts) => `ask the OCSP responder of ${facts.issuer}; else reissue it; ${put(facts)}`,
    'bad-signature': (facts) =>
      `the certificate was altered, or another CA has the name ${facts.issuer}: ${put(facts)} as it was issued`,
    'unsupported-algorithm': reissue('with RSA, ECDSA or Ed25519'),
    'unknown-critical-extension': reissue('without that extension, or not marked critical'),
    policy: reissue('under a policy that is accepted'),
    malformed: (facts) => `replace ${file(facts)}: it is no certificate`,
    'search-limit': (facts) => `send fewer certificates: in ${file(facts)} the leaf and its intermediates`,
    'key-mismatch': (facts) =>
      facts.object.startsWith('Secret ')
        ? `put certificate and key that belong together into ${facts.object} (tls.crt, tls.key)`
        : `let ${facts.object} have the key of the certificate that it shows`,
  } satisfies Record<CertificateErrorCode, (facts: ChangeFacts) => string>,
  /** By the alert, where it is about what both sides are set to. `server`: `Pod default/web, annotation …`. */
  setting: {
    protocol_version: (server: string): string =>
      `let ${server} speak a version that the client offers (minVersion, maxVersion; an Ingress: ssl-protocols), or the client offer another (--tls-max)`,
    handshake_failure: (server: string): string =>
      `let ${server} have a cipher suite and a group that the client offers (suites, groups), fit for its certificate's key`,
    no_application_protocol: (server: string): string =>
      `let ${server} name a protocol that the client offers (alpn), or let the client offer http/1.1, or none`,
    unrecognized_name: (server: string): string =>
      `give ${server} a certificate for that name, or a route to who has one`,
    certificate_required: (server: string): string =>
      `give the client a certificate and key (--cert, --key; --cert cluster-ca) from a CA that ${server} trusts (clientCa), or ask for none (clientAuth=request)`,
  } as Readonly<Record<string, (server: string) => string>>,
  /** curl found that certificate and key are no pair, before it said hello. */
  wrongKey: (key: string, cert: string): string =>
    key === '' || cert.includes('secret/')
      ? `put certificate and key that belong together into ${cert} (tls.crt, tls.key)`
      : `give the key of ${cert}: openssl x509 -noout -pubkey -in ${cert} and openssl pkey -pubout -in ${key} print the same for a pair`,
  peerSpeaksNoTls:
    'ask for http:// instead: this port speaks no TLS; or ask the port where https is served (the targetPort of the Service)',
  peerBeginsNoTls: 'ask for https:// instead: this port speaks TLS and nothing else',
  /** A full packet that does not fit. */
  tooBig: (pods: number | null): string =>
    `let the pods' MTU fit the smallest link on the way${pods === null ? '' : `: ${pods} or less`} (CNI: flannel reads it off the node's device; here cluster.podMTU), or mend that link. A client without ML-KEM (--curves X25519) has a hello that fits, until the first large answer`,
  lost: 'look at that hop: the handshake itself has no fault',
  /** Puts a new certificate into a Secret. */
  replaceSecret: (namespace: string, name: string): string =>
    `kubectl -n ${namespace} create secret tls ${name} --cert=tls.crt --key=tls.key --dry-run=client -o yaml | kubectl apply -f -`,
  showSecret: (namespace: string, name: string): string =>
    `kubectl -n ${namespace} get secret ${name} -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout -subject -dates -ext subjectAltName`,
} as const
