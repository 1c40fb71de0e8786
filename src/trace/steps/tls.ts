export type TlsRole = 'client' | 'server'
export type TlsDirection = 'sent' | 'received'
/** Bytes in lower-case hexadecimal. */
export type Hex = string

/** Which end of which connection; the number is the endpoint's own, given when it was made. */
export interface TlsEndpoint {
  readonly role: TlsRole
  readonly connection: number
}

/** Whose keys protect a record: none, or the secret of that name in the key schedule. */
export type TlsEpoch = 'plaintext' | 'early data' | 'handshake' | 'application' | 'TLS 1.2'

/** A field of a message. `offset` counts from the message's first byte, its four-byte header included. */
export interface TlsField {
  /** The structure it belongs to, in RFC names: `ClientHello`, `key_share`. */
  readonly of: string
  readonly field: string
  readonly offset: number
  readonly length: number
  readonly value: number | string
  /** What the number stands for: `TLS_AES_128_GCM_SHA256`. */
  readonly name?: string
}

/** A candidate that lost, and why. */
export interface TlsRejected {
  readonly candidate: string
  readonly reason: string
}

/** What one side knew when something went wrong. */
export interface TlsKnown {
  readonly side: TlsRole
  readonly fact: string
}

export type TlsSubject =
  | 'version'
  | 'cipher suite'
  | 'group'
  | 'signature scheme'
  | 'certificate'
  | 'application protocol'
  | 'pre-shared key'
  | 'session'
  | 'early data'

/** What a TLS endpoint does. Secrets are null unless the endpoint was told to show them. */
export type TlsEvent = TlsEndpoint &
  (
    | { readonly kind: 'tls-state'; readonly from: string; readonly to: string }
    /** A record crossed the wire; for a protected one, how its bytes came from the inner plaintext. */
    | {
        readonly kind: 'tls-record'
        readonly direction: TlsDirection
        readonly contentType: string
        readonly version: number
        /** Bytes after the five-byte header. */
        readonly length: number
        readonly epoch: TlsEpoch
        readonly protection: TlsProtection | null
      }
    | {
        readonly kind: 'tls-message'
        readonly direction: TlsDirection
        readonly epoch: TlsEpoch
        readonly message: string
        readonly bytes: Hex
        readonly fields: readonly TlsField[]
      }
    /** One decision: what was offered, what this side supports, what was taken, and why not each of the others. */
    | {
        readonly kind: 'tls-negotiation'
        readonly subject: TlsSubject
        readonly offered: readonly string[]
        readonly supported: readonly string[]
        readonly chosen: string | null
        readonly why: string
        readonly rejected: readonly TlsRejected[]
      }
    /** One step of a key schedule: `output` = operation(inputs). */
    | {
        readonly kind: 'tls-derivation'
        readonly operation: 'HKDF-Extract' | 'HKDF-Expand-Label' | 'PRF' | 'HMAC' | 'key agreement'
        readonly output: string
        readonly label: string
        /** Names and values of what went in. */
        readonly inputs: readonly { readonly name: string; readonly value: Hex | null }[]
        readonly length: number
        readonly value: Hex | null
      }
    | { readonly kind: 'tls-transcript'; readonly after: string; readonly algorithm: string; readonly hash: Hex }
    /** A proof was checked: a signature over the transcript, a Finished, a PSK binder. */
    | {
        readonly kind: 'tls-verification'
        readonly what: 'CertificateVerify' | 'ServerKeyExchange' | 'Finished' | 'binder'
        readonly by: TlsRole
        readonly ok: boolean
        readonly detail: string
      }
    | {
        readonly kind: 'tls-alert'
        readonly direction: TlsDirection
        readonly level: 'warning' | 'fatal'
        readonly description: string
        readonly code: number
        /** The rule that was broken, or what an alert received means. */
        readonly rule: string
        readonly rfc: string
        readonly knew: readonly TlsKnown[]
      }
    /** Something worth telling that changed nothing: an ignored extension, a record skipped. */
    | { readonly kind: 'tls-note'; readonly text: string }
  )

/** How one record was sealed or opened. */
export interface TlsProtection {
  readonly algorithm: string
  /** Sequence number under these keys. */
  readonly sequence: number
  readonly nonce: Hex
  readonly additionalData: Hex
  /** The type inside (TLS 1.3 hides it, RFC 8446 5.2). */
  readonly innerType: string
  /** Bytes: content, then padding, then what the cipher adds (tag, MAC, explicit nonce). */
  readonly content: number
  readonly padding: number
  readonly overhead: number
}
