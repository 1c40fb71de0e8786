import { put16, put32 } from '../../../wire/fast/bytes.ts'

/** Option kinds (IANA; RFC 9293 3.1, RFC 7323, RFC 2018). */
export const KIND = { end: 0, nop: 1, mss: 2, windowScale: 3, sackPermitted: 4, sack: 5, timestamps: 8 } as const

export const TIMESTAMPS_LENGTH = 12

/** Options being written, for one segment at a time: `writeTcp` copies them. */
export class OptionWriter {
  readonly bytes = new Uint8Array(40)
  length = 0

  clear(): this {
    this.length = 0
    return this
  }

  /**
   * The options of a SYN as Linux lays them out (`tcp_options_write`): MSS, SACK permitted in the padding of the timestamps,
   * NOP and window scale.
   */
  syn(mss: number, sack: boolean, timestamps: boolean, value: number, echo: number, windowScale: number): this {
    this.option(KIND.mss, 4)
    put16(this.bytes, this.length - 2, mss)
    if (timestamps) {
      if (sack) this.option(KIND.sackPermitted, 2)
      else this.nops(2)
      this.timestampValues(value, echo)
    } else if (sack) {
      this.nops(2).option(KIND.sackPermitted, 2)
    }
    if (windowScale >= 0) {
      this.nops(1).option(KIND.windowScale, 3)
      this.bytes[this.length - 1] = windowScale
    }
    return this
  }

  timestamps(value: number, echo: number): this {
    return this.nops(2).timestampValues(value, echo)
  }

  /** Pairs of edges, as many as fit. */
  sack(edges: readonly number[]): this {
    const room = Math.floor((this.bytes.length - this.length - 4) / 8)
    const count = Math.min(room, edges.length >> 1)
    if (count <= 0) return this
    this.nops(2).option(KIND.sack, 2 + 8 * count)
    const at = this.length - 8 * count
    for (let i = 0; i < 2 * count; i++) put32(this.bytes, at + 4 * i, edges[i])
    return this
  }

  private timestampValues(value: number, echo: number): this {
    this.option(KIND.timestamps, 10)
    put32(this.bytes, this.length - 8, value)
    put32(this.bytes, this.length - 4, echo)
    return this
  }

  private option(kind: number, length: number): this {
    this.bytes[this.length] = kind
    this.bytes[this.length + 1] = length
    this.length += length
    return this
  }

  private nops(count: number): this {
    for (let i = 0; i < count; i++) this.bytes[this.length++] = KIND.nop
    return this
  }
}
