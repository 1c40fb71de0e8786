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

  next(): Handshake | null {
    const { bytes } = this
    if (bytes.length < 4) return null
    const length = (bytes[1] << 16) | (bytes[2] << 8) | bytes[3]
    if (length > this.limit) {
      const rule = `a ${handshakeName(bytes[0])} of ${length} bytes exceeds this endpoint's limit of ${this.limit}`
      throw new TlsError('illegal_parameter', rule, 'RFC 8446 4')
    }
    if (bytes.length < 4 + length) return null
    this.bytes = bytes.subarray(4 + length)
    return handshakeOf(bytes.subarray(0, 4 + length))
  }
}
