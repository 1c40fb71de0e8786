import { concat } from '../../util/bytes.ts'
import { TlsError } from '../alert.ts'
import { CONTENT, versionName } from '../numbers.ts'

export interface RawRecord {
  readonly type: number
  readonly version: number
  readonly payload: Uint8Array
}

/** The rule that is broken by text where a record should be. */
export const PLAIN_HTTP = 'the peer speaks plain HTTP, not TLS: the first bytes are text, not a record'

const HEADER = 5
const NOTHING = new Uint8Array(0)
/** Most that a record may hold on the wire: 2^14 and what protection adds (RFC 8446 5.2, RFC 5246 6.2.3). */
const MAX_WIRE = { 'TLS 1.3': 2 ** 14 + 256, 'TLS 1.2': 2 ** 14 + 2048, plaintext: 2 ** 14 } as const

/** Cuts a byte stream into records. Fragments may come in any size. */
export class Deframer {
  private bytes: Uint8Array = NOTHING
  private at = 0
  private first = true
  /** Whether `bytes` is a buffer of our own; whoever gave us a chunk may use it again. */
  private owned = false

  /** Whole records are views on `chunk`; what is left of it is copied. */
  push(chunk: Uint8Array): void {
    this.owned = this.at < this.bytes.length
    this.bytes = this.owned ? concat([this.bytes.subarray(this.at), chunk]) : chunk
    this.at = 0
  }

  /** Bytes that belong to a record not yet complete. */
  get pending(): number {
    return this.bytes.length - this.at
  }

  /** The type of the record that has begun, if one has. */
  get type(): number | undefined {
    return this.bytes[this.at]
  }

  /** The next whole record; null when there is none yet. Throws `TlsError`. */
  next(limit: keyof typeof MAX_WIRE): RawRecord | null {
    const { bytes, at } = this
    if (this.first && bytes.length > at) this.checkFirst()
    if (bytes.length - at < HEADER) return this.wait()
    const type = bytes[at]
    const version = (bytes[at + 1] << 8) | bytes[at + 2]
    const length = (bytes[at + 3] << 8) | bytes[at + 4]
    if (type < CONTENT.changeCipherSpec || type > CONTENT.applicationData) {
      throw new TlsError(
        'unexpected_message',
        `a record has one of the content types 20 to 23, not ${type}`,
        'RFC 8446 5',
      )
    }
    if (version >>> 8 !== 3) {
      const rule = `a record's version starts with 3, not ${version >>> 8}`
      throw new TlsError('protocol_version', rule, 'RFC 8446 5.1')
    }
    if (length > MAX_WIRE[limit]) {
      const rule = `a record holds at most ${MAX_WIRE[limit]} bytes here, this one says ${length}`
      throw new TlsError('record_overflow', rule, limit === 'plaintext' ? 'RFC 8446 5.1' : 'RFC 8446 5.2')
    }
    if (bytes.length - at < HEADER + length) return this.wait()
    this.at = at + HEADER + length
    this.first = false
    return { type, version, payload: bytes.subarray(at + HEADER, this.at) }
  }

  private wait(): null {
    if (!this.owned) {
      this.bytes = this.bytes.slice(this.at)
      this.at = 0
      this.owned = true
    }
    return null
  }

  /** What people send to a TLS port by mistake or out of the past deserves a better word than "bad content type". */
  private checkFirst(): void {
    const { bytes, at } = this
    const start = Buffer.from(bytes.subarray(at, at + 8)).toString('latin1')
    if (/^(GET|POST|HEAD|PUT|OPTI|CONN|PATC|DELE|HTTP)/.test(start)) {
      throw new TlsError('unexpected_message', PLAIN_HTTP, 'RFC 8446 5.1')
    }
    // msg_type CLIENT-HELLO after a two-byte length with the highest bit set (RFC 5246 E.2).
    if (bytes.length - at >= 5 && (bytes[at] & 0x80) !== 0 && bytes[at + 2] === 1) {
      const version = versionName((bytes[at + 3] << 8) | bytes[at + 4])
      const rule = `a ClientHello in SSL 2.0 format (asking for ${version}) is refused`
      throw new TlsError('protocol_version', rule, 'RFC 8446 D.5')
    }
  }
}
