import { concat } from '../../util/bytes.ts'
import { Malformed } from '../../util/malformed.ts'
import { latin1 } from './head.ts'

const CR = 13
const LF = 10

/** What has come of a stream and is not read yet, taken in lines or in bytes. */
export class LineBuffer {
  /** Where the next byte, and the line taken last, lie in the stream. */
  offset = 0
  lineStart = 0
  private bytes: Uint8Array = new Uint8Array(0)

  get length(): number {
    return this.bytes.length
  }

  append(bytes: Uint8Array): void {
    this.bytes = this.bytes.length === 0 ? bytes : concat([this.bytes, bytes])
  }

  /** A view of the next `count` bytes, which must be there. */
  take(count: number): Uint8Array {
    const taken = this.bytes.subarray(0, count)
    this.bytes = this.bytes.subarray(count)
    this.offset += count
    return taken
  }

  /** The next line without its CRLF; null when it has not all come. Throws Malformed beyond `limit` bytes. */
  line(limit: number, field: string): string | null {
    const at = this.bytes.indexOf(LF)
    if ((at < 0 ? this.length : at) >= limit) this.fail(field, `at most ${limit} bytes`, 'more')
    if (at < 0) return null
    if (at === 0 || this.bytes[at - 1] !== CR) this.fail(field, 'CRLF at the end of a line', 'LF', at)
    this.lineStart = this.offset
    return latin1(this.take(at + 1).subarray(0, at - 1))
  }

  /** Takes a CRLF. False when it has not all come. */
  lineEnd(field: string): boolean {
    if (this.length < 2) return false
    const found = this.bytes.subarray(0, 2)
    if (found[0] !== CR || found[1] !== LF) this.fail(field, 'CRLF', JSON.stringify(latin1(found)))
    this.take(2)
    return true
  }

  fail(field: string, expected: string, got: string, at = 0): never {
    throw new Malformed('http', field, expected, got, this.offset + at)
  }
}
