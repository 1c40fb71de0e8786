import { describe, expect, test } from 'vitest'
import { codecLaws } from '../../test/support/codec-laws.ts'
import { linuxFrame, linuxFrames } from '../../test/support/vectors.ts'
import { ipv6s } from '../../test/support/wire.ts'
import { v6 } from '../util/address.ts'
import { decode, encode, fromHex } from '../util/bytes.ts'
import { ipv6 } from './ipv6.ts'

codecLaws(ipv6, ipv6s)

const packet = (name: string): Uint8Array => linuxFrame(name).slice(14)

test('a SYN of Linux has a flow label', () => {
  const value = decode(ipv6, packet('syn-v6'))
  expect(value).toMatchObject({
    trafficClass: 0,
    hopLimit: 64,
    source: v6('fd00:10:244:1::2'),
    destination: v6('fd00:10:244:2::2'),
    extensions: [],
    protocol: 6,
  })
  expect(value.flowLabel).toBeGreaterThan(0)
  expect(value.payload.length).toBe(40)
})

test('an MLD report of Linux carries a router alert (RFC 2711)', () => {
  expect(decode(ipv6, packet('mldv2-report'))).toMatchObject({
    hopLimit: 1,
    protocol: 58,
    extensions: [{ kind: 'hopByHop', options: [{ number: 5, data: fromHex('0000') }] }],
  })
})

test('fragments of Linux', () => {
  const fragment = { kind: 'fragment', id: 0x2102f64a }
  const first = decode(ipv6, packet('first-fragment-v6'))
  expect(first).toMatchObject({ protocol: 58, extensions: [{ ...fragment, offset: 0, more: true }] })
  expect(first.payload.length).toBe(1352)
  const last = decode(ipv6, packet('last-fragment-v6'))
  expect(last).toMatchObject({ protocol: 58, extensions: [{ ...fragment, offset: 2704, more: false }] })
  expect(last.payload.length).toBe(304)
})

describe('writes the very bytes that Linux sent', () => {
  const names = [...linuxFrames].filter(([, frame]) => frame[12] === 0x86).map(([name]) => name)
  test.each(names)('%s', (name) => {
    expect(encode(ipv6, decode(ipv6, packet(name)))).toEqual(packet(name))
  })
})

test('headers chain: hop-by-hop, routing (RFC 6554), fragment, destination options', () => {
  const bytes = fromHex(`6000 0000 0030 00 40 ${'00'.repeat(31)}01
    2b00 0502 0000 0100
    2c02 0301 0000 0000 fd00 0000 0000 0000 0000 0000 0000 0002
    3c00 0001 0000 002a
    3b00 0104 0000 0000`)
  const value = decode(ipv6, bytes)
  expect(value.extensions.map(({ kind }) => kind)).toEqual(['hopByHop', 'routing', 'fragment', 'destinationOptions'])
  expect(value.extensions[1]).toMatchObject({ type: 3, segmentsLeft: 1 })
  expect(value.extensions[2]).toEqual({ kind: 'fragment', offset: 0, more: true, id: 42 })
  expect(value.protocol).toBe(59)
})

describe('refuses', () => {
  const header = (length: string, next: string): string => `60000000 ${length} ${next} 40 ${'00'.repeat(32)}`
  test.each([
    ['a version of 4', `45000000 0000 3b 40 ${'00'.repeat(32)}`, 'ipv6.version at offset 0: expected 6, got 4'],
    ['a length beyond the window', header('0001', '3b'), 'payloadLength at offset 4: expected 35 bytes to follow'],
    ['an extension beyond the payload', `${header('0008', '00')} 3b01 0104 0000 0000`, 'headerLength at offset 41'],
    ['an option beyond its header', `${header('0008', '00')} 3b00 0105 0000 0000`, 'optionLength at offset 43'],
    [
      'a hop-by-hop header that is not first',
      `${header('0010', '3c')} 0000 0104 0000 0000 3b00 0104 0000 0000`,
      'ipv6.nextHeader at offset 40: expected a hop-by-hop header only first (RFC 8200 4.1), got 0',
    ],
  ])('%s', (_, hex, message) => {
    expect(() => decode(ipv6, fromHex(hex))).toThrow(message)
  })
})
