/** What is wrong with a certificate path. Each code has one meaning; `rfc` in the error says which rule. */
export type CertificateErrorCode =
  /** The time of judgement is after notAfter. */
  | 'expired'
  | 'not-yet-valid'
  /** No name in the leaf matches the name that was asked for. */
  | 'name-mismatch'
  /** The path ends below a name that no trusted certificate has. */
  | 'unknown-ca'
  /** As `unknown-ca`, and a certificate that was not sent, but is known, would complete the path. */
  | 'missing-intermediate'
  /** The leaf signed itself and is not trusted. */
  | 'self-signed'
  /** An issuer without basicConstraints CA:TRUE, or of version 1. */
  | 'not-a-ca'
  | 'path-length'
  /** extKeyUsage forbids the purpose. */
  | 'wrong-purpose'
  /** keyUsage forbids what the key was used for. */
  | 'key-usage'
  | 'name-constraint'
  /** MD5 or SHA-1, refused by policy. */
  | 'weak-signature'
  /** An RSA key below the policy's size. */
  | 'weak-key'
  | 'revoked'
  /** A CRL or OCSP response was given and cannot be relied on: out of date, or not signed by who may. */
  | 'revocation-unusable'
  /** An OCSP responder that does not know the certificate. */
  | 'revocation-unknown'
  /** The issuer's name and key identifier fit, and the signature does not verify. */
  | 'bad-signature'
  | 'unsupported-algorithm'
  | 'unknown-critical-extension'
  /** An explicit policy is required and none is valid for the path. */
  | 'policy'
  /** A rule of RFC 5280 section 4 that does not stop a path from being built, such as an empty issuer. */
  | 'malformed'
  /** The search gave up: too many signatures tried. */
  | 'search-limit'
  /** The private key is not the certificate's. */
  | 'key-mismatch'

export interface CertificateError {
  readonly code: CertificateErrorCode
  /** Of the certificate at fault in the path: 0 is the leaf. */
  readonly depth: number
  /** `RFC 5280 6.1.3(a)(2)`. */
  readonly rfc: string
  /** One sentence without a full stop: what was expected, what was found. */
  readonly detail: string
}

/** A certificate, as much as a report shows. */
export interface CertificateLabel {
  /** RFC 4514. */
  readonly subject: string
  readonly issuer: string
  /** Lower-case hex. */
  readonly serial: string
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string
  /** `ECDSA P-256`. */
  readonly key: string
}

/** Why a certificate cannot stand above another in a path; none of them is an error by itself while others are left. */
export type RejectReason =
  | 'signature'
  | 'algorithm'
  /** It stands in the path already (RFC 4158 section 2.4.1). */
  | 'loop'
  | 'too-deep'
  | 'search-limit'

export type CertificateCheck =
  | 'name'
  | 'signature'
  | 'validity'
  | 'revocation'
  | 'basic-constraints'
  | 'path-length'
  | 'key-usage'
  | 'purpose'
  | 'name-constraints'
  | 'policy'
  | 'algorithm'
  | 'extensions'

/** How a key identifier spoke for or against a candidate. It orders the search and decides nothing (RFC 4158 3.5.12). */
export type KeyIdHint = 'match' | 'mismatch' | 'absent'

export type CertificateSearchStep =
  /** A certificate with the issuer's name was looked at. `depth` is that of the certificate below it. */
  | {
      readonly kind: 'cert-candidate'
      readonly depth: number
      readonly below: string
      readonly candidate: CertificateLabel
      readonly from: 'roots' | 'chain' | 'known'
      readonly keyId: KeyIdHint
      readonly outcome: 'taken' | 'rejected'
      readonly reason?: RejectReason
      readonly detail?: string
    }
  /** Nobody with the issuer's name is left to try. */
  | { readonly kind: 'cert-dead-end'; readonly depth: number; readonly below: string; readonly issuer: string }
  /** A rule applied to one certificate of a complete path (or, with no complete path, of the longest that there is). */
  | {
      readonly kind: 'cert-check'
      readonly depth: number
      readonly subject: string
      readonly check: CertificateCheck
      readonly ok: boolean
      readonly rfc: string
      readonly detail: string
      readonly code?: CertificateErrorCode
      /** It holds because there was nothing to judge: no limit, no constraint. */
      readonly vacuous?: true
    }
  /** A path was judged whole; the search goes on while it has errors. Leaf first. */
  | {
      readonly kind: 'cert-path'
      readonly path: readonly string[]
      readonly complete: boolean
      readonly ok: boolean
      readonly errors: readonly CertificateErrorCode[]
    }

/** What the judge of certificates does, in order. */
export type CertificateEvent =
  | {
      readonly kind: 'cert-judge'
      readonly leaf: CertificateLabel
      readonly purpose: 'server' | 'client'
      /** The name asked for; null when none was. */
      readonly name: string | null
      /** RFC 3339. */
      readonly at: string
      readonly roots: number
      readonly intermediates: number
    }
  | CertificateSearchStep
  | {
      readonly kind: 'cert-verdict'
      readonly ok: boolean
      readonly path: readonly string[]
      readonly errors: readonly CertificateError[]
    }

/** The judgement as it is printed and as JSON: a stable contract. */
export interface CertificateVerdict {
  readonly ok: boolean
  /** Subjects, leaf first, the trust anchor last. Absent when no path reaches a trusted certificate. */
  readonly path?: readonly string[]
  /** Of the best path: the one with the fewest errors, the first of equals. Empty when `ok`. */
  readonly errors: readonly CertificateError[]
  readonly search: readonly CertificateSearchStep[]
}
