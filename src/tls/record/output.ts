import type { TlsEpoch } from '../../trace/steps/tls.ts'
import type { Protection, Sealed } from '../cipher/protection.ts'
import { CONTENT } from '../numbers.ts'

/** One record as it was made. */
export interface OutputRecord {
  readonly bytes: Uint8Array
  readonly type: number
  readonly outerType: number
  readonly version: number
  readonly content: Uint8Array
  readonly padding: number
  readonly epoch: TlsEpoch
  readonly sequence: number
  readonly algorithm: string | null
  readonly sealed: Sealed | null
}

const HEADER = 5
const MAX_PLAIN = 2 ** 14

/** The writing half of the record layer: fragments, pads, seals. */
export class RecordOutput {
  protection: Protection | null = null
  epoch: TlsEpoch = 'plaintext'
  sequence = 0
  /** The peer's record_size_limit; in TLS 1.3 the inner type byte counts. */
  sizeLimit = MAX_PLAIN + 1
  /** legacy_record_version of plaintext records: 0x0301 for a first ClientHello (RFC 8446 5.1). */
  version = 0x0303

  /** TLS 1.3 records are padded to a multiple of this many bytes of inner plaintext. */
  constructor(private readonly paddingUnit: number) {}

  protect(protection: Protection, epoch: TlsEpoch): void {
    this.protection = protection
    this.epoch = epoch
    this.sequence = 0
  }

  /** Back to plaintext: a second ClientHello after early data was offered (RFC 8446 4.2.10). */
  unprotect(): void {
    this.protection = null
    this.epoch = 'plaintext'
  }

  /** The keys are nearly used up (RFC 8446 5.5). */
  get exhausted(): boolean {
    return this.protection !== null && this.sequence >= this.protection.limit
  }

  /** Records for `content`, at least one. */
  records(type: number, content: Uint8Array): OutputRecord[] {
    const inner = this.protection?.version === 'TLS 1.3' ? 1 : 0
    const size = this.protection === null ? MAX_PLAIN : Math.min(MAX_PLAIN, this.sizeLimit - inner)
    const all: OutputRecord[] = []
    for (let at = 0; at === 0 || at < content.length; at += size) {
      all.push(this.record(type, content.length <= size ? content : content.subarray(at, at + size), size))
    }
    return all
  }

  private record(type: number, content: Uint8Array, size: number): OutputRecord {
    const { protection, version, epoch, sequence } = this
    if (protection === null) {
      const bytes = framed(type, version, content)
      const none = { epoch, sequence: 0, algorithm: null, sealed: null }
      return { bytes, type, outerType: type, version, content, padding: 0, ...none }
    }
    const hidden = protection.version === 'TLS 1.3'
    const padding = hidden ? this.padding(content.length, size) : 0
    const outerType = hidden ? CONTENT.applicationData : type
    const sealed = protection.seal(sequence, type, content, padding)
    this.sequence++
    const bytes = framed(outerType, 0x0303, sealed.payload)
    const { algorithm } = protection
    return { bytes, type, outerType, version: 0x0303, content, padding, epoch, sequence, algorithm, sealed }
  }

  private padding(length: number, size: number): number {
    if (this.paddingUnit < 2) return 0
    const over = (length + 1) % this.paddingUnit
    return over === 0 ? 0 : Math.min(this.paddingUnit - over, size - length)
  }
}

function framed(type: number, version: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER + payload.length)
  bytes[0] = type
  bytes[1] = version >>> 8
  bytes[2] = version
  bytes[3] = payload.length >>> 8
  bytes[4] = payload.length
  bytes.set(payload, HEADER)
  return bytes
}
