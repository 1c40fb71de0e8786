import { describe, expect, test } from 'vitest'
import { codecLaws } from '../../test/support/codec-laws.ts'
import { linuxFrame } from '../../test/support/vectors.ts'
import { udps } from '../../test/support/wire.ts'
import { v4, v6 } from '../util/address.ts'
import { decode, encode, fromHex, text, toHex } from '../util/bytes.ts'
import { udp, udpBetween } from './udp.ts'

codecLaws(udp, udps)
codecLaws(udpBetween(v4('10.0.0.1'), v4('10.0.0.2')), udps)

test.each([
  ['udp', 34, v4('10.244.1.2'), v4('10.244.2.2')],
  ['udp-v6', 54, v6('fd00:10:244:1::2'), v6('fd00:10:244:2::2')],
] as const)('%s of Linux, checksum and all', (name, start, source, destination) => {
  const bytes = linuxFrame(name).subarray(start)
  const value = decode(udp, bytes)
  expect(value.destinationPort).toBe(9999)
  expect(text(value.payload)).toBe('hello')
  expect(encode(udpBetween(source, destination), value)).toEqual(bytes)
})

test('without addresses the checksum is none', () => {
  expect(toHex(encode(udp, { sourcePort: 1, destinationPort: 2, payload: fromHex('ff') }))).toBe(
    '000100020009' + '0000ff',
  )
})

test('RFC 768: a checksum that computes to zero is written as all ones', () => {
  // 10.0.0.1 + 10.0.0.2 + 17 + 10 + 1 + 2 + 10 leave this much to 0xffff.
  const rest = 0xffff - (0x0a00 + 1 + 0x0a00 + 2 + 17 + 10 + 1 + 2 + 10)
  const payload = Uint8Array.of(rest >> 8, rest)
  const bytes = encode(udpBetween(v4('10.0.0.1'), v4('10.0.0.2')), { sourcePort: 1, destinationPort: 2, payload })
  expect(toHex(bytes.subarray(6, 8))).toBe('ffff')
})

describe('refuses', () => {
  test.each([
    ['0001 0002 0007 0000', 'udp.length at offset 4: expected >= 8, got 7'],
    ['0001 0002 0009 0000', 'udp.length at offset 4: expected 3 bytes to follow, got 2 bytes'],
    ['0001 0002 0008', 'udp.length at offset 4: expected 2 bytes to follow, got 0 bytes'],
    ['0001 0002 00', 'udp.length at offset 4: expected 2 bytes, got 1 bytes'],
  ])('%s', (hex, message) => {
    expect(() => decode(udp, fromHex(hex))).toThrow(message)
  })

  test('a datagram that no length field can count', () => {
    expect(() => encode(udp, { sourcePort: 1, destinationPort: 2, payload: new Uint8Array(65528) })).toThrow(RangeError)
  })
})
