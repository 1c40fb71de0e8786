import { describe, expect, test } from 'vitest'
import { codecLaws } from '../../test/support/codec-laws.ts'
import { linuxFrame } from '../../test/support/vectors.ts'
import { tcps } from '../../test/support/wire.ts'
import { v4, v6 } from '../util/address.ts'
import { decode, encode, fromHex } from '../util/bytes.ts'
import { flagNames, tcp, tcpBetween } from './tcp.ts'

codecLaws(tcp, tcps)
codecLaws(tcpBetween(v6('fd00::1'), v6('fd00::2')), tcps)

const A = v4('10.244.1.2')
const B = v4('10.244.2.2')
const A6 = v6('fd00:10:244:1::2')
const B6 = v6('fd00:10:244:2::2')

describe('writes the very bytes that Linux sent', () => {
  test.each([
    ['syn', 34, tcpBetween(A, B), 'SYN'],
    ['syn-ack', 34, tcpBetween(B, A), 'SYN,ACK'],
    ['http-request', 34, tcpBetween(A, B), 'PSH,ACK'],
    ['fin', 34, tcpBetween(A, B), 'FIN,ACK'],
    ['rst', 34, tcpBetween(B, A), 'RST,ACK'],
    ['syn-v6', 54, tcpBetween(A6, B6), 'SYN'],
    ['http-request-v6', 54, tcpBetween(A6, B6), 'PSH,ACK'],
  ] as const)('%s', (name, start, codec, flags) => {
    const bytes = linuxFrame(name).subarray(start)
    const value = decode(tcp, bytes)
    expect(flagNames(value.flags)).toBe(flags)
    expect(encode(codec, value)).toEqual(bytes)
  })
})

test('the options of a SYN of Linux', () => {
  expect(decode(tcp, linuxFrame('syn').subarray(34))).toMatchObject({
    sourcePort: 44066,
    destinationPort: 8080,
    sequence: 1225884422,
    acknowledgment: 0,
    window: 65280,
    options: [
      { kind: 'mss', size: 1360 },
      { kind: 'sackPermitted' },
      { kind: 'timestamps', value: 2746765656, echo: 0 },
      { kind: 'nop' },
      { kind: 'windowScale', shift: 10 },
    ],
  })
})

test('SACK blocks (RFC 2018 3), an unknown option, and nothing after the end of the list', () => {
  const bytes = fromHex(`1f90 ac22 00000001 00000002 b010 0040 0000 0000
    0101 050a 00000064 000000c8 fd04 abcd 00 ffffff ffffffff`)
  expect(decode(tcp, bytes).options).toEqual([
    { kind: 'nop' },
    { kind: 'nop' },
    { kind: 'sack', blocks: [{ left: 100, right: 200 }] },
    { kind: 'unknown', number: 253, data: fromHex('abcd') },
  ])
})

describe('refuses', () => {
  const header = (offset: string, options = ''): Uint8Array =>
    fromHex(`0001 0002 00000000 00000000 ${offset}002 0000 0000 0000 ${options}`)
  test.each([
    [header('4'), 'tcp.dataOffset at offset 12: expected >= 5, got 4'],
    [header('6'), 'tcp.dataOffset at offset 12: expected 11 bytes to follow, got 7 bytes'],
    [header('6', '0203 0000'), 'tcp.optionLength at offset 21: expected 4, got 3'],
    [header('6', '0304 0000'), 'tcp.optionLength at offset 21: expected 3, got 4'],
    [header('6', '0403 0000'), 'tcp.optionLength at offset 21: expected 2, got 3'],
    [header('6', '0803 0000'), 'tcp.optionLength at offset 21: expected 10, got 3'],
    [header('6', '0503 0000'), 'tcp.optionLength at offset 21: expected 2 and 8 a block, got 3'],
    [header('6', '0502 0000'), 'tcp.optionLength at offset 21: expected 2 and 8 a block, got 2'],
    [header('6', '0201 0000'), 'tcp.optionLength at offset 21: expected >= 2, got 1'],
    [header('6', '0205 0000'), 'tcp.optionLength at offset 21: expected <= 4, got 5'],
  ])('%#', (bytes, message) => {
    expect(() => decode(tcp, bytes)).toThrow(message)
  })

  test('to write more options than fit', () => {
    const value = decode(tcp, header('5'))
    expect(() => encode(tcp, { ...value, options: Array(41).fill({ kind: 'nop' }) })).toThrow(RangeError)
  })
})
