import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../util/bytes.ts'
import { Malformed } from '../../util/malformed.ts'
import { encodeFrame, FLAG, FRAME, FrameReader } from './frame.ts'
import { decodeHeaders, encodeHeaders } from './hpack.ts'

const hex = (text: string): Uint8Array => fromHex(text.replaceAll(' ', ''))

describe('HPACK', () => {
  // RFC 7541 Appendix C.2: no Huffman coding.
  it.each([
    ['C.2.1', '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', 'custom-key', 'custom-header'],
    ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', ':path', '/sample/path'],
    ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', 'password', 'secret'],
    ['C.2.4', '82', ':method', 'GET'],
  ])('reads RFC 7541 %s', (_section, bytes, name, value) => {
    expect(decodeHeaders(hex(bytes))).toEqual([[name, value]])
  })

  it('writes C.2.2 and C.2.4 as the RFC does', () => {
    expect(toHex(encodeHeaders([[':path', '/sample/path']]))).toBe('040c2f73616d706c652f70617468')
    expect(toHex(encodeHeaders([[':method', 'GET']]))).toBe('82')
  })

  it('reads back what it writes, and numbers that need more than one octet', () => {
    const headers = [
      ...([
        [':method', 'POST'],
        [':status', '500'],
        ['www-authenticate', 'x'],
        ['te', 'trailers'],
      ] as const),
      ['x'.repeat(127), 'y'.repeat(1337)] as const,
      ['empty', ''] as const,
    ]
    expect(decodeHeaders(encodeHeaders(headers))).toEqual(headers)
    // C.1.2: 1337 with a prefix of five bits is 1f 9a 0a; with seven, as the length of a string, 7f ba 09.
    expect(toHex(encodeHeaders([['a', 'y'.repeat(1337)]])).slice(0, 12)).toBe('0001617fba09')
  })

  it('refuses every block that ends early, Huffman codes, and entries that nobody has made', () => {
    const whole = hex('040c 2f73 616d 706c 652f 7061 7468')
    for (let length = 1; length < whole.length; length++)
      expect(() => decodeHeaders(whole.subarray(0, length))).toThrow(Malformed)
    expect(() => decodeHeaders(hex('0489 6251 f731 0f52 e621 ff'))).toThrow(/no Huffman code/)
    expect(() => decodeHeaders(hex('be'))).toThrow(/index/)
    expect(() => decodeHeaders(hex('80'))).toThrow(/index/)
  })
})

describe('frames of HTTP/2', () => {
  it('have nine octets before them (RFC 9113 4.1), and come whole however they were cut', () => {
    const frames = [
      { type: FRAME.settings, flags: 0, stream: 0, payload: new Uint8Array(0) },
      { type: FRAME.data, flags: FLAG.endStream, stream: 0x7ffffff1, payload: new Uint8Array(300).fill(7) },
    ]
    const bytes = frames.map(encodeFrame)
    expect(toHex(bytes[0])).toBe('000000040000000000')
    expect(toHex(bytes[1].subarray(0, 9))).toBe('00012c00017ffffff1')
    const all = new Uint8Array([...bytes[0], ...bytes[1]])
    for (const size of [1, 7, 8, 9, 10, 400]) {
      const reader = new FrameReader()
      const got = []
      for (let at = 0; at < all.length; at += size) got.push(...reader.push(all.subarray(at, at + size)))
      expect(got).toEqual(frames)
    }
  })

  it('of more than 16,384 octets are refused', () => {
    expect(() => new FrameReader().push(hex('004001 00 00 00000001'))).toThrow(Malformed)
  })
})
