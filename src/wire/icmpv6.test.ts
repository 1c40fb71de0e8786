import { describe, expect, test } from 'vitest'
import { codecLaws } from '../../test/support/codec-laws.ts'
import { linuxFrame } from '../../test/support/vectors.ts'
import { icmpv6s } from '../../test/support/wire.ts'
import { mac, type V6, v6 } from '../util/address.ts'
import { decode, encode, fromHex } from '../util/bytes.ts'
import { icmpv6, icmpv6Between } from './icmpv6.ts'
import { ipv6 } from './ipv6.ts'

codecLaws(icmpv6, icmpv6s)
codecLaws(icmpv6Between(v6('fe80::1'), v6('ff02::1')), icmpv6s)

const gatewayMac = mac('0a:58:0a:f4:01:01')
const podMac = mac('0a:58:0a:f4:01:02')
const gateway: V6 = v6('fd00:10:244:1::1')

describe('of Linux, written again byte for byte', () => {
  test.each([
    ['echo-request-v6', { kind: 'echoRequest', id: 0x39e9, sequence: 1 }],
    ['time-exceeded-v6', { kind: 'timeExceeded', code: 0 }],
    ['packet-too-big', { kind: 'packetTooBig', mtu: 1400 }],
    ['port-unreachable-v6', { kind: 'unreachable', code: 4 }],
    ['mldv2-report', { kind: 'unknown', type: 143 }],
    ['router-solicitation', { kind: 'routerSolicitation', options: [{ kind: 'sourceLinkLayer', mac: podMac }] }],
    ['neighbor-solicitation', { kind: 'neighborSolicitation', target: gateway, options: [{ mac: podMac }] }],
    [
      'neighbor-solicitation-dad',
      { target: v6('fe80::858:aff:fef4:102'), options: [{ kind: 'unknown', number: 14 }] }, // a nonce (RFC 7527)
    ],
    [
      'neighbor-advertisement',
      {
        kind: 'neighborAdvertisement',
        router: true,
        solicited: true,
        override: true,
        target: gateway,
        options: [{ kind: 'targetLinkLayer', mac: gatewayMac }],
      },
    ],
  ])('%s', (name, expected) => {
    const { source, destination, payload } = decode(ipv6, linuxFrame(name).subarray(14))
    const value = decode(icmpv6, payload)
    expect(value).toMatchObject(expected)
    expect(encode(icmpv6Between(source, destination), value)).toEqual(payload)
  })
})

test('a router advertisement (RFC 4861 4.2) with prefix, MTU and a DNS server (RFC 8106)', () => {
  const bytes = fromHex(`8600 0000 40 c0 0708 00000000 00000000
    0304 40c0 00278d00 00093a80 00000000 fd00 0010 0244 0001 0000 0000 0000 0000
    0501 0000 000005aa
    1903 0000 00000e10 fd00 0010 0096 0000 0000 0000 0000 000a`)
  expect(decode(icmpv6, bytes)).toEqual({
    kind: 'routerAdvertisement',
    hopLimit: 64,
    managed: true,
    other: true,
    lifetime: 1800,
    reachable: 0,
    retransmit: 0,
    options: [
      {
        kind: 'prefix',
        prefix: v6('fd00:10:244:1::'),
        length: 64,
        onLink: true,
        autonomous: true,
        validLifetime: 2592000,
        preferredLifetime: 604800,
      },
      { kind: 'mtu', mtu: 1450 },
      { kind: 'recursiveDns', lifetime: 3600, servers: [v6('fd00:10:96::a')] },
    ],
  })
})

describe('refuses options', () => {
  test.each([
    ['0100 0a580af40101', 'icmpv6.optionLength at offset 9: expected >= 1, got 0'],
    ['0102 0a580af40101', 'icmpv6.optionLength at offset 9: expected 14 bytes to follow, got 6 bytes'],
    ['0301 000000000000', 'icmpv6.optionLength at offset 9: expected 4, got 1'],
    ['1902 000000000000 0000000000000000', 'icmpv6.optionLength at offset 9: expected 1 and 2 a server, got 2'],
    ['01', 'icmpv6.optionLength at offset 9: expected 1 bytes, got 0 bytes'],
    [`0304 81 ${'00'.repeat(29)}`, 'icmpv6.prefixLength at offset 10: expected <= 128, got 129'],
  ])('%s', (options, message) => {
    expect(() => decode(icmpv6, fromHex(`8500 0000 00000000 ${options}`))).toThrow(message)
  })
})
