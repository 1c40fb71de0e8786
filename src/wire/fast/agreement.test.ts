import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { linuxFrames } from '../../../test/support/vectors.ts'
import { bytes, ethernets, icmps, icmpv6s, ipv4s, ipv6s, tcps, udps, vxlans } from '../../../test/support/wire.ts'
import { isV4, type V4, type V6 } from '../../util/address.ts'
import { type Codec, decode, encode, Reader, toHex } from '../../util/bytes.ts'
import { Malformed } from '../../util/malformed.ts'
import { ethernet } from '../ethernet.ts'
import { Frame } from '../frame.ts'
import { icmp } from '../icmp.ts'
import { icmpv6Between } from '../icmpv6.ts'
import { ipv4 } from '../ipv4.ts'
import { ipv6 } from '../ipv6.ts'
import { tcp, tcpBetween } from '../tcp.ts'
import { tcpOptions } from '../tcp-options.ts'
import { udp, udpBetween } from '../udp.ts'
import { vxlan } from '../vxlan.ts'
import * as fastEthernet from './ethernet.ts'
import * as fastIcmp from './icmp.ts'
import * as fastIpv4 from './ipv4.ts'
import * as fastIpv6 from './ipv6.ts'
import { Layout, locate } from './layout.ts'
import * as fastTcp from './tcp.ts'
import { checksumOk, writeChecksum } from './transport.ts'
import * as fastUdp from './udp.ts'
import * as fastVxlan from './vxlan.ts'

/** A frame that holds `payload` after a builder pushed its header is what the codec writes. */
function expectSame<T>(codec: Codec<T>, value: T, payload: Uint8Array, push: (frame: Frame) => void): void {
  const frame = Frame.of(payload)
  push(frame)
  expect(toHex(frame.view())).toBe(toHex(encode(codec, value)))
}

describe('builders write what codecs write', () => {
  test('ethernet', () => {
    fc.assert(
      fc.property(ethernets, (v) => {
        expectSame(ethernet, v, v.payload, (f) => fastEthernet.writeEthernet(f, v.destination, v.source, v.etherType))
      }),
    )
  })

  test('ipv4', () => {
    fc.assert(
      fc.property(ipv4s, (random) => {
        const v = { ...random, options: [] }
        const flags = (v.dontFragment ? fastIpv4.DF : 0) | (v.moreFragments ? fastIpv4.MF : 0) | (v.fragmentOffset >> 3)
        expectSame(ipv4, v, v.payload, (f) =>
          fastIpv4.writeIpv4(f, v.source, v.destination, v.protocol, v.ttl, v.tos, v.id, flags),
        )
      }),
    )
  })

  test('ipv6', () => {
    fc.assert(
      fc.property(ipv6s, (random) => {
        const v = { ...random, extensions: [] }
        expectSame(ipv6, v, v.payload, (f) =>
          fastIpv6.writeIpv6(f, v.source, v.destination, v.protocol, v.hopLimit, v.trafficClass, v.flowLabel),
        )
      }),
    )
  })

  test('udp and tcp, over both families', () => {
    fc.assert(
      fc.property(ipv4s, ipv6s, udps, tcps, (low, high, u, t) => {
        for (const { source, destination } of [low, high]) {
          expectSame(udpBetween(source, destination), u, u.payload, (f) =>
            fastUdp.writeUdp(f, source, destination, u.sourcePort, u.destinationPort),
          )
          const v = { ...t, urgentPointer: 0 }
          const options = encode(tcpOptions, t.options)
          expectSame(tcpBetween(source, destination), v, v.payload, (f) =>
            fastTcp.writeTcp(
              f,
              source,
              destination,
              v.sourcePort,
              v.destinationPort,
              v.sequence,
              v.acknowledgment,
              v.flags,
              v.window,
              options,
            ),
          )
        }
      }),
    )
  })

  test('icmp, icmpv6 and vxlan', () => {
    fc.assert(
      fc.property(icmps, icmpv6s, ipv6s, vxlans, (four, six, { source, destination }, v) => {
        if (four.kind === 'echoRequest') {
          expectSame(icmp, four, four.payload, (f) =>
            fastIcmp.writeIcmp(f, 8, 0, fastIcmp.echoWord(four.id, four.sequence)),
          )
        }
        if (six.kind === 'packetTooBig') {
          expectSame(icmpv6Between(source, destination), six, six.quoted, (f) =>
            fastIcmp.writeIcmpv6(f, source, destination, 2, 0, six.mtu),
          )
        }
        expectSame(vxlan, v, v.payload, (f) => fastVxlan.writeVxlan(f, v.vni))
      }),
      { numRuns: 300 },
    )
  })
})

/** What a codec reads of the packet, or null when it is malformed. */
function readPacket(packet: Uint8Array) {
  try {
    const r = new Reader(packet, 'ip')
    return packet[0] >> 4 === 6 ? ipv6.read(r) : ipv4.read(r)
  } catch (error) {
    if (error instanceof Malformed) return null
    throw error
  }
}

function expectAgreement(packet: Uint8Array): void {
  const value = readPacket(packet)
  const l = new Layout()
  const found = locate(packet, 0, packet.length, l)
  if (value === null) return
  expect(found).toBe(true)
  expect(l.protocol).toBe(value.protocol)
  expect(toHex(packet.subarray(l.transport, l.end))).toBe(toHex(value.payload))
  if ('extensions' in value) {
    const fragment = value.extensions.findLast((e) => e.kind === 'fragment')
    expect(fastIpv6.fault(packet, 0, packet.length)).toBeNull()
    expect(l.fragmentOffset).toBe(fragment?.offset ?? 0)
    expect(l.moreFragments).toBe(fragment?.more ?? false)
    expect(fastIpv6.source(packet, 0)).toEqual(value.source)
    expect(fastIpv6.destination(packet, 0)).toEqual(value.destination)
    expect(fastIpv6.trafficClass(packet, 0)).toBe(value.trafficClass)
    expect(fastIpv6.flowLabel(packet, 0)).toBe(value.flowLabel)
    expect(fastIpv6.hopLimit(packet, 0)).toBe(value.hopLimit)
  } else {
    expect(l.fragmentOffset).toBe(value.fragmentOffset)
    expect(l.moreFragments).toBe(value.moreFragments)
    expect(fastIpv4.source(packet, 0)).toBe(value.source)
    expect(fastIpv4.destination(packet, 0)).toBe(value.destination)
    expect(fastIpv4.tos(packet, 0)).toBe(value.tos)
    expect(fastIpv4.id(packet, 0)).toBe(value.id)
    expect(fastIpv4.ttl(packet, 0)).toBe(value.ttl)
    expect(fastIpv4.dontFragment(packet, 0)).toBe(value.dontFragment)
    expect(fastIpv4.isFragment(packet, 0)).toBe(value.moreFragments || value.fragmentOffset > 0)
  }
}

describe('readers see what codecs see', () => {
  test('in packets well made', () => {
    fc.assert(
      fc.property(ipv4s, ipv6s, (four, six) => {
        const packet = encode(ipv4, four)
        expect(fastIpv4.fault(packet, 0, packet.length)).toBeNull()
        expectAgreement(packet)
        expectAgreement(encode(ipv6, six))
      }),
    )
  })

  test('in any bytes that are a packet', () => {
    const damaged = fc
      .tuple(
        fc.oneof(
          ipv4s.map((v) => encode(ipv4, v)),
          ipv6s.map((v) => encode(ipv6, v)),
        ),
        fc.nat(),
        fc.nat(255),
      )
      .map(([packet, at, value]) => packet.fill(value, at % packet.length, (at % packet.length) + 1))
    fc.assert(fc.property(fc.oneof(damaged, bytes(80)), expectAgreement), { numRuns: 500 })
  })

  test('in TCP and UDP headers', () => {
    fc.assert(
      fc.property(tcps, udps, (t, u) => {
        const segment = encode(tcp, t)
        expect(fastTcp.fault(segment, 0, segment.length)).toBeNull()
        expect(fastTcp.sourcePort(segment, 0)).toBe(t.sourcePort)
        expect(fastTcp.destinationPort(segment, 0)).toBe(t.destinationPort)
        expect(fastTcp.sequence(segment, 0) >>> 0).toBe(t.sequence)
        expect(fastTcp.acknowledgment(segment, 0) >>> 0).toBe(t.acknowledgment)
        expect(fastTcp.flags(segment, 0)).toBe(t.flags)
        expect(fastTcp.window(segment, 0)).toBe(t.window)
        expect(segment.length - fastTcp.headerLength(segment, 0)).toBe(t.payload.length)
        const mss = t.options.find((option) => option.kind === 'mss')
        const at = fastTcp.option(segment, 0, 2)
        expect(at < 0 ? undefined : (segment[at + 2] << 8) | segment[at + 3]).toBe(mss?.size)
        const datagram = encode(udp, u)
        expect(fastUdp.fault(datagram, 0, datagram.length)).toBeNull()
        expect(fastUdp.length(datagram, 0)).toBe(datagram.length)
      }),
    )
  })
})

describe('frames of Linux', () => {
  const packets = [...linuxFrames].filter(([, frame]) => frame[12] !== 8 || frame[13] === 0)

  test.each(packets)('%s', (name, frame) => {
    const packet = frame.slice(14)
    expectAgreement(packet)
    const l = new Layout()
    expect(locate(packet, 0, packet.length, l)).toBe(true)
    if (name.includes('fragment') && !name.includes('needed')) return
    expect(checksumOk(packet, l)).toBe(true)
    const own = new Frame(packet.slice(), 0, packet.length)
    writeChecksum(own, l)
    expect(toHex(own.view())).toBe(toHex(packet))
    packet[packet.length - 1] ^= 0xff
    expect(checksumOk(packet, l)).toBe(false)
  })
})

test('checksums are found wrong, whatever bit flips', () => {
  fc.assert(
    fc.property(ipv4s, ipv6s, udps, fc.nat(), fc.nat(7), (four, six, value, where, bit) => {
      for (const { source, destination } of [four, six]) {
        const frame = Frame.of(encode(udpBetween(source, destination), value))
        if (isV4(source)) fastIpv4.writeIpv4(frame, source, destination as V4, 17, 64)
        else fastIpv6.writeIpv6(frame, source, destination as V6, 17, 64)
        const l = new Layout()
        locate(frame.bytes, frame.start, frame.end, l)
        expect(checksumOk(frame.bytes, l)).toBe(true)
        const room = l.end - l.transport
        const at = where % room
        if (at === 4 || at === 5) continue // the length says what is covered
        frame.bytes[l.transport + at] ^= 1 << bit
        if (frame.bytes[l.transport + 6] === 0 && frame.bytes[l.transport + 7] === 0) continue // means none
        expect(checksumOk(frame.bytes, l)).toBe(false)
        writeChecksum(frame, l)
        expect(checksumOk(frame.bytes, l)).toBe(true)
        expect(decode(udp, frame.bytes.slice(l.transport, l.end)).payload.length).toBe(value.payload.length)
      }
    }),
  )
})
