import { expect, test } from 'vitest'
import { codecLaws } from '../../test/support/codec-laws.ts'
import { linuxFrame } from '../../test/support/vectors.ts'
import { vxlans } from '../../test/support/wire.ts'
import { decode, encode, fromHex } from '../util/bytes.ts'
import { arp } from './arp.ts'
import { ethernet } from './ethernet.ts'
import { vxlan } from './vxlan.ts'

codecLaws(vxlan, vxlans)

test('an ARP request that Linux sent through VNI 1', () => {
  const bytes = linuxFrame('vxlan-arp').subarray(42)
  const value = decode(vxlan, bytes)
  expect(value.vni).toBe(1)
  expect(decode(arp, decode(ethernet, value.payload).payload).operation).toBe('request')
  expect(encode(vxlan, value)).toEqual(bytes)
})

test('RFC 7348 5: the I flag must be set', () => {
  expect(() => decode(vxlan, fromHex('00000000 00000100'))).toThrow('vxlan.flags at offset 0: expected the I flag')
})
