import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BROADCAST, mac, v4, v6 } from '../../util/address.ts'
import { fromHex, toHex } from '../../util/bytes.ts'
import { Frame } from '../frame.ts'
import * as ethernet from './ethernet.ts'
import * as icmp from './icmp.ts'
import * as ipv4 from './ipv4.ts'
import * as ipv6 from './ipv6.ts'
import { hasTransport, isFragment, Layout, locate } from './layout.ts'
import * as nat from './nat.ts'
import * as tcp from './tcp.ts'
import { checksumOk } from './transport.ts'
import * as udp from './udp.ts'
import * as vxlan from './vxlan.ts'

const A = v4('10.244.1.2')
const B = v4('10.244.2.2')
const S = v4('10.96.0.80')
const A6 = v6('fd00:10:244:1::2')
const B6 = v6('fd00:10:244:2::2')
const S6 = v6('fd00:10:96::50')

function located(frame: Frame, o = frame.start): Layout {
  const layout = new Layout()
  expect(locate(frame.bytes, o, frame.end, layout)).toBe(true)
  return layout
}

function expectSound(frame: Frame): Layout {
  const l = located(frame)
  if (l.family === 4) expect(ipv4.fault(frame.bytes, l.network, frame.end)).toBeNull()
  else expect(ipv6.fault(frame.bytes, l.network, frame.end)).toBeNull()
  expect(checksumOk(frame.bytes, l)).toBe(true)
  return l
}

/** The four kinds of packets that NAT meets, over both families. */
function packets(payload: Uint8Array): Frame[] {
  const build = [
    (f: Frame) => {
      udp.writeUdp(f, A, S, 40112, 53)
      ipv4.writeIpv4(f, A, S, 17, 64)
    },
    (f: Frame) => {
      tcp.writeTcp(f, A, S, 40112, 80, 1, 0, tcp.SYN, 64240)
      ipv4.writeIpv4(f, A, S, 6, 64, 0, 7, ipv4.DF)
    },
    (f: Frame) => {
      icmp.writeIcmp(f, 8, 0, icmp.echoWord(40112, 1))
      ipv4.writeIpv4(f, A, S, 1, 64)
    },
    (f: Frame) => {
      udp.writeUdp(f, A6, S6, 40112, 53)
      ipv6.writeIpv6(f, A6, S6, 17, 64)
    },
    (f: Frame) => {
      tcp.writeTcp(f, A6, S6, 40112, 80, 1, 0, tcp.SYN, 64240)
      ipv6.writeIpv6(f, A6, S6, 6, 64)
    },
    (f: Frame) => {
      icmp.writeIcmpv6(f, A6, S6, 128, 0, icmp.echoWord(40112, 1))
      ipv6.writeIpv6(f, A6, S6, 58, 64)
    },
  ]
  return build.map((write) => {
    const frame = Frame.of(payload)
    write(frame)
    return frame
  })
}

test('builders push headers in front: VXLAN over IPv4 adds 50 bytes', () => {
  const frame = Frame.of(new Uint8Array(40))
  const buffer = frame.bytes
  tcp.writeTcp(frame, A, B, 40112, 8080, -1, 0, tcp.SYN, 64240, fromHex('020405b4'))
  ipv4.writeIpv4(frame, A, B, 6, 63, 0, 0x1c46, ipv4.DF)
  const inner = ethernet.writeEthernet(frame, mac('0a:58:0a:f4:02:00'), mac('0a:58:0a:f4:01:00'), 0x0800)
  const before = frame.length
  const v = vxlan.writeVxlan(frame, 1)
  const u = udp.writeUdp(frame, v4('192.168.56.11'), v4('192.168.56.12'), 51820, 8472)
  const n = ipv4.writeIpv4(frame, v4('192.168.56.11'), v4('192.168.56.12'), 17, 64)
  const e = ethernet.writeEthernet(frame, BROADCAST, mac('52:54:00:00:00:11'), 0x0800)
  const b = frame.bytes
  expect(frame.length - before).toBe(50)
  expect(e).toBe(frame.start)
  expect(b).toBe(buffer)
  expect(ethernet.isBroadcast(b, e) && ethernet.isGroup(b, e)).toBe(true)
  expect(ipv4.totalLength(b, n)).toBe(frame.length - 14)
  expect(udp.length(b, u)).toBe(frame.length - 34)
  expect(vxlan.hasVni(b, v) && vxlan.vni(b, v)).toBe(1)
  expect(checksumOk(b, located(frame, n))).toBe(true)
  const l = located(frame, inner + 14)
  expect(checksumOk(b, l)).toBe(true)
  expect(tcp.sequence(b, l.transport)).toBe(-1)
  expect(tcp.option(b, l.transport, 2)).toBe(l.transport + 20)
  expect(tcp.option(b, l.transport, 3)).toBe(-1)
})

test('a push beyond the headroom keeps what the frame holds', () => {
  const frame = Frame.of(fromHex('0102'))
  for (let i = 0; i < 20; i++) frame.prepend(new Uint8Array(14).fill(i))
  expect(frame.length).toBe(282)
  expect(toHex(frame.view()).endsWith(`${'00'.repeat(14)}0102`)).toBe(true)
})

test('MAC addresses read whole and in halves', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 14, maxLength: 14 }), (bytes) => {
      const to = ethernet.destination(bytes, 0)
      expect(to.toString(16).padStart(12, '0')).toBe(toHex(bytes.subarray(0, 6)))
      expect(ethernet.highOf(to)).toBe(ethernet.destinationHigh(bytes, 0))
      expect(ethernet.lowOf(to)).toBe(ethernet.destinationLow(bytes, 0))
      expect(ethernet.isFor(bytes, 0, ethernet.highOf(to), ethernet.lowOf(to))).toBe(true)
      const frame = Frame.of(new Uint8Array(0))
      const o = ethernet.writeEthernet(frame, to, ethernet.source(bytes, 0), ethernet.etherType(bytes, 0))
      expect(o).toBe(frame.start)
      expect(toHex(frame.copy())).toBe(toHex(bytes))
    }),
  )
})

describe('IPv4', () => {
  test('decrementing the TTL keeps the checksum right, down to 1', () => {
    for (const frame of packets(new Uint8Array(9)).slice(0, 3)) {
      for (let left = 63; left > 0; left--) {
        const version = frame.version
        ipv4.decrementTtl(frame, frame.start)
        expect(frame.version).toBe(version + 1)
        expect(ipv4.ttl(frame.bytes, frame.start)).toBe(left)
        expect(ipv4.fault(frame.bytes, frame.start, frame.end)).toBeNull()
      }
    }
  })

  test('changing TOS keeps the checksum right', () => {
    const [frame] = packets(new Uint8Array(9))
    ipv4.setTos(frame, frame.start, 0xc0)
    expect(ipv4.tos(frame.bytes, frame.start)).toBe(0xc0)
    expectSound(frame)
  })

  test('faults are those of ip_rcv', () => {
    const [frame] = packets(new Uint8Array(9))
    const { bytes, start, end } = frame
    expect(ipv4.fault(bytes, start, start + 19)).toBe('header')
    expect(ipv4.fault(bytes, start, end - 1)).toBe('truncated')
    bytes[start + 8]--
    expect(ipv4.fault(bytes, start, end)).toBe('checksum')
    bytes[start] = 0x44
    expect(ipv4.fault(bytes, start, end)).toBe('header')
  })

  test('seal renews length and checksum', () => {
    const [frame] = packets(new Uint8Array(9))
    frame.end -= 4
    ipv4.seal(frame, frame.start)
    expect(ipv4.fault(frame.bytes, frame.start, frame.end)).toBeNull()
  })
})

describe('locate', () => {
  test('walks IPv6 extension headers to the transport', () => {
    const frame = Frame.of(fromHex('0035 0035 0008 0000'))
    frame.prepend(fromHex('11 00 0001 0000002a')) // fragment header, first, more to come
    frame.prepend(fromHex('2c 00 0104 00000000')) // destination options, PadN
    ipv6.writeIpv6(frame, A6, B6, 60, 64)
    const l = located(frame)
    expect(l.protocol).toBe(17)
    expect(l.transport).toBe(frame.start + 56)
    expect(l.fragmentHeader).toBe(frame.start + 48)
    expect(isFragment(l) && hasTransport(l)).toBe(true)
  })

  test('stops at a later fragment', () => {
    const frame = Frame.of(fromHex('3c01 0203 0405 0607'))
    frame.prepend(fromHex('3c 00 05a8 0000002a'))
    ipv6.writeIpv6(frame, A6, B6, 44, 64)
    const l = located(frame)
    expect(l.fragmentOffset).toBe(0x5a8)
    expect(l.protocol).toBe(60)
    expect(hasTransport(l)).toBe(false)
  })

  test('takes any bytes, and never points outside them', () => {
    const l = new Layout()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(0x45, 0x46, 0x60, 0x6f), (bytes, first) => {
        if (bytes.length > 0) bytes[0] = first
        if (!locate(bytes, 0, bytes.length, l)) return
        expect(l.transport).toBeLessThanOrEqual(bytes.length)
        expect(l.end).toBeLessThanOrEqual(bytes.length)
        expect(l.transport).toBeLessThanOrEqual(l.end)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('NAT', () => {
  test('translates and restores, and every checksum stays right', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(0xffff), (payload, port) => {
        for (const frame of packets(payload)) {
          const l = expectSound(frame)
          const before = toHex(frame.copy())
          nat.setDestination(frame, l, l.family === 4 ? B : B6)
          nat.setDestinationPort(frame, l, port)
          expectSound(frame)
          nat.setSource(frame, l, l.family === 4 ? v4('10.244.1.1') : v6('fd00::1'))
          expectSound(frame)
          nat.setDestination(frame, l, l.family === 4 ? S : S6)
          nat.setDestinationPort(frame, l, l.protocol === 6 ? 80 : l.protocol === 17 ? 53 : 40112)
          nat.setSource(frame, l, l.family === 4 ? A : A6)
          expect(toHex(frame.copy())).toBe(before)
        }
      }),
    )
  })

  test('leaves an absent UDP checksum absent', () => {
    const [frame] = packets(new Uint8Array(4))
    const l = located(frame)
    frame.bytes.fill(0, l.transport + 6, l.transport + 8)
    nat.setDestination(frame, l, B)
    nat.setDestinationPort(frame, l, 5353)
    expect(toHex(frame.bytes.subarray(l.transport + 6, l.transport + 8))).toBe('0000')
    expect(checksumOk(frame.bytes, l)).toBe(true)
  })

  test('writes a UDP checksum that becomes zero as all ones', () => {
    const [frame] = packets(new Uint8Array(2))
    const l = located(frame)
    // Put what is missing to a sum of 0xffff into the source port.
    const missing = (frame.bytes[l.transport + 6] << 8) | frame.bytes[l.transport + 7]
    nat.setSourcePort(frame, l, (40112 + missing) % 0xffff)
    expect(toHex(frame.bytes.subarray(l.transport + 6, l.transport + 8))).toBe('ffff')
    expectSound(frame)
  })

  test('changes no port of a later fragment, and no checksum that was cut off', () => {
    const [, frame] = packets(new Uint8Array(0))
    const l = located(frame)
    l.end = l.transport + 8 // as an ICMP error quotes it
    const check = toHex(frame.bytes.subarray(l.transport + 16, l.transport + 18))
    nat.setSourcePort(frame, l, 1)
    expect(tcp.sourcePort(frame.bytes, l.transport)).toBe(1)
    expect(toHex(frame.bytes.subarray(l.transport + 16, l.transport + 18))).toBe(check)
    l.fragmentOffset = 1480
    nat.setSourcePort(frame, l, 2)
    expect(tcp.sourcePort(frame.bytes, l.transport)).toBe(1)
  })

  test('refuses an address of the other family', () => {
    const [frame] = packets(new Uint8Array(0))
    expect(() => nat.setSource(frame, located(frame), A6)).toThrow(TypeError)
  })
})

test('the same IPv6 address read twice is one object', () => {
  const [, , , frame] = packets(new Uint8Array(0))
  const l = located(frame)
  expect(ipv6.source(frame.bytes, l.network)).toBe(ipv6.source(frame.bytes, l.network))
  expect(ipv6.source(frame.bytes, l.network)).toEqual(A6)
  expect(ipv6.isV6(frame.bytes, l.network + 24, S6)).toBe(true)
})
