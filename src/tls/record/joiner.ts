import { concat } from '../../util/bytes.ts'
import { TlsError } from '../alert.ts'
import { type Handshake, handshakeOf } from '../message/handshake.ts'
import { handshakeName } from '../numbers.ts'

const NOTHING = new Uint8Array(0)

/** Puts handshake messages together from records: several in one, or one over several (RFC 8446 5.1). */
export class Joiner {
  private bytes: Uint8Array = NOTHING

  constructor(private readonly limit: number) {}

  push(fragment: Uint8Array): void {
    this.bytes = this.bytes.length === 0 ? fragment.slice() : concat([this.bytes, fragment])
  }

  get empty(): boolean {
    return this.bytes.length === 0
  }

  /** The type of the message that has begun, known before all of it is here. */
  get type(): number | null {
    return this.bytes.length === 0 ? null : this.bytes[0]
  }

  next(): Handshake | null {
    const { bytes } = this
    if (bytes.length < 4) return null
    const length = (bytes[1] << 16) | (bytes[2] << 8) | bytes[3]
    if (length > this.limit) {
      const rule = `a ${handshakeName(bytes[0])} of ${length} bytes exceeds this endpoint's limit of ${this.limit}`
      throw new TlsError('illegal_parameter', rule, 'RFC 8446 4')
    }
    const { whole } = this
    if (whole !== null) this.bytes = bytes.subarray(4 + length)
    return whole
  }

  /** The message that has begun, once all of it is here; it stays. */
  get whole(): Handshake | null {
    const { bytes } = this
    if (bytes.length < 4) return null
    const end = 4 + ((bytes[1] << 16) | (bytes[2] << 8) | bytes[3])
    return bytes.length < end ? null : handshakeOf(bytes.subarray(0, end))
  }
}
