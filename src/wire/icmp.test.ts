import { describe, expect, test } from 'vitest'
import { codecLaws } from '../../test/support/codec-laws.ts'
import { linuxFrame } from '../../test/support/vectors.ts'
import { icmps } from '../../test/support/wire.ts'
import { v4 } from '../util/address.ts'
import { decode, encode, fromHex, Reader } from '../util/bytes.ts'
import { icmp } from './icmp.ts'
import { ipv4 } from './ipv4.ts'

codecLaws(icmp, icmps)

describe('of Linux, written again byte for byte', () => {
  test.each([
    ['echo-request', { kind: 'echoRequest', id: 0x39e5, sequence: 1 }],
    ['time-exceeded', { kind: 'timeExceeded', code: 0 }],
    ['fragmentation-needed', { kind: 'unreachable', code: 4, mtu: 1400 }],
    ['port-unreachable', { kind: 'unreachable', code: 3, mtu: 0 }],
    ['host-unreachable', { kind: 'unreachable', code: 1, mtu: 0 }],
  ])('%s', (name, expected) => {
    const bytes = linuxFrame(name).subarray(34)
    const value = decode(icmp, bytes)
    expect(value).toMatchObject(expected)
    expect(encode(icmp, value)).toEqual(bytes)
  })
})

test('an error of Linux quotes 548 bytes of a longer packet', () => {
  const value = decode(icmp, linuxFrame('fragmentation-needed').subarray(34))
  if (!('quoted' in value)) throw new Error('no quote')
  expect(value.quoted.length).toBe(548)
  const r = new Reader(value.quoted, 'ipv4', 0, value.quoted.length, null, true)
  expect(ipv4.read(r)).toMatchObject({ ttl: 64, protocol: 1, destination: v4('10.244.2.2'), dontFragment: true })
  expect(() => decode(ipv4, value.quoted)).toThrow('ipv4.totalLength')
})

test('a redirect (RFC 792) names a gateway, a parameter problem an offset', () => {
  expect(decode(icmp, fromHex('0501 0000 0a000001'))).toMatchObject({ kind: 'redirect', gateway: v4('10.0.0.1') })
  expect(decode(icmp, fromHex('0c00 0000 14000000'))).toMatchObject({ kind: 'parameterProblem', pointer: 20 })
})
