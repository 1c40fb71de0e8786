import { i32, u16 } from '../../../wire/fast/bytes.ts'
import {
  ACK,
  acknowledgment,
  FIN,
  flags,
  headerLength,
  RST,
  SYN,
  sequence,
  TCP,
  window,
} from '../../../wire/fast/tcp.ts'
import { KIND } from './options.ts'
import { plus } from './sequence.ts'

/** A segment that arrived, read once: RFC 9293's SEG.SEQ, SEG.ACK, SEG.LEN, SEG.WND and options. */
export class Segment {
  readonly seq: number
  readonly ack: number
  readonly flags: number
  /** As it stands in the header, not yet scaled. */
  readonly window: number
  /** Where the data lies in `bytes`. */
  dataStart: number
  dataEnd: number
  /** 0: none given. */
  mss = 0
  /** -1: none given. */
  windowScale = -1
  sackPermitted = false
  timestamps = false
  tsValue = 0
  tsEcho = 0
  /** Left and right edges in turn. */
  sack: number[] | null = null

  /** The header has been found whole (`fault`). */
  constructor(
    readonly bytes: Uint8Array,
    t: number,
    end: number,
  ) {
    this.seq = sequence(bytes, t)
    this.ack = acknowledgment(bytes, t)
    this.flags = flags(bytes, t)
    this.window = window(bytes, t)
    this.dataStart = t + headerLength(bytes, t)
    this.dataEnd = end
    if (this.dataStart > t + TCP) this.readOptions(t + TCP, this.dataStart)
  }

  has(bits: number): boolean {
    return (this.flags & bits) === bits
  }

  get isSyn(): boolean {
    return (this.flags & (SYN | ACK | RST | FIN)) === SYN
  }

  get dataLength(): number {
    return this.dataEnd - this.dataStart
  }

  /** SEG.LEN: SYN and FIN count. */
  get length(): number {
    return this.dataLength + (this.flags & SYN ? 1 : 0) + (this.flags & FIN ? 1 : 0)
  }

  /** The sequence number after the segment. */
  get end(): number {
    return plus(this.seq, this.length)
  }

  /** Lengths that lie are skipped, as `tcp_parse_options` does: the rest of the options is not read. */
  private readOptions(start: number, end: number): void {
    const b = this.bytes
    for (let at = start; at < end; ) {
      const kind = b[at]
      if (kind === KIND.end) return
      if (kind === KIND.nop) {
        at++
        continue
      }
      const length = at + 1 < end ? b[at + 1] : 0
      if (length < 2 || at + length > end) return
      this.readOption(kind, at, length)
      at += length
    }
  }

  private readOption(kind: number, at: number, length: number): void {
    const b = this.bytes
    if (kind === KIND.timestamps && length === 10) {
      this.timestamps = true
      this.tsValue = i32(b, at + 2)
      this.tsEcho = i32(b, at + 6)
    } else if (kind === KIND.sack && length >= 10 && (length - 2) % 8 === 0) {
      this.sack = []
      for (let i = at + 2; i < at + length; i += 4) this.sack.push(i32(b, i))
    } else if ((this.flags & SYN) === 0) {
      return
    } else if (kind === KIND.mss && length === 4) this.mss = u16(b, at + 2)
    else if (kind === KIND.windowScale && length === 3) this.windowScale = Math.min(b[at + 2], 14)
    else if (kind === KIND.sackPermitted && length === 2) this.sackPermitted = true
  }
}
