/** A record's payload taken out of its protection, or put into it. */
export interface Sealed {
  /** The wire bytes after the record header. */
  readonly payload: Uint8Array
  readonly nonce: Uint8Array
  readonly additionalData: Uint8Array
}

export interface Opened {
  readonly type: number
  readonly content: Uint8Array
  readonly padding: number
  readonly nonce: Uint8Array
  readonly additionalData: Uint8Array
}

/** One direction's record protection under one set of keys. Sequence numbers are the caller's. */
export interface Protection {
  readonly algorithm: string
  /** RFC 8446 hides the type inside; TLS 1.2 does not. */
  readonly version: 'TLS 1.2' | 'TLS 1.3'
  /** Bytes that protecting adds, at the least, besides padding. */
  readonly overhead: number
  /** Records after which these keys must not be used any more (RFC 8446 5.5). */
  readonly limit: number
  seal(sequence: number, type: number, content: Uint8Array, padding: number): Sealed
  /** Null when the record does not authenticate; nothing more is said of why. */
  open(sequence: number, type: number, version: number, payload: Uint8Array): Opened | null
}

/** Sequence number, big-endian in 64 bits, exclusive-or'ed into the static iv (RFC 8446 5.3, RFC 7905 2). */
export function nonceOf(iv: Uint8Array, sequence: number): Uint8Array {
  const nonce = iv.slice()
  let rest = sequence
  for (let i = nonce.length - 1; rest > 0; i--) {
    nonce[i] ^= rest & 0xff
    rest = Math.floor(rest / 256)
  }
  return nonce
}

/** seq_num + type + version + length: what TLS 1.2 authenticates beside the content (RFC 5246 6.2.3.1, 6.2.3.3). */
export function additionalData12(sequence: number, type: number, version: number, length: number): Uint8Array {
  const out = new Uint8Array(13)
  new DataView(out.buffer).setBigUint64(0, BigInt(sequence))
  out[8] = type
  out[9] = version >>> 8
  out[10] = version
  out[11] = length >>> 8
  out[12] = length
  return out
}
