import { describe, expect, test } from 'vitest'
import { codecLaws } from '../../test/support/codec-laws.ts'
import { linuxFrame, linuxFrames } from '../../test/support/vectors.ts'
import { ipv4s } from '../../test/support/wire.ts'
import { v4 } from '../util/address.ts'
import { decode, encode, fromHex, Reader } from '../util/bytes.ts'
import { ipv4 } from './ipv4.ts'

codecLaws(ipv4, ipv4s)

const packet = (name: string): Uint8Array => linuxFrame(name).slice(14)

test('a SYN of Linux', () => {
  const value = decode(ipv4, packet('syn'))
  expect(value).toMatchObject({
    tos: 0,
    dontFragment: true,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: 64,
    protocol: 6,
    source: v4('10.244.1.2'),
    destination: v4('10.244.2.2'),
    options: [],
  })
  expect(value.payload.length).toBe(40)
})

test('fragments of Linux: offsets in bytes', () => {
  expect(decode(ipv4, packet('first-fragment'))).toMatchObject({ moreFragments: true, fragmentOffset: 0 })
  expect(decode(ipv4, packet('last-fragment'))).toMatchObject({ moreFragments: false, fragmentOffset: 2752 })
})

test('ping -R of Linux records its route', () => {
  expect(decode(ipv4, packet('echo-record-route')).options).toEqual([
    { kind: 'nop' },
    { kind: 'recordRoute', pointer: 8, route: [v4('10.244.1.2'), ...Array(8).fill(0)] },
  ])
})

test('an IGMP report of RFC 2236 carries a router alert (RFC 2113)', () => {
  const bytes = fromHex('46c00020 00004000 01022acd 0a000001 e0000016 94040000 1600 09ff e0000016')
  bytes.set(fromHex('0000'), 10)
  const value = decode(ipv4, bytes)
  expect(value.options).toEqual([{ kind: 'routerAlert', value: 0 }])
  expect(value.payload.length).toBe(8)
})

describe('writes the very bytes that Linux sent', () => {
  const names = [...linuxFrames].filter(([, frame]) => frame[12] === 8 && frame[13] === 0).map(([name]) => name)
  test.each(names)('%s', (name) => {
    expect(encode(ipv4, decode(ipv4, packet(name)))).toEqual(packet(name))
  })
})

test('what lies beyond the total length is left unread, as the padding of a short Ethernet frame', () => {
  const r = new Reader(Uint8Array.of(...packet('rst'), 0, 0, 0, 0, 0, 0), 'ipv4')
  ipv4.read(r)
  expect(r.remaining).toBe(6)
})

describe('refuses', () => {
  test.each([
    [0, 0x65, 'ipv4.version at offset 0: expected 4, got 6'],
    [0, 0x44, 'ipv4.headerLength at offset 0: expected >= 5, got 4'],
    [3, 19, 'ipv4.totalLength at offset 2: expected >= 20, got 19'],
    [3, 41, 'ipv4.totalLength at offset 2: expected 37 bytes to follow, got 36 bytes'],
  ])('byte %i = %i', (at, value, message) => {
    const bytes = packet('rst')
    bytes[at] = value
    expect(() => decode(ipv4, bytes)).toThrow(message)
  })

  test.each([
    ['4400 0000', 'ipv4.optionLength at offset 21: expected >= 2, got 0'],
    ['4405 0000', 'ipv4.optionLength at offset 21: expected <= 4, got 5'],
    ['9403 0000', 'ipv4.optionLength at offset 21: expected 4, got 3'],
    ['0704 0400', 'ipv4.optionLength at offset 21: expected 3 and 4 an address, got 4'],
    ['0101 0107', 'ipv4.optionLength at offset 24: expected 1 bytes, got 0 bytes'],
  ])('options %s', (options, message) => {
    const bytes = fromHex(`46000018 00000000 40060000 0a000001 0a000002 ${options}`)
    expect(() => decode(ipv4, bytes)).toThrow(message)
  })

  test('to write what no header can hold', () => {
    const value = decode(ipv4, packet('rst'))
    expect(() => encode(ipv4, { ...value, payload: new Uint8Array(65516) })).toThrow(RangeError)
    expect(() => encode(ipv4, { ...value, options: Array(41).fill({ kind: 'nop' }) })).toThrow(RangeError)
  })
})
