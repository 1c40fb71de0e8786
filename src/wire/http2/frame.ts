import { concat, utf8 } from '../../util/bytes.ts'
import { Malformed } from '../../util/malformed.ts'

/** RFC 9113 3.4: what a client says first. */
export const PREFACE = utf8('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** RFC 9113 6. */
export const FRAME = { data: 0x0, headers: 0x1, rstStream: 0x3, settings: 0x4, ping: 0x6, goAway: 0x7 } as const
export const FLAG = { endStream: 0x1, ack: 0x1, endHeaders: 0x4 } as const

/** SETTINGS_MAX_FRAME_SIZE, unless told otherwise. */
const MAX_SIZE = 16_384

export interface Http2Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Uint8Array
}

/** Nine octets of header: length, type, flags, stream (RFC 9113 4.1). */
export function encodeFrame({ type, flags, stream, payload }: Http2Frame): Uint8Array {
  const { length } = payload
  const head = [length >> 16, (length >> 8) & 0xff, length & 0xff, type, flags]
  const id = [(stream >>> 24) & 0x7f, (stream >> 16) & 0xff, (stream >> 8) & 0xff, stream & 0xff]
  return concat([Uint8Array.from([...head, ...id]), payload])
}

/** Takes bytes as they come, and gives the frames that are whole. Throws Malformed for one that is too large. */
export class FrameReader {
  private rest = new Uint8Array(0)

  push(bytes: Uint8Array): Http2Frame[] {
    let all = concat([this.rest, bytes])
    const frames: Http2Frame[] = []
    while (all.length >= 9) {
      const length = (all[0] << 16) | (all[1] << 8) | all[2]
      if (length > MAX_SIZE) throw new Malformed('http2', 'length', `at most ${MAX_SIZE}`, length, 0)
      if (all.length < 9 + length) break
      const stream = ((all[5] & 0x7f) << 24) | (all[6] << 16) | (all[7] << 8) | all[8]
      frames.push({ type: all[3], flags: all[4], stream, payload: all.subarray(9, 9 + length) })
      all = all.subarray(9 + length)
    }
    this.rest = Uint8Array.from(all)
    return frames
  }
}
