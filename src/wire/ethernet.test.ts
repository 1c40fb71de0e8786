import { expect, test } from 'vitest'
import { codecLaws } from '../../test/support/codec-laws.ts'
import { linuxFrame } from '../../test/support/vectors.ts'
import { ethernets } from '../../test/support/wire.ts'
import { BROADCAST, mac } from '../util/address.ts'
import { decode, encode, fromHex } from '../util/bytes.ts'
import { ethernet } from './ethernet.ts'
import { ETHERTYPE } from './numbers.ts'

codecLaws(ethernet, ethernets)

test('a broadcast of Linux', () => {
  const bytes = linuxFrame('arp-request')
  const frame = decode(ethernet, bytes)
  expect(frame).toMatchObject({
    destination: BROADCAST,
    source: mac('0a:58:0a:f4:01:02'),
    etherType: ETHERTYPE.arp,
  })
  expect(encode(ethernet, frame)).toEqual(bytes)
})

test('a runt names the field it lacks', () => {
  expect(() => decode(ethernet, fromHex('ffffffffffff 0a58'))).toThrow(
    'ethernet.source at offset 6: expected 6 bytes, got 2 bytes',
  )
})
