import { describe, expect, test } from 'vitest'
import { codecLaws } from '../../test/support/codec-laws.ts'
import { linuxFrame } from '../../test/support/vectors.ts'
import { arps } from '../../test/support/wire.ts'
import { mac, NO_MAC, v4 } from '../util/address.ts'
import { decode, encode } from '../util/bytes.ts'
import { type Arp, arp } from './arp.ts'

codecLaws(arp, arps)

const pod = { mac: mac('0a:58:0a:f4:01:02'), address: v4('10.244.1.2') }
const gateway = { mac: mac('0a:58:0a:f4:01:01'), address: v4('10.244.1.1') }

test.each<[string, Arp]>([
  [
    'arp-request',
    {
      operation: 'request',
      senderMac: pod.mac,
      senderAddress: pod.address,
      targetMac: NO_MAC,
      targetAddress: gateway.address,
    },
  ],
  [
    'arp-reply',
    {
      operation: 'reply',
      senderMac: gateway.mac,
      senderAddress: gateway.address,
      targetMac: pod.mac,
      targetAddress: pod.address,
    },
  ],
])('%s of Linux', (name, value) => {
  const bytes = linuxFrame(name).subarray(14)
  expect(decode(arp, bytes)).toEqual(value)
  expect(encode(arp, value)).toEqual(bytes)
})

describe('refuses', () => {
  test.each([
    [0, 6, 'arp.hardwareType at offset 0: expected 1 (Ethernet), got 1537'],
    [2, 0x86, 'arp.protocolType at offset 2: expected 0x0800 (IPv4), got 34304'],
    [4, 8, 'arp.hardwareLength at offset 4: expected 6, got 8'],
    [5, 16, 'arp.protocolLength at offset 5: expected 4, got 16'],
    [7, 3, 'arp.operation at offset 6: expected 1 (request) or 2 (reply), got 3'],
  ])('byte %i = %i', (at, value, message) => {
    const bytes = linuxFrame('arp-request').slice(14)
    bytes[at] = value
    expect(() => decode(arp, bytes)).toThrow(message)
  })
})
