import type { TlsEpoch, TlsRole } from '../../trace/steps/tls.ts'
import { TlsError } from '../alert.ts'
import type { Opened, Protection } from '../cipher/protection.ts'
import { CONTENT, contentName } from '../numbers.ts'
import { Deframer, type RawRecord } from './deframer.ts'

/** A record with its protection taken off. */
export interface InputRecord {
  readonly raw: RawRecord
  readonly type: number
  readonly content: Uint8Array
  readonly epoch: TlsEpoch
  readonly sequence: number
  /** Null for plaintext. */
  readonly opened: Opened | null
}

const MAX_PLAIN = 2 ** 14

/** The reading half of the record layer: frames, opens, and keeps to the sizes of RFC 8446 5 and RFC 8449. */
export class RecordInput {
  readonly deframer = new Deframer()
  private sequence = 0
  protection: Protection | null = null
  epoch: TlsEpoch = 'plaintext'
  /** Our record_size_limit: what the peer must keep to, its inner type byte included in TLS 1.3. */
  sizeLimit = MAX_PLAIN + 1
  /** Bytes of undecryptable early data still to be passed over (RFC 8446 4.2.10); 0 most of the time. */
  skip = 0
  /** The client has answered under handshake keys. */
  private answered = false

  /** `from` whom the records are. */
  constructor(private readonly from: TlsRole) {}

  /** Rekeys; the sequence starts over. */
  protect(protection: Protection, epoch: TlsEpoch): void {
    this.protection = protection
    this.epoch = epoch
    this.sequence = 0
  }

  /** The next record, `skipped` for one of rejected early data, null when no whole one is there. Throws `TlsError`. */
  next(): InputRecord | 'skipped' | null {
    const protectedAhead = this.skip > 0 && this.deframer.type === CONTENT.applicationData
    const raw = this.deframer.next(this.protection?.version ?? (protectedAhead ? 'TLS 1.3' : 'plaintext'))
    if (raw === null) return null
    if (this.protection === null) {
      if (this.skip > 0 && raw.type === CONTENT.applicationData) return this.skipped(raw)
      return this.plain(raw)
    }
    if (this.protection.version === 'TLS 1.3') {
      if (raw.type === CONTENT.changeCipherSpec) return this.plain(raw)
      if (raw.type === CONTENT.alert && this.takesPlainAlerts) return this.plain(raw)
      if (raw.type !== CONTENT.applicationData) {
        const rule = `protected records look like application_data, this one says ${contentName(raw.type)}`
        throw new TlsError('unexpected_message', rule, 'RFC 8446 5.2')
      }
    }
    return this.unprotect(raw, this.protection)
  }

  /**
   * RFC 8446 A.1: a client may send alerts on what follows the ServerHello in the clear, or under the keys of early data. A
   * server has its handshake keys from the ServerHello on (A.2), and nobody but an attacker would write without.
   */
  private get takesPlainAlerts(): boolean {
    return this.from === 'client' && !this.answered
  }

  private plain(raw: RawRecord): InputRecord {
    return { raw, type: raw.type, content: raw.payload, epoch: 'plaintext', sequence: 0, opened: null }
  }

  private skipped(raw: RawRecord): 'skipped' {
    this.skip -= raw.payload.length
    if (this.skip < 0) {
      const rule = 'rejected early data goes on for longer than max_early_data_size allows'
      throw new TlsError('unexpected_message', rule, 'RFC 8446 4.2.10')
    }
    return 'skipped'
  }

  private unprotect(raw: RawRecord, protection: Protection): InputRecord | 'skipped' {
    const opened = protection.open(this.sequence, raw.type, raw.version, raw.payload)
    if (opened === null) {
      if (this.skip > 0) return this.skipped(raw)
      const rule = `a record must authenticate under ${protection.algorithm}: this one was altered, or sealed with other keys`
      throw new TlsError('bad_record_mac', rule, protection.version === 'TLS 1.3' ? 'RFC 8446 5.2' : 'RFC 5246 7.2.2')
    }
    this.skip = 0
    if (this.epoch !== 'early data') this.answered = true
    const sequence = this.sequence++
    this.checkSize(opened, protection)
    return { raw, type: opened.type, content: opened.content, epoch: this.epoch, sequence, opened }
  }

  private checkSize(opened: Opened, { version }: Protection): void {
    const { type, content, padding } = opened
    if (type === 0) {
      throw new TlsError(
        'unexpected_message',
        'a protected record has a content type: this one is all zeros',
        'RFC 8446 5.4',
      )
    }
    const size = version === 'TLS 1.3' ? content.length + 1 + padding : content.length
    const limit = version === 'TLS 1.3' ? this.sizeLimit : Math.min(this.sizeLimit, MAX_PLAIN)
    if (size > limit) {
      const rule = `a record's plaintext is at most ${limit} bytes here, this one has ${size}`
      throw new TlsError('record_overflow', rule, limit > MAX_PLAIN ? 'RFC 8446 5.4' : 'RFC 8449 4')
    }
  }
}
